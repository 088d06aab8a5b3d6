package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/templates"
	"homehook/routes"
)

// made is a template that has been used, and what shows that it works.
type made struct {
	set   map[string]string
	check func()
}

// TestTemplates makes a route of every template and has each do its work: a
// request as the sender makes it, through a relay and an agent, up to what the
// handler has done. A request with no signature, or a wrong one, does nothing.
func TestTemplates(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts of this test are for a shell")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "") // no desktop but this test
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	h := startHousehold(t)
	cases := h.templates()
	all, err := templates.All()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tpl := range all {
		if !strings.Contains(string(page), "| `"+tpl.Name+"` |") {
			t.Errorf("docs/import.md does not list %s", tpl.Name)
		}
		c, ok := cases[tpl.Name]
		if !ok {
			t.Errorf("no test of the template %s", tpl.Name)
			continue
		}
		args := []string{"route", "new", tpl.Name}
		for key, value := range c.set {
			args = append(args, "--set", key+"="+value)
		}
		if code, _, errs := h.run(args...); code != 0 {
			t.Fatalf("%s: exit %d: %s", tpl.Name, code, errs)
		}
	}
	h.startAgent()
	for name, c := range cases {
		t.Run(name, func(*testing.T) { c.check() })
	}
}

// templates are the cases of TestTemplates.
func (h *household) templates() map[string]made {
	for name, value := range map[string]string{
		"github": "gh", "stripe": "whsec_s", "doorbell": "ding", "attachments": "clip", "backup": "a-token-of-mine", "slack": "sl", "hook": standardSecret, "alert": "a-token-of-mine",
		"any": "for any",
	} {
		h.secret(name, value)
	}
	all := h.scripts()
	for name, c := range h.passedOn() {
		all[name] = c
	}
	for name, c := range h.simple() {
		all[name] = c
	}
	all["save-attachments"], all["cgi-folder"] = h.attachments(), h.cgi()
	return all
}

// bearer is what senders with the token of a template send.
var bearer = map[string]string{"Authorization": "Bearer a-token-of-mine"}

// standardSecret is a secret of Standard Webhooks.
var standardSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))

// basic is what senders with a user name and a password send.
func basic(user, password string) map[string]string {
	return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
}

// scripts are the templates that run scripts.
func (h *household) scripts() map[string]made {
	deploy, deployed := h.script("deploy", `echo "$@" > OUT`)
	backup, backedUp := h.script("backup", "echo done > OUT")
	slack, _ := h.script("slack", `printf 'hello %s: %s' "$3" "$2"`)
	signed, got := h.script("signed", "cat > OUT")
	push := func(ref string) string {
		return fmt.Sprintf(`{"ref":"refs/heads/%s","after":"abc123","repository":{"full_name":"me/blog"}}`, ref)
	}
	return map[string]made{
		"github-deploy": {map[string]string{"script": deploy, "branch": "live"}, func() {
			event := map[string]string{"X-GitHub-Event": "push"}
			h.refused(hook{method: "POST", path: "/github", body: push("live"), header: event, scheme: "github", secret: "wrong"})
			h.taken(hook{method: "POST", path: "/github", body: push("other"), header: event, scheme: "github", secret: "gh"}, 202, "")
			h.taken(hook{method: "POST", path: "/github", body: push("live"), header: event, scheme: "github", secret: "gh"}, 202, "")
			h.wrote(deployed, "-- me/blog abc123\n")
		}},
		"backup": {map[string]string{"script": backup}, func() {
			h.refused(hook{method: "POST", path: "/backup", header: map[string]string{"Authorization": "Bearer other"}})
			h.taken(hook{method: "POST", path: "/backup", header: bearer}, 202, "")
			h.wrote(backedUp, "done\n")
		}},
		"slack-command": {map[string]string{"script": slack}, func() {
			command := hook{method: "POST", path: "/slack", kind: "application/x-www-form-urlencoded", body: "text=-rf+%24%28id%29&user_name=me", scheme: "slack", secret: "sl"}
			h.taken(command, 200, "hello me: -rf $(id)")
			command.secret = "wrong"
			h.refused(command)
		}},
		"signed": {map[string]string{"script": signed}, func() {
			h.refused(hook{method: "POST", path: "/hook", body: "x"})
			h.taken(hook{method: "POST", path: "/hook", body: "x y", scheme: "standard", secret: standardSecret}, 202, "")
			h.wrote(got, "x y")
		}},
	}
}

// passedOn are the templates that tell somebody else.
func (h *household) passedOn() map[string]made {
	return map[string]made{
		"stripe-app": {map[string]string{"app": h.url}, func() {
			h.refused(hook{method: "POST", path: "/stripe", body: "{}"})
			h.taken(hook{method: "POST", path: "/stripe", body: `{"type":"charge.succeeded"}`, scheme: "stripe", secret: "whsec_s"}, 200, "from the app")
			h.askedFor(`POST /stripe {"type":"charge.succeeded"}`)
		}},
		"doorbell": {nil, func() {
			h.refused(hook{method: "GET", path: "/doorbell", header: basic("doorbell", "dong")})
			h.taken(hook{method: "GET", path: "/doorbell?text=front", header: basic("doorbell", "ding")}, 202, "")
			h.until("the notification is there", func() bool {
				h.mu.Lock()
				defer h.mu.Unlock()
				return slices.ContainsFunc(h.events, func(n control.Notification) bool {
					return n.Title == "Somebody is at the door" && n.Text == "front" && n.Urgent
				})
			})
		}},
		"home-assistant": {map[string]string{"server": h.url}, func() {
			h.taken(hook{method: "POST", path: "/api/webhook/secret-id", body: "on"}, 200, "from the app")
			h.askedFor("POST /api/webhook/secret-id on")
			if status, _ := h.send(hook{method: "GET", path: "/api/states"}); status != 404 {
				h.t.Errorf("the rest of Home Assistant: %d", status)
			}
		}},
		"ntfy-alert": {map[string]string{"topic": h.url + "/mytopic"}, func() {
			h.refused(hook{method: "POST", path: "/alert", body: "fire"})
			h.taken(hook{method: "POST", path: "/alert", body: `{"message":"water in the cellar"}`, header: bearer}, 202, "")
			h.askedFor("water in the cellar")
			h.taken(hook{method: "POST", path: "/alert", body: "plain text", header: bearer}, 202, "")
			h.askedFor("plain text")
		}},
	}
}

// attachments saves a file of a form.
func (h *household) attachments() made {
	folder := h.folder("attachments")
	return made{map[string]string{"folder": folder}, func() {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		part, _ := w.CreateFormFile("attachment-1", "../../bill.pdf")
		io.WriteString(part, "%PDF")
		w.Close()
		h.refused(hook{method: "POST", path: "/attachments", body: form.String(), kind: w.FormDataContentType()})
		h.taken(hook{method: "POST", path: "/attachments", body: form.String(), kind: w.FormDataContentType(), header: basic("files", "clip")}, 204, "")
		names, _ := filepath.Glob(filepath.Join(folder, "*bill.pdf"))
		if len(names) != 1 {
			h.t.Fatalf("saved %v", names)
		}
		h.wrote(names[0], "%PDF")
	}}
}

// cgi runs a program of a folder.
func (h *household) cgi() made {
	folder := h.folder("cgi")
	program := "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n%s' \"$PATH_INFO $QUERY_STRING\"\n"
	if err := os.WriteFile(filepath.Join(folder, "hello"), []byte(program), 0o700); err != nil {
		h.t.Fatal(err)
	}
	return made{map[string]string{"folder": folder}, func() {
		h.taken(hook{method: "GET", path: "/cgi-bin/hello?a=b"}, 200, " a=b")
		h.taken(hook{method: "GET", path: "/cgi-bin/hello/below"}, 200, "/below ")
	}}
}

func (h *household) folder(name string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// taken sends a request that has to have an answer.
func (h *household) taken(k hook, status int, body string) {
	h.t.Helper()
	if got, text := h.send(k); got != status || text != body {
		h.t.Errorf("%s %s: %d %q, want %d %q", k.method, k.path, got, text, status, body)
	}
}

// refused sends a request whose sender has to be refused.
func (h *household) refused(k hook) {
	h.t.Helper()
	if got, text := h.send(k); got != http.StatusUnauthorized {
		h.t.Errorf("%s %s: %d %q, want 401", k.method, k.path, got, text)
	}
}

// askedFor waits until the app was asked for something with a text in it.
func (h *household) askedFor(text string) {
	h.t.Helper()
	h.until("the app is asked for "+text, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return slices.ContainsFunc(h.asked, func(s string) bool { return strings.Contains(s, text) })
	})
}

// TestRouteNewAsks goes through the questions as a person does.
func TestRouteNewAsks(t *testing.T) {
	all, err := templates.All()
	if err != nil {
		t.Fatal(err)
	}
	number := slices.IndexFunc(all, func(t templates.Template) bool { return t.Name == "stripe-app" }) + 1
	var out bytes.Buffer
	a := &app{out: &out, err: &out}
	d := dialogue{app: a, lines: bufio.NewReader(strings.NewReader(fmt.Sprintf("%d\n\nstripe\n/pay\npayments\nmine\nn\n", number)))}
	tpl, answers, err := d.choose(t.Context(), all, "", map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"app": "http://127.0.0.1:3000", "path": "/pay", "secret": "payments", "name": "mine"}
	if tpl.Name != "stripe-app" || fmt.Sprint(answers) != fmt.Sprint(want) {
		t.Errorf("%s %v", tpl.Name, answers)
	}
	if !strings.Contains(out.String(), "it is not a path, such as /hook") || !strings.Contains(out.String(), "Address of the app [http://127.0.0.1:3000]: ") {
		t.Errorf("it said:\n%s", out.String())
	}
	if yes, err := d.agree(t.Context(), "Write it?"); yes || err != nil {
		t.Errorf("agreed: %t, %v", yes, err)
	}
	if _, err := d.read(t.Context(), ""); err == nil {
		t.Error("no error at the end of the input")
	}
}

// TestAskForTheClaim asks only where there are several.
func TestAskForTheClaim(t *testing.T) {
	ask := func(in string, f importFlags, names ...string) (string, string, error) {
		cfg := &config.Config{}
		for _, name := range names {
			cfg.Claims = append(cfg.Claims, config.Claim{Name: name, Relay: "mine"})
		}
		var out bytes.Buffer
		d := dialogue{app: &app{out: &out, err: &out}, lines: bufio.NewReader(strings.NewReader(in))}
		claim, err := d.claim(t.Context(), &f, cfg, "config.yaml")
		return claim, out.String(), err
	}
	for _, tt := range []struct {
		in, want string
		flags    importFlags
		names    []string
		asked    bool
	}{
		{"", "garage", importFlags{}, []string{"garage"}, false},
		{"", "shed", importFlags{Claim: "shed"}, []string{"garage", "shed"}, false},
		{"2\n", "shed", importFlags{}, []string{"garage", "shed"}, true},
		{"garage\n", "garage", importFlags{DryRun: true}, []string{"garage", "shed"}, true},
	} {
		got, said, err := ask(tt.in, tt.flags, tt.names...)
		if got != tt.want || err != nil || strings.Contains(said, "For which claim?") != tt.asked {
			t.Errorf("%+v: %q, %v, it said %q", tt, got, err, said)
		}
	}
	if _, _, err := ask("barn\n", importFlags{}, "garage", "shed"); err == nil || !strings.Contains(err.Error(), `claim "barn"`) {
		t.Errorf("a claim that is not there: %v", err)
	}
}

// TestSecretSource advises to make up a secret only where that is the receiver's
// to do.
func TestSecretSource(t *testing.T) {
	specs := []routes.Spec{
		{Verify: &routes.VerifySpec{Scheme: "github", Secrets: []string{"gh", "old"}}},
		{Verify: &routes.VerifySpec{Scheme: "stripe", Secret: "st"}},
	}
	for name, want := range map[string]bool{"gh": true, "old": true, "st": false, "ntfy": false} {
		if got := strings.Contains(secretSource(specs, name), "--generate"); got != want {
			t.Errorf("%s: %s", name, secretSource(specs, name))
		}
	}
}
