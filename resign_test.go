package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/control"
)

// caught is a request as an app at home got it, in the form that
// testdata/peers/verify_signature.py reads.
type caught struct {
	Scheme  string      `json:"scheme"`
	Secret  string      `json:"secret"`
	Headers [][2]string `json:"headers"`
	Body    []byte      `json:"body"`
	Now     int64       `json:"now"`
}

// signers are the senders whose deliveries are edited, with a secret each.
var signers = []struct{ scheme, secret string }{
	{"github", "It's a Secret to Everybody"},
	{"stripe", "whsec_test_key_of_stripe"},
	{"slack", "8f742231b10e8888abcd99yyyzzz85a5"},
	{"shopify", "hush"},
	{"standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
}

// TestEditedReplaysVerify sends a signed webhook of each kind, edits its stored
// copy in $EDITOR and replays it: what reaches the app must carry a signature
// that another implementation takes for good.
func TestEditedReplaysVerify(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the programs")
	}
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs python3")
	}
	app := &catcher{}
	at := httptest.NewServer(app)
	defer at.Close()
	var routes strings.Builder
	for _, s := range signers {
		fmt.Fprintf(&routes, "  - {name: %[1]s, claim: garage, match: /%[1]s, verify: {scheme: %[1]s, secret: sign/%[1]s}, forward: {to: %[2]q}}\n", s.scheme, at.URL)
	}
	h := startPrograms(t, routes.String())
	editor := filepath.Join(h.dir, "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\nexec sed -i 's/refs-heads-main/refs-heads-edited/' \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.env = append(h.env, "EDITOR="+editor, "VISUAL=")
	for _, s := range signers {
		h.setSecret(t, "sign/"+s.scheme, s.secret)
	}
	h.run(t)
	for _, s := range signers {
		h.must(t, "send", h.public+"/"+s.scheme, "--as", s.scheme, "--secret", "sign/"+s.scheme, "--data", `{"id": "evt_`+s.scheme+`", "ref": "refs-heads-main", "n": 1}`)
		sent := app.take(t, s.scheme, s.secret, "refs-heads-main")
		id := h.newest(t)
		h.must(t, "replay", id, "--edit", "--yes") // signed anew, as its route says
		again := app.take(t, s.scheme, s.secret, "refs-heads-edited")
		for _, c := range []caught{sent, again} {
			if got := verify(t, python, c); got != "ok" {
				t.Errorf("%s: %s, fields %v, body %q", s.scheme, got, c.Headers, c.Body)
			}
		}
	}
}

// catcher is an app that keeps what it gets.
type catcher struct {
	mu  sync.Mutex
	got []caught
}

func (a *catcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	c := caught{Body: body, Now: time.Now().Unix()}
	for name, values := range r.Header {
		for _, v := range values {
			c.Headers = append(c.Headers, [2]string{name, v})
		}
	}
	a.mu.Lock()
	a.got = append(a.got, c)
	a.mu.Unlock()
	fmt.Fprintf(w, "got %d bytes\n", len(body))
}

// take waits for the one request that came since, which has to hold text.
func (a *catcher) take(t *testing.T, scheme, secret, text string) (c caught) {
	t.Helper()
	eventually(t, "the app gets the request of "+scheme, func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		if len(a.got) == 0 {
			return false
		}
		c, a.got = a.got[0], a.got[1:]
		return true
	})
	if !bytes.Contains(c.Body, []byte(text)) {
		t.Fatalf("%s: the body is %q", scheme, c.Body)
	}
	c.Scheme, c.Secret = scheme, secret
	return c
}

func verify(t *testing.T, python string, c caught) string {
	t.Helper()
	line, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, filepath.Join("testdata", "peers", "verify_signature.py"))
	cmd.Stdin = bytes.NewReader(line)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// programs are both commands as built, with their folders.
type programs struct {
	dir, addr, public string
	env               []string
	relay, agent      *program
}

// startPrograms builds the commands, starts a relay, and writes the
// configuration of an agent, which run starts.
func startPrograms(t *testing.T, routes string) *programs {
	t.Helper()
	h := &programs{dir: build(t), addr: freeAddr(t)}
	h.public = "http://" + h.addr + "/~garage"
	token, err := exec.Command(h.bin("homehook-relay"), "token", "create", "me", "--data", h.data()).Output()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(h.dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	h.env = []string{"HOMEHOOK_HOME=" + home}
	writeConfig(t, home, h.addr, routes)
	h.setSecret(t, "relay/test", strings.TrimSpace(string(token)))
	h.serve(t)
	return h
}

func (h *programs) bin(name string) string { return filepath.Join(h.dir, name) }

func (h *programs) data() string { return filepath.Join(h.dir, "relay") }

// reconfigure replaces text in the agent's configuration.
func (h *programs) reconfigure(t *testing.T, from, to string) {
	t.Helper()
	path := filepath.Join(h.dir, "home", "config.yaml")
	text, err := os.ReadFile(path)
	if err == nil && !bytes.Contains(text, []byte(from)) {
		err = fmt.Errorf("%s has no %q", path, from)
	}
	if err == nil {
		err = os.WriteFile(path, bytes.Replace(text, []byte(from), []byte(to), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// serve starts the relay and waits until it listens.
func (h *programs) serve(t *testing.T) {
	t.Helper()
	h.relay = start(t, nil, h.bin("homehook-relay"), "serve", "--listen", h.addr, "--data", h.data())
	eventually(t, "the relay listens", func() bool { return listens(h.addr) })
}

// run starts the agent and waits until it is connected.
func (h *programs) run(t *testing.T) {
	t.Helper()
	h.agent = start(t, h.env, h.bin("homehook"), "run")
	eventually(t, "the agent is connected", func() bool {
		var s control.Status
		return h.json(&s, "status") == nil && s.State == control.StateConnected
	})
}

func (h *programs) command(args ...string) *exec.Cmd {
	cmd := exec.Command(h.bin("homehook"), args...)
	cmd.Env = append(os.Environ(), h.env...)
	return cmd
}

// must runs the command line, which has to succeed.
func (h *programs) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := h.command(args...).CombinedOutput()
	if err != nil {
		t.Fatalf("homehook %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// json runs the command line for its JSON.
func (h *programs) json(into any, args ...string) error {
	out, err := h.command(append(args, "--json")...).Output()
	if err != nil {
		return err
	}
	return json.Unmarshal(out, into)
}

func (h *programs) setSecret(t *testing.T, name, value string) {
	t.Helper()
	cmd := h.command("secret", "set", name)
	cmd.Stdin = strings.NewReader(value)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("secret set %s: %v: %s", name, err, out)
	}
}

// newest is the id of the delivery that came last.
func (h *programs) newest(t *testing.T) string {
	t.Helper()
	var rows []control.Delivery
	if err := h.json(&rows, "history", "--limit", "1"); err != nil || len(rows) != 1 {
		t.Fatalf("history: %d rows, %v", len(rows), err)
	}
	return rows[0].ID
}
