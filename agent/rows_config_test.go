package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/control"
)

// logged is a log that a test may read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// refusedFile is a configuration that is not to count, and what is said of it.
type refusedFile struct{ name, text, line, want string }

// refusedFiles are rows 77, 79, 80, 82, 89 and 90 of the bad inputs, each as a
// route or a file that was good but for that. A %s of bad is where files are.
func refusedFiles(relay, bat string) []refusedFile {
	const head = "relays: [{name: test, url: \"http://%s\", token: relay/test}]\nclaims: [{name: garage, relay: test, max_links: 16}]\nroutes:\n"
	file := func(rest string) string { return fmt.Sprintf(head, relay) + respondRoute + rest }
	to := func(target string) string {
		return file(fmt.Sprintf("  - {name: bad, claim: garage, match: /bad, unverified: true, forward: {to: %q}}\n", target))
	}
	script := func(words string) string {
		return file("  - {name: bad, claim: garage, match: /bad, unverified: true, script: {command: [" + words + "]}}\n")
	}
	secret := func(verify string) string {
		return file("  - {name: bad, claim: garage, match: /bad, verify: {scheme: github, " + verify + "}, respond: {}}\n")
	}
	many := func(text string, n int) string { return strings.Repeat(text, n) }
	return []refusedFile{
		{"77 file", to("file:///etc/passwd"), "5", "a target begins with http://"},
		{"77 gopher", to("gopher://127.0.0.1:70/"), "5", "a target begins with http://"},
		{"77 a number for an address", to("http://2130706433/"), "5", "2130706433"},
		{"77 octal", to("http://0177.0.0.1/"), "5", "0177.0.0.1"},
		{"77 metadata", to("http://169.254.169.254/"), "5", "169.254.169.254"},
		{"77 metadata in IPv6", to("http://[::ffff:169.254.169.254]/"), "5", "169.254.169.254"},
		{"77 metadata in NAT64", to("http://[64:ff9b::a9fe:a9fe]/"), "5", "64:ff9b::a9fe:a9fe"},
		{"77 link-local", to("http://[fe80::1]/"), "5", "fe80::1"},
		{"79 50 MB", file(many("# padding\n", 5_000_000)), "", "larger than 1 MiB"},
		{"79 alias bomb", file("  - &r {name: bad, claim: garage, match: /bad, unverified: true, respond: {headers: {" + many("x: y, ", 500) + "}}}\n" + many("  - *r\n", 5000)), "", "aliases repeat too much"},
		{"79 duplicate key", file("  - {name: bad, name: bad2, claim: garage, match: /bad, unverified: true, respond: {}}\n"), "5", `key "name" is given twice`},
		{"79 unknown key", file("  - {name: bad, claim: garage, match: /bad, unverified: true, respnod: {}}\n"), "5", `unknown key "respnod"`},
		{"79 CRLF", strings.ReplaceAll(file("  - {name: bad, claim: garage, match: /bad, unverified: true, respnod: {}}\n"), "\n", "\r\n"), "5", `unknown key "respnod"`},
		{"79 BOM", "\ufeff" + file("  - {name: bad, claim: garage, match: /bad, unverified: true, respnod: {}}\n"), "5", `unknown key "respnod"`},
		{"79 merged key", file("  - &a {name: bad, claim: garage, match: /bad, unverified: true, respond: {}}\n  - {<<: *a, script: {command: [sh]}}\n"), "6", ""},
		{"80 secret", secret("secret: \"Hunter2 of the user\""), "5", "not the name of a credential"},
		{"80 secret that begins as one", secret("secret: whsec_Hunter2hunter2hunter2hunter2"), "5", "not the name of a credential"},
		{"80 one of several", secret("secrets: [github, 7Hunter2]"), "5", "not the name of a credential"},
		{"80 token of the relay", strings.Replace(file(""), "relay/test", "hh_Hunter2hunter2hunter2hunter2", 1), "1", "never the secret itself"},
		{"80 in an address", strings.Replace(file(""), "http://", "http://me:Hunter2@", 1), "1", "user name or password"},
		{"80 in a target", to("http://me:Hunter2@127.0.0.1/"), "5", ""},
		{"82 sh", script(`/bin/sh, -c, "touch {json.a}"`), "5", "use stdin or env"},
		{"82 behind env", script(`/usr/bin/env, sh, -c, "{json.a}"`), "5", "use stdin or env"},
		{"82 program by its name", script(`sh, -c, "touch x"`), "5", "absolute path needed"},
		{"89 batch", script(fmt.Sprintf("%q, '{query.a}'", bat)), "5", "batch files take no request data as arguments"},
		{"90 batch with a dot", script(fmt.Sprintf("%q, '{query.a}'", bat+". ")), "5", "batch files take no request data as arguments"},
		{"90 batch as a stream", script(fmt.Sprintf("%q, '{query.a}'", strings.ToUpper(bat[:len(bat)-4])+".BAT::$DATA")), "5", "batch files take no request data as arguments"},
	}
}

// batchFiles makes batch files under their three names.
func batchFiles(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("these names are of one file there")
	}
	dir := filepath.Join(t.TempDir(), "B")
	path := filepath.Join(dir, "X.bat")
	for _, name := range []string{path, path + ". ", strings.ToUpper(path[:len(path)-4]) + ".BAT::$DATA"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Skip(err)
		}
		if err := os.WriteFile(name, []byte("#!/bin/sh\ntouch canary\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// startLogged is startHome with a log to look into.
func startLogged(t *testing.T, conf string) (*home, *logged) {
	t.Helper()
	h := startHome(t, conf)
	h.stop()
	log := &logged{}
	again := &home{dir: h.dir, client: control.NewClient(h.opts.Socket)}
	o := h.opts
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	var err error
	if again.Agent, err = New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	again.run(t)
	return again, log
}

// refused waits until a file is told of.
func (h *home) refused(t *testing.T, f refusedFile) *control.Status {
	t.Helper()
	said := ""
	for deadline := time.Now().Add(patient); ; {
		s, err := h.client.Status(t.Context())
		if err == nil {
			if said = s.ConfigError; s.State == control.StateProblem && strings.Contains(said, "config.yaml:"+f.line) && strings.Contains(said, f.want) {
				return s
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: want %q, got %.300s", f.name, f.want, said)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// TestRows77And79And80And82And89And90Files: none of these counts. Each is told of
// with its line, the last good one stays in force, and no secret of a file gets
// into status, log, history or an answer.
func TestRows77And79And80And82And89And90Files(t *testing.T) {
	bat := batchFiles(t)
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h, log := startLogged(t, conf(r.addr, respondRoute))
	ask := func(path string) answer {
		t.Helper()
		got, err := r.send("", "POST "+path+"?a=%22%26touch%20canary HTTP/1.1", `{"a": "canary"}`)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for i, tt := range refusedFiles(r.addr, bat) {
		h.write(t, tt.text)
		status := h.refused(t, tt)
		if text, _ := json.Marshal(status); strings.Contains(strings.ToLower(string(text)), "hunter2") {
			t.Errorf("%s: the status has the secret: %s", tt.name, text)
		}
		if got := ask("/hello"); got != (answer{201, "hi"}) {
			t.Errorf("%s: the last good file: %+v", tt.name, got)
		}
		if got := ask("/bad"); got.status != 404 || strings.Contains(strings.ToLower(got.body), "hunter2") {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if i%5 > 0 {
			continue // a good one between some is not there to be remembered
		}
		h.write(t, conf(r.addr, respondRoute))
		eventually(t, "the good one counts", func() bool {
			s, err := h.client.Status(t.Context())
			return err == nil && s.ConfigError == ""
		})
	}
	if strings.Contains(strings.ToLower(log.String()), "hunter2") {
		t.Error("the log has the secret")
	}
	if left, _ := filepath.Glob(filepath.Join(h.dir, "*canary*")); len(left) > 0 {
		t.Errorf("%q", left)
	}
}

// TestRow79LineEnds: line ends and a byte order mark of another system are no
// reason to refuse a file.
func TestRow79LineEnds(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, respondRoute))
	for i, change := range []func(string) string{
		func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		func(s string) string { return "\ufeff" + s },
		func(s string) string { return "\ufeff" + strings.ReplaceAll(s, "\n", "\r\n") },
	} {
		status := 210 + i
		h.write(t, change(conf(r.addr, strings.Replace(respondRoute, "201", fmt.Sprint(status), 1))))
		eventually(t, "it counts", func() bool {
			got, err := r.send("", "POST /hello HTTP/1.1", "")
			return err == nil && got.status == status && got.body == "hi"
		})
	}
}
