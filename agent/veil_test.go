package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homehook/agent/config"
	"homehook/agent/control"
)

func TestTravelling(t *testing.T) {
	c, err := config.Parse("config.yaml", []byte(`relays: [{name: test, url: "https://relay.example.com", token: relay/test, proxy: "http://me@p.example.com:1", proxy_password: proxy}]
claims: [{name: garage}]
routes:
  - {name: a, match: /a, verify: {scheme: github, secret: signs}, respond: {}}
  - {name: b, match: /b, verify: {scheme: gitlab, secret: sent}, respond: {}}
  - {name: c, match: /c, verify: {scheme: stripe, secret: both}, respond: {}}
  - {name: d, match: /d, verify: {scheme: bearer, secrets: [both, more]}, respond: {}}
  - {name: e, match: /e, verify: {scheme: meta, secret: signs, token: asked}, notify: {ntfy: {url: "https://ntfy.sh/x", token: push}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Table.Close()
	if got := fmt.Sprint(travelling(c)); got != "[asked both more proxy push relay/test sent]" {
		t.Error(got)
	}
}

// veiled starts an agent with a route for a sender that sends the secret itself, to an
// app that says back what it was sent.
func veiled(t *testing.T, more string) (*testRelay, *home, *app) {
	t.Helper()
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(w http.ResponseWriter, q *http.Request, n int) {
		w.Header().Set("Saw", q.Header.Get("X-Gitlab-Token"))
		switch {
		case q.URL.Path == "/fails" && n == 1:
			w.WriteHeader(400)
		case q.URL.Path == "/later" && n == 1:
			w.WriteHeader(503)
		}
		fmt.Fprintf(w, "%s as %s", q.URL.Path, q.Header.Get("X-Gitlab-Token"))
	})
	h := startHome(t, storing(r.addr, "", fmt.Sprintf("  - {name: gitlab, claim: garage, match: /, verify: {scheme: gitlab, secret: gitlab}, forward: {to: %q}%s}\n", a.URL, more)))
	// Over the control API, which answers when what was left unfinished is known.
	if err := h.client.SetCredential(t.Context(), "gitlab", gitlabToken); err != nil {
		t.Fatal(err)
	}
	return r, h, a
}

// unseen fails where a value is in a record, or in a file of the agent's.
func (h *home) unseen(t *testing.T, rec *control.Record, value string) {
	t.Helper()
	text, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	all := append(append(append([]byte{}, text...), rec.Head...), rec.Body...)
	for _, a := range rec.Log {
		all = append(append(append(all, a.ResponseHead...), a.ResponseBody...), a.Output...)
	}
	if bytes.Contains(all, []byte(value)) {
		t.Errorf("the value is in the record: %s", all)
	}
	files, err := filepath.Glob(filepath.Join(h.dir, "state", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil && bytes.Contains(text, []byte(value)) {
			t.Errorf("the value is in %s", name)
		}
	}
}

// TestSentSecretIsNotKept: a secret that senders send goes to the app and back, and
// its name into the history.
func TestSentSecretIsNotKept(t *testing.T) {
	r, h, _ := veiled(t, "")
	for _, mode := range []string{answerHold, answerThrough, answerStore} {
		s := sent{id: newID(), mode: mode, line: "POST /a", fields: "X-Gitlab-Token: " + gitlabToken + "\r\n", body: `{"echo": "x"}`}
		if g := r.must(t, s); mode != answerStore && (g.status != 200 || g.body != "/a as "+gitlabToken) {
			t.Errorf("%s: %+v", mode, g)
		}
		rec := h.record(t, s.id, "succeeded")
		h.unseen(t, rec, gitlabToken)
		if !bytes.Contains(rec.Head, []byte("\r\nX-Gitlab-Token: [credential gitlab]\r\n")) || string(rec.Log[0].ResponseBody) != "/a as [credential gitlab]" || rec.Redacted {
			t.Errorf("%s: %s\n%s", mode, rec.Head, rec.Log[0].ResponseBody)
		}
	}
}

// TestSentSecretRunsAgain: what is kept with the name of a secret is retried, replayed
// and repeated with its value.
func TestSentSecretRunsAgain(t *testing.T) {
	r, h, a := veiled(t, "")
	b := &backend{h.Agent}
	s := sent{id: newID(), line: "POST /fails", fields: "X-Gitlab-Token: " + gitlabToken + "\r\nwebhook-id: msg_1\r\n", body: "one"}
	if g := r.must(t, s); g.status != 400 {
		t.Fatalf("%+v", g)
	}
	h.record(t, s.id, "dead")
	if _, err := b.Retry(t.Context(), s.id); err != nil {
		t.Fatal(err)
	}
	h.unseen(t, h.record(t, s.id, "succeeded"), gitlabToken)
	for _, change := range []control.Replay{{}, {Headers: []control.Field{{"X-Gitlab-Token", "[credential gitlab]"}, {"X-B", "2"}}, Body: []byte("two")}} {
		rec, err := b.Replay(t.Context(), s.id, change)
		if err != nil || rec.State != "succeeded" || string(rec.Log[0].ResponseBody) != "/fails as [credential gitlab]" {
			t.Fatalf("%+v, %v", rec, err)
		}
		h.unseen(t, rec, gitlabToken)
	}
	again := s
	again.id = newID()
	if g := r.must(t, again); g.status != 200 || g.body != "/fails as "+gitlabToken {
		t.Errorf("the copy: %+v", g)
	}
	h.unseen(t, h.record(t, again.id, "duplicate"), gitlabToken)
	// With another value since.
	if err := b.SetCredential("gitlab", "another value, and longer"); err != nil {
		t.Fatal(err)
	}
	rec, err := b.Replay(t.Context(), s.id, control.Replay{})
	if err != nil || rec.State != "succeeded" || string(rec.Log[0].ResponseBody) != "/fails as [credential gitlab]" {
		t.Fatalf("%+v, %v", rec, err)
	}
	h.unseen(t, rec, "another value, and longer")
	if seen := a.bodies(); len(seen) != 5 {
		t.Errorf("the app saw %q", seen)
	}
}

// TestMarkIsNoSecret: who writes the name of a credential into a request has its value
// put nowhere, now or later.
func TestMarkIsNoSecret(t *testing.T) {
	r, h, a := veiled(t, "")
	b := &backend{h.Agent}
	for _, token := range []string{"[credential gitlab]", "[credential! gitlab]", "[credential gitlab in JSON]"} {
		s := sent{id: newID(), line: "POST /a", fields: "X-Gitlab-Token: " + token + "\r\n", body: token}
		if g := r.must(t, s); g.status != 401 {
			t.Errorf("%s: %+v", token, g)
		}
		h.record(t, s.id, "rejected")
		if _, err := b.Retry(t.Context(), s.id); !errors.Is(err, control.ErrConflict) {
			t.Errorf("%s: retried: %v", token, err)
		}
		// What the user replays runs; it is the request as it was.
		rec, err := b.Replay(t.Context(), s.id, control.Replay{})
		if err != nil || !strings.Contains(rec.Reason, "would be refused") {
			t.Errorf("%s: %+v, %v", token, rec, err)
		}
		// So it is when it comes back from an editor.
		kept, err := b.Delivery(t.Context(), s.id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Replay(t.Context(), s.id, control.Replay{Body: kept.Body}); err != nil {
			t.Error(err)
		}
		if seen := a.bodies(); len(seen) < 2 || seen[len(seen)-1] != token || seen[len(seen)-2] != token {
			t.Errorf("%s: the app saw %q", token, seen)
		}
	}
}

// TestRouteTestShowsNoSecret has a script that is given what the sender sent.
func TestRouteTestShowsNoSecret(t *testing.T) {
	r, h, _ := veiled(t, "")
	s := sent{id: newID(), line: "POST /a", fields: "X-Gitlab-Token: " + gitlabToken + "\r\n"}
	r.must(t, s)
	h.record(t, s.id, "succeeded")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	conf := storing(r.addr, "", fmt.Sprintf("  - {name: x, claim: garage, match: /, verify: {scheme: gitlab, secret: gitlab}, script: {command: [%q, '--', '{header[\"X-Gitlab-Token\"]}'], env: {T: '{header[\"X-Gitlab-Token\"]}'}}}\n", self))
	results, err := (&backend{h.Agent}).RouteTest(t.Context(), control.RouteTest{Config: conf, Delivery: s.id})
	if err != nil || len(results) != 1 || results[0].Plan == nil {
		t.Fatalf("%+v, %v", results, err)
	}
	if p := results[0].Plan; p.Command[2] != "[credential gitlab]" || p.Variables[0] != "T=[credential gitlab]" || results[0].Verified != "ok" {
		t.Errorf("%+v", p)
	}
}

// TestSentSecretSurvives: an agent that goes on with what another has left has the
// value of the secret for it.
func TestSentSecretSurvives(t *testing.T) {
	t.Parallel()
	r, h, a := veiled(t, ", background: true")
	s := sent{id: newID(), line: "POST /later", fields: "X-Gitlab-Token: " + gitlabToken + "\r\n", body: "late"}
	if g := r.must(t, s); g.status != 202 {
		t.Fatalf("%+v", g)
	}
	h.unseen(t, h.record(t, s.id, "waiting"), gitlabToken)
	h.stop()
	h = openHome(t, h.dir)
	eventually(t, "it runs again", func() bool {
		rec, err := h.client.Delivery(t.Context(), s.id)
		return err == nil && rec.State == "succeeded"
	})
	rec := h.record(t, s.id, "succeeded")
	h.unseen(t, rec, gitlabToken)
	if seen := a.bodies(); len(seen) != 2 || seen[1] != "late" || string(rec.Log[1].ResponseBody) != "/later as [credential gitlab]" {
		t.Errorf("the app saw %q, %+v", seen, rec.Log)
	}
}
