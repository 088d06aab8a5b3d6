package main_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/argon2"

	"homehook/agent/control"
)

// garden is a machine on which secrets are planted, to be looked for.
type garden struct {
	*machine
	planted map[string]string // what it is, and its value
	talker  string            // a script that says all that it was given
}

// plant makes up a secret of 24 random bytes.
func (g *garden) plant(what string) string {
	b := make([]byte, 24)
	rand.Read(b)
	return g.keep(what, "pl4nted-"+hex.EncodeToString(b))
}

func (g *garden) keep(what, value string) string {
	g.planted[what] = value
	return value
}

const talkative = `#!/bin/sh
printf 'Content-Type: text/plain\n\n'
env
[ -f "$HOMEHOOK_HEADERS_FILE" ] && cat "$HOMEHOOK_HEADERS_FILE"
[ -f "$BODY" ] && cat "$BODY"
cat
cat /proc/$PPID/cmdline
cat /proc/$PPID/environ
sleep 0.05
[ "$HOMEHOOK_PATH" = /later ] && exit 75
[ "$HOMEHOOK_PATH" = /fails ] && exit 1
exit 0
`

func newGarden(t *testing.T) *garden {
	m := newMachine(t)
	g := &garden{machine: m, planted: map[string]string{}, talker: filepath.Join(m.dir, "talker")}
	m.file(0, g.talker, talkative, 0o755)
	// What a crash leaves would be here.
	m.before = "umask 0; ulimit -c unlimited; cd " + filepath.Join(m.dir, fmt.Sprint("tmp", ownerID))
	m.env = []string{"GOTRACEBACK=crash"}
	return g
}

// garden's routes: one for each sender, and for each other way a secret can go.
func (g *garden) routes(all []*sender) string {
	mail, push := g.notifications()
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Write(w)
	}))
	g.t.Cleanup(echo.Close)
	var b strings.Builder
	for _, s := range all {
		for path, handler := range map[string]string{
			"script": fmt.Sprintf("script: {command: [%q], files: {BODY: '{body}'}}", g.talker), "cgi": fmt.Sprintf("cgi: {program: %q}", g.talker),
			"forward": fmt.Sprintf("forward: {to: %q}", echo.URL),
		} {
			fmt.Fprintf(&b, "  - {name: %[1]s by %[2]s, claim: garage, match: /%[1]s/%[2]s, verify: {scheme: %[1]s, secret: s/%[1]s%[3]s}, %[4]s}\n", s.scheme, path, s.options, handler)
		}
	}
	fmt.Fprintf(&b, "  - {name: mail, claim: garage, match: /mail, unverified: true, notify: {mail: {server: %q, from: a@example.com, to: [b@example.com], user: me, password: mail, plain: true}}}\n", mail)
	fmt.Fprintf(&b, "  - {name: push, claim: garage, match: /push, unverified: true, notify: {ntfy: {url: %q, token: push}}}\n", push+"/topic")
	for _, name := range []string{"later", "fails"} {
		fmt.Fprintf(&b, "  - {name: %[1]s, claim: garage, match: /%[1]s, background: true, verify: {scheme: github, secret: s/github}, script: {command: [%[2]q]}}\n", name, g.talker)
	}
	fmt.Fprintf(&b, "  - {name: rest, claim: garage, match: /, unverified: true, script: {command: [%q]}}\n", g.talker)
	b.WriteString("history: {redact: [header.X-Mine, header.Cookie, query.key, json.card.number, form.pin]}\n")
	return b.String()
}

// TestRow67PlantedSecrets lives a whole life with secrets of all kinds, and looks for
// them in all places but those that are there to keep them.
func TestRow67PlantedSecrets(t *testing.T) {
	t.Parallel()
	g := newGarden(t)
	all := senders()
	watch := g.watch()
	token := g.keep("the relay's token", g.relay())
	g.configure(g.routes(all))
	g.ok(token, "secret", "set", "relay/test")
	g.ok(g.plant("the mail server's password"), "secret", "set", "mail")
	d := g.start(ownerID, "homehook", "run", "--log-level", "debug", "--log-format", "json")
	eventually(t, "it runs", func() bool { return g.status() != nil })
	g.ok(g.plant("the push service's token"), "secret", "set", "push") // by the agent
	for _, s := range all {
		value := g.secret(s)
		g.ok(value, "secret", "set", "own/"+s.scheme)
		if s.public != "" {
			value = s.public
		}
		g.ok(value, "secret", "set", "s/"+s.scheme)
	}
	old := g.plant("a value that is rotated away")
	g.ok(old, "secret", "set", "s/github")
	g.ok(g.planted["the secret of github"], "secret", "rotate", "s/github", "--keep", "1h")
	g.deliver(all)
	g.look(d)
	g.search(d.log.String(), watch, 150)
	if len(g.planted) < 20 {
		t.Errorf("only %d secrets were planted", len(g.planted))
	}
}

// TestRow67RootKey looks for a passphrase, for the root key that is made of it, and for
// the one that it has taken the place of.
func TestRow67RootKey(t *testing.T) {
	t.Parallel()
	g := newGarden(t)
	watch := g.watch()
	token := g.keep("the relay's token", g.relay())
	g.configure("  - {name: bearer, claim: garage, match: /bearer, verify: {scheme: bearer, secret: bearer}, script: {command: [" + g.talker + "]}}\n")
	g.ok(token, "secret", "set", "relay/test")
	g.ok(g.plant("the bearer's token"), "secret", "set", "bearer")
	key, err := os.ReadFile(g.in("state", "root.key"))
	must(t, err)
	g.keep("the first root key", strings.TrimSpace(string(key)))
	phrase := g.plant("the passphrase")
	g.ok(phrase+"\n", "secret", "store", "passphrase")
	g.keep("the root key", base64.StdEncoding.EncodeToString(g.derived(phrase)))
	d := g.startWith(phrase+"\n", ownerID, "homehook", "run", "--passphrase-stdin", "--log-level", "debug")
	eventually(t, "it is connected", func() bool { s := g.status(); return s != nil && s.State == control.StateConnected })
	for range 5 {
		if status, answer := g.post("/bearer", "x", "Authorization", "Bearer "+g.planted["the bearer's token"]); status != 200 {
			t.Errorf("%d, %s", status, answer)
		}
	}
	for _, verb := range []string{"status", "doctor --no-canary", "secret list", "secret store", "export --format jsonl -o " + filepath.Join(g.dir, fmt.Sprint("tmp", ownerID), "x")} {
		g.ok("", strings.Fields(verb)...)
	}
	d.Process.Signal(syscall.SIGABRT)
	d.wait(t)
	g.search(d.log.String(), watch, 10)
}

// derived is the root key that a passphrase makes with what the sealed file says.
func (g *garden) derived(phrase string) []byte {
	g.t.Helper()
	text, err := os.ReadFile(g.in("state", "secrets.sealed"))
	must(g.t, err)
	var sealed struct {
		Records []struct {
			Place string
			Salt  []byte
			Cost  struct {
				Passes, Memory uint32
				Lanes          uint8
			}
		}
	}
	if err := json.Unmarshal(text, &sealed); err != nil || len(sealed.Records) == 0 || sealed.Records[0].Place != "passphrase" || len(sealed.Records[0].Salt) < 8 {
		g.t.Fatalf("the sealed file begins %.200q: %v", text, err)
	}
	head := sealed.Records[0]
	return argon2.IDKey([]byte(phrase), head.Salt, head.Cost.Passes, head.Cost.Memory, head.Cost.Lanes, 32)
}

// deliver sends what every sender sends, well signed and badly.
func (g *garden) deliver(all []*sender) {
	g.t.Helper()
	eventually(g.t, "it is connected", func() bool { s := g.status(); return s != nil && s.State == control.StateConnected })
	public := "http://" + g.addr + "/~garage/"
	for _, s := range all {
		for _, way := range s.ways() {
			url := public + s.scheme + "/" + way
			if s.scheme == "graph" {
				body := fmt.Sprintf(`{"value":[{"subscriptionId":"a","clientState":%q}]}`, g.planted["the secret of graph"])
				if status, answer := g.post("/graph/"+way, body, "Content-Type", "application/json"); status != 200 {
					g.t.Errorf("%s: %d, %s", url, status, answer)
				}
				continue
			}
			if s.scheme == "discord" {
				g.discord(way)
				continue
			}
			body := `{"a":1}`
			if s.scheme == "twilio" {
				body = "a=1"
			}
			code, text := g.says(ownerID, "", append([]string{"send", url, "--data", body, "--header", "Content-Type: " + contentType(body), "--as", s.scheme, "--secret", "own/" + s.scheme}, s.with...)...)
			if code != 0 {
				g.t.Errorf("as %s: %d, %s", s.scheme, code, text)
			}
		}
		g.post("/"+s.scheme+"/script", `{"a":1}`, "X-Hub-Signature-256", "sha256=00", "X-Shared", "wrong", "Authorization", "Bearer wrong", "X-Gitlab-Token", "wrong")
	}
	for _, path := range []string{"mail", "push"} {
		g.post("/"+path, "x")
	}
	mine, cookie, key := g.plant("a field of a request"), g.plant("a cookie"), g.plant("a parameter")
	card, pin := g.plant("a member of a body"), g.plant("a value of a form")
	g.post("/rest?key="+key, fmt.Sprintf(`{"card":{"number":%q}}`, card), "X-Mine", mine, "Cookie", "id="+cookie, "Content-Type", "application/json")
	g.post("/rest", "pin="+pin, "Content-Type", "application/x-www-form-urlencoded")
	for _, name := range []string{"later", "fails"} {
		g.says(ownerID, "", "send", public+name, "--data", "{}", "--as", "github", "--secret", "own/github")
	}
}

// look asks all that can be asked of an agent, writes all that can be written, and has
// it crash.
func (g *garden) look(d *daemon) {
	g.t.Helper()
	out := g.folder(ownerID, "out", 0o700)
	write := func(name, text string) {
		path := filepath.Join(out, name)
		must(g.t, os.WriteFile(path, []byte(text), 0o600))
	}
	var rows []control.Delivery
	g.json(&rows, "history", "--json", "--limit", "1000")
	for i, r := range rows {
		for verb, args := range map[string][]string{"show": {"show", r.ID, "--json"}, "replay": {"replay", r.ID, "--yes"}, "retry": {"retry", r.ID}} {
			_, text := g.says(ownerID, "", args...)
			write(fmt.Sprint(verb, "-", i), text)
		}
	}
	for _, format := range []string{"har", "curl", "jsonl", "csv", "combined"} {
		write("export-"+format, g.ok("", "export", "--format", format))
		g.ok("", "export", "--format", format, "-o", filepath.Join(out, "exported-"+format))
	}
	for i, args := range []string{"status --json", "doctor --json", "doctor --no-canary --bundle " + filepath.Join(out, "bundle.tar.gz"), "secret list", "secret store", "route list --json", "claims", "history --search pl4nted", "version", "relay test test", "secret rotate s/github --generate"} {
		_, text := g.says(ownerID, "", strings.Fields(args)...)
		write(fmt.Sprint("verb-", i), text)
	}
	if _, err := os.Stat(filepath.Join(out, "bundle.tar.gz")); err != nil {
		g.t.Errorf("the doctor has made no bundle: %v", err)
	}
	d.Process.Signal(syscall.SIGABRT)
	d.wait(g.t)
	g.dumps()
	// What it had under way is found by the next one.
	again := g.start(ownerID, "homehook", "run", "--log-level", "debug")
	eventually(g.t, "it is back", func() bool { return g.status() != nil })
	write("log", again.stop(g.t))
}

// dumps makes sure that a program which crashes as the agent did leaves a core, where
// this system has cores in files.
func (g *garden) dumps() {
	g.t.Helper()
	dir, err := os.MkdirTemp("", "hh-core-")
	must(g.t, err)
	defer os.RemoveAll(dir)
	must(g.t, os.Chown(dir, ownerID, ownerID))
	cmd := exec.Command("/bin/sh", "-c", "ulimit -c unlimited; cd "+dir+"; kill -ABRT $$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ownerID, Gid: ownerID}}
	cmd.Run() // it ends by the signal
	cores, err := filepath.Glob(filepath.Join(dir, "core*"))
	must(g.t, err)
	if pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern"); len(cores) == 0 && (err != nil || strings.HasPrefix(string(pattern), "core")) {
		g.t.Errorf("no program leaves a core here, with %s", pattern)
	}
}
