package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/relay"
	"homehook/routes/signature"
	"homehook/service"
)

// household is a relay, an agent, and what templates pass deliveries on to.
type household struct {
	t       *testing.T
	dir     string
	public  string
	secrets *credentials.Store
	paths   service.Paths
	client  *control.Client

	mu     sync.Mutex
	asked  []string // what the app was asked, one text a request
	events []control.Notification
	url    string // of the app
}

// startHousehold makes the folders and the app, and a configuration with a claim
// and no route.
func startHousehold(t *testing.T) *household {
	t.Helper()
	dir := t.TempDir()
	h := &household{t: t, dir: dir, paths: service.Paths{Config: filepath.Join(dir, "config.yaml"), State: filepath.Join(dir, "state"), Runtime: filepath.Join(dir, "run")}}
	if err := h.paths.Make(); err != nil {
		t.Fatal(err)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.asked = append(h.asked, r.Method+" "+r.URL.Path+" "+string(body))
		fmt.Fprint(w, "from the app")
	}))
	t.Cleanup(app.Close)
	h.url = app.URL
	r, err := relay.New(t.Context(), relay.Options{Data: filepath.Join(dir, "relay")})
	if err != nil {
		t.Fatal(err)
	}
	token, err := r.CreateToken(t.Context(), "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.public = "http://" + ln.Addr().String() + "/~garage"
	text := fmt.Sprintf("relays: [{name: mine, url: 'http://%s', token: relay/mine}]\nclaims: [{name: garage, parallel: 8}]\n", ln.Addr())
	if err := os.WriteFile(h.paths.Config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if h.secrets, err = credentials.Open(h.paths.State); err != nil {
		t.Fatal(err)
	}
	h.secret("relay/mine", token)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// startAgent runs the agent over the configuration as it is now.
func (h *household) startAgent() {
	a, err := agent.New(h.t.Context(), agent.Options{
		Config: h.paths.Config, History: h.paths.History(), Socket: h.paths.Socket(), Credentials: h.secrets, Version: "test",
		Log: slog.New(slog.NewTextHandler(h.t.Output(), nil)),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.client = control.NewClient(h.paths.Socket())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := a.Run(ctx); err != nil {
			h.t.Error(err)
		}
	})
	h.until("the agent is connected", func() bool {
		s, err := h.client.Status(h.t.Context())
		return err == nil && s.State == control.StateConnected
	})
	wg.Go(func() {
		_ = h.client.Events(ctx, 0, func(e control.Event) error {
			if e.Notification != nil {
				h.mu.Lock()
				h.events = append(h.events, *e.Notification)
				h.mu.Unlock()
			}
			return nil
		})
	})
	h.t.Cleanup(func() {
		cancel()
		wg.Wait()
		h.client.Close()
	})
}

func (h *household) secret(name, value string) {
	h.t.Helper()
	if err := h.secrets.Set(name, value); err != nil {
		h.t.Fatal(err)
	}
}

func (h *household) until(what string, ok func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("it did not happen that %s", what)
		}
	}
}

// script writes a shell script that writes what it gets into a file of its name.
func (h *household) script(name, text string) (path, out string) {
	h.t.Helper()
	path, out = filepath.Join(h.dir, name), filepath.Join(h.dir, name+".out")
	text = "#!/bin/sh\n" + strings.ReplaceAll(text, "OUT", "'"+out+"'") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		h.t.Fatal(err)
	}
	return path, out
}

// wrote waits for a file with a text.
func (h *household) wrote(path, want string) {
	h.t.Helper()
	h.until(path+" has "+want, func() bool {
		data, err := os.ReadFile(path)
		return err == nil && string(data) == want
	})
}

// hook is a request for a route of a template.
type hook struct {
	method, path, body, kind string
	header                   map[string]string
	scheme, secret           string // of the signature
}

// send sends it and returns status and body of the answer.
func (h *household) send(k hook) (int, string) {
	h.t.Helper()
	req, err := http.NewRequest(k.method, h.public+k.path, strings.NewReader(k.body))
	if err != nil {
		h.t.Fatal(err)
	}
	if k.kind != "" {
		req.Header.Set("Content-Type", k.kind)
	}
	for name, value := range k.header {
		req.Header.Set(name, value)
	}
	if k.scheme != "" {
		scheme, ok := signature.Find(k.scheme)
		if !ok {
			h.t.Fatalf("no scheme %s", k.scheme)
		}
		fields, err := scheme.Sign(&signature.Message{Method: k.method, Body: []byte(k.body), Received: time.Now(), Header: signature.Fields(nil)}, []byte(k.secret), time.Now())
		if err != nil {
			h.t.Fatal(err)
		}
		for _, f := range fields {
			req.Header.Set(f.Name, f.Value)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// run runs a command line in this process.
func (h *household) run(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	a := newApp()
	a.in, a.out, a.err = strings.NewReader(""), &o, &e
	a.paths = func() (service.Paths, error) { return h.paths, nil }
	code = a.execute(h.t.Context(), args)
	return code, o.String(), e.String()
}

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
	all, err := readTemplates()
	if err != nil {
		t.Fatal(err)
	}
	for _, tpl := range all {
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
	deploy, deployed := h.script("deploy", `echo "$@" > OUT`)
	backup, backedUp := h.script("backup", "echo done > OUT")
	slack, _ := h.script("slack", `printf 'hello %s: %s' "$3" "$2"`)
	signed, got := h.script("signed", "cat > OUT")
	standard := "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	basic := func(user, password string) map[string]string {
		return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
	}
	bearer := map[string]string{"Authorization": "Bearer a-token-of-mine"}
	for name, value := range map[string]string{
		"github": "gh", "stripe": "whsec_s", "doorbell": "ding", "attachments": "clip", "backup": "a-token-of-mine", "slack": "sl", "hook": standard, "alert": "a-token-of-mine",
	} {
		h.secret(name, value)
	}
	folder := filepath.Join(h.dir, "attachments")
	cgi := filepath.Join(h.dir, "cgi")
	for _, dir := range []string{folder, cgi} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			h.t.Fatal(err)
		}
	}
	program := "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n%s' \"$PATH_INFO $QUERY_STRING\"\n"
	if err := os.WriteFile(filepath.Join(cgi, "hello"), []byte(program), 0o700); err != nil {
		h.t.Fatal(err)
	}
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
		"stripe-app": {map[string]string{"app": h.url}, func() {
			h.refused(hook{method: "POST", path: "/stripe", body: "{}"})
			h.taken(hook{method: "POST", path: "/stripe", body: `{"type":"charge.succeeded"}`, scheme: "stripe", secret: "whsec_s"}, 200, "from the app")
			h.askedFor(`POST /stripe {"type":"charge.succeeded"}`)
		}},
		"doorbell": {nil, func() {
			h.refused(hook{method: "GET", path: "/doorbell", header: basic("doorbell", "dong")})
			h.taken(hook{method: "GET", path: "/doorbell?text=front", header: basic("doorbell", "ding")}, 204, "")
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
		"save-attachments": {map[string]string{"folder": folder}, func() {
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
			h.taken(hook{method: "POST", path: "/hook", body: "x y", scheme: "standard", secret: standard}, 202, "")
			h.wrote(got, "x y")
		}},
		"ntfy-alert": {map[string]string{"topic": h.url + "/mytopic"}, func() {
			h.refused(hook{method: "POST", path: "/alert", body: "fire"})
			h.taken(hook{method: "POST", path: "/alert", body: `{"message":"water in the cellar"}`, header: bearer}, 202, "")
			h.askedFor("water in the cellar")
			h.taken(hook{method: "POST", path: "/alert", body: "plain text", header: bearer}, 202, "")
			h.askedFor("plain text")
		}},
		"cgi-folder": {map[string]string{"folder": cgi}, func() {
			h.taken(hook{method: "GET", path: "/cgi-bin/hello?a=b"}, 200, " a=b")
			h.taken(hook{method: "GET", path: "/cgi-bin/hello/below"}, 200, "/below ")
		}},
	}
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
	all, err := readTemplates()
	if err != nil {
		t.Fatal(err)
	}
	number := slices.IndexFunc(all, func(t routeTemplate) bool { return t.Name == "stripe-app" }) + 1
	var out bytes.Buffer
	a := &app{out: &out, err: &out}
	d := dialogue{app: a, ctx: t.Context(), lines: bufio.NewReader(strings.NewReader(fmt.Sprintf("%d\n\nstripe\n/pay\npayments\nmine\nn\n", number)))}
	tpl, answers, err := d.choose(all, "", map[string]string{})
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
	if yes, err := d.agree("Write it?"); yes || err != nil {
		t.Errorf("agreed: %t, %v", yes, err)
	}
	if _, err := d.read(""); err == nil {
		t.Error("no error at the end of the input")
	}
}

// TestTemplateValues holds that a value is never taken for something else.
func TestTemplateValues(t *testing.T) {
	q := func(kind string) *question { return &question{Key: "k", Kind: kind} }
	for _, tt := range []struct {
		kind, value string
		ok          bool
	}{
		{"word", "main", true},
		{"word", `main" || true || "`, false},
		{"word", "a b", false},
		{"path", "/a/b", true},
		{"path", "a", false},
		{"path", "/{x}", false},
		{"program", "bin/x", false},
		{"credential", "hh_token", false},
		{"url", "file:///etc/passwd", false},
		{"text", "two\nlines", false},
		{"text", "", false},
		{"text", "Somebody's {query.name}", true},
	} {
		if err := q(tt.kind).check(tt.value); (err == nil) != tt.ok {
			t.Errorf("%s %q: %v", tt.kind, tt.value, err)
		}
	}
	got := withAnswers(map[string]any{"a": []any{"${x} ${y}"}}, map[string]string{"x": "${y}", "y": "${x}"})
	if text, _ := json.Marshal(got); string(text) != `{"a":["${y} ${x}"]}` {
		t.Errorf("%s", text)
	}
}
