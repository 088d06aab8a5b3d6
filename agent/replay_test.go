package agent

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
)

func TestReplay(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(w http.ResponseWriter, q *http.Request, _ int) {
		w.Header().Set("Saw", q.Header.Get("X-Hub-Signature-256"))
		fmt.Fprintf(w, "%s %s %s %q", q.Method, q.URL, q.Header.Get("X-A"), q.Header.Values("Homehook-Delivery"))
	})
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec cat\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h := startHome(t, storing(r.addr, "", a.route("app", "")+
		fmt.Sprintf("  - {name: signed, claim: garage, match: /signed, verify: {scheme: github, secret: github}, forward: {to: %q}}\n", a.URL)+
		fmt.Sprintf("  - {name: s, claim: garage, match: /s, unverified: true, script: {command: [%q]}}\n", script)+respondRoute))
	if err := h.opts.Credentials.Set("github", "hush"); err != nil {
		t.Fatal(err)
	}
	first := sent{id: newID(), line: "POST /app?x=1", body: "abc", fields: "X-A: 1\r\nwebhook-id: msg_1\r\n"}
	r.must(t, first)
	h.record(t, first.id, "succeeded")
	run := sent{id: newID(), line: "POST /s", body: "in"}
	r.must(t, run)
	h.record(t, run.id, "succeeded")

	for _, tt := range []struct {
		name, id string
		replay   control.Replay
		answer   string
		route    string
		err      error
	}{
		{"as it was", first.id, control.Replay{}, `POST /app?x=1 1 []`, "app", nil},
		{"by the beginning of its id", first.id[:13], control.Replay{}, `POST /app?x=1 1 []`, "app", nil},
		{"edited", first.id, control.Replay{
			Method: "PUT", Target: "/app/y", Headers: []control.Field{{"X-A", "2"}, {"Homehook-Delivery", "forged"}}, Body: []byte{},
		}, `PUT /app/y 2 []`, "", control.ErrConflict},
		{"another route", first.id, control.Replay{Route: "hello"}, "hi", "hello", nil},
		{"no such route", first.id, control.Replay{Route: "nope"}, "", "", control.ErrInvalid},
		{"no such delivery", newID(), control.Replay{}, "", "", control.ErrNotFound},
		{"no such scheme", first.id, control.Replay{Sign: &control.Sign{Scheme: "nope", Secret: "github"}}, "", "", control.ErrInvalid},
		{"no such secret", first.id, control.Replay{Sign: &control.Sign{Scheme: "github", Secret: "nope"}}, "", "", control.ErrNotFound},
		{"signed anew", first.id, control.Replay{Target: "/signed", Body: []byte("new"), Sign: &control.Sign{Scheme: "github", Secret: "github"}}, `POST /signed 1 []`, "signed", nil},
		{"a script", run.id, control.Replay{}, "", "", control.ErrConfirm},
		{"a script that is meant", run.id, control.Replay{Confirm: true}, "in", "s", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec, err := (&backend{h.Agent}).Replay(t.Context(), tt.id, tt.replay)
			if tt.err != nil {
				if err == nil || !errors.Is(err, tt.err) {
					t.Errorf("%+v, %v", rec, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if rec.State != "succeeded" || !strings.HasPrefix(rec.ReplayOf, tt.id) || rec.Route != tt.route || len(rec.Log) != 1 || string(rec.Log[0].ResponseBody) != tt.answer {
				t.Errorf("%+v\n%+v", rec.Delivery, rec.Log)
			}
			if tt.name == "signed anew" && !strings.Contains(string(rec.Log[0].ResponseHead), "Saw: sha256=") {
				t.Errorf("%s", rec.Log[0].ResponseHead)
			}
			if string(rec.Body) != "abc" && string(rec.Body) != string(tt.replay.Body) && tt.id == first.id {
				t.Errorf("body %q", rec.Body)
			}
		})
	}
	// A replay does not stand in the way of what the sender sends.
	again := first
	again.id = newID()
	r.must(t, again)
	if rec := h.record(t, again.id, "duplicate"); rec.DuplicateOf != first.id {
		t.Errorf("%+v", rec.Delivery)
	}
}

// TestReplayOfWhatIsNotWhole: half a delivery is not run, unless the user fills
// in what is missing.
func TestReplayOfWhatIsNotWhole(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	h := startHome(t, storing(r.addr, "", a.route("app", ""))+"history: {body: 10}\n")
	s := sent{id: newID(), line: "POST /app", body: strings.Repeat("x", 100)}
	r.must(t, s)
	h.record(t, s.id, "succeeded")
	b := &backend{h.Agent}
	if _, err := b.Replay(t.Context(), s.id, control.Replay{}); !errors.Is(err, control.ErrConflict) {
		t.Errorf("%v", err)
	}
	if rec, err := b.Replay(t.Context(), s.id, control.Replay{Body: []byte("whole")}); err != nil || rec.State != "succeeded" {
		t.Errorf("%+v, %v", rec, err)
	}
	if seen := a.bodies(); len(seen) != 2 || seen[1] != "whole" {
		t.Errorf("%q", seen)
	}
}

// TestRetry runs what has ended again, under its own id.
func TestRetry(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	release := make(chan struct{})
	a := startApp(t, func(w http.ResponseWriter, q *http.Request, n int) {
		switch {
		case q.URL.Path == "/slow":
			<-release
		case n == 1:
			w.WriteHeader(400)
		}
	})
	h := startHome(t, storing(r.addr, "", a.route("app", "")+a.route("slow", "")))
	dead := sent{id: newID(), line: "POST /app", fields: "webhook-id: msg_1\r\n"}
	r.must(t, dead)
	h.record(t, dead.id, "dead")
	good := dead
	good.id = newID()
	r.must(t, good)
	h.record(t, good.id, "succeeded")
	twin := dead
	twin.id = newID()
	r.must(t, twin)
	h.record(t, twin.id, "duplicate")
	none := sent{id: newID(), line: "POST /none"}
	r.must(t, none)
	h.record(t, none.id, "rejected")

	for id, attempts := range map[string]int{dead.id: 2, twin.id: 1} {
		if d, err := h.client.Retry(t.Context(), id); err != nil || d.ID != id {
			t.Errorf("%+v, %v", d, err)
		}
		if rec := h.record(t, id, "succeeded"); rec.Attempts != attempts || len(rec.Log) != attempts {
			t.Errorf("%+v", rec.Delivery)
		}
	}
	if _, err := h.client.Retry(t.Context(), none.id); err != nil {
		t.Errorf("rejected: %v", err)
	}
	if rec := h.record(t, none.id, "rejected"); rec.Reason != "no route" {
		t.Errorf("%+v", rec.Delivery)
	}
	if _, err := h.client.Retry(t.Context(), good.id); !errors.Is(err, control.ErrConflict) {
		t.Errorf("succeeded: %v", err)
	}
	slow := sent{id: newID(), line: "POST /slow", after: "none"}
	r.must(t, slow)
	h.record(t, slow.id, "running")
	if _, err := h.client.Retry(t.Context(), slow.id); !errors.Is(err, control.ErrConflict) {
		t.Errorf("running: %v", err)
	}
	close(release)
	if _, err := h.client.Retry(t.Context(), newID()); !errors.Is(err, control.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
}

// TestFailureIsTriedAgain tells failures that may be over the next time from
// others, for senders who wait and for nobody.
func TestFailureIsTriedAgain(t *testing.T) {
	dir := t.TempDir()
	for name, exit := range map[string]int{"later": 75, "failed": 1} {
		if err := os.WriteFile(filepath.Join(dir, name), fmt.Appendf(nil, "#!/bin/sh\nexit %d\n", exit), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	a := startApp(t, func(w http.ResponseWriter, q *http.Request, _ int) {
		w.Header().Set("Retry-After", "7200")
		status := 0
		fmt.Sscanf(q.URL.Path, "/app/%d", &status)
		w.WriteHeader(status)
	})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	script := func(name, file, more string) string {
		return fmt.Sprintf("  - {name: %[1]s, claim: garage, match: /%[1]s, unverified: true, script: {command: [%[2]q]}%[3]s}\n", name, filepath.Join(dir, file), more)
	}
	h := startHome(t, storing(r.addr, ", hold: 12s", fmt.Sprintf("  - {name: app, claim: garage, match: /app/, unverified: true, forward: {to: %q}}\n", a.URL)+
		"  - {name: away, claim: garage, match: /away, unverified: true, forward: {to: \"http://127.0.0.1:1\"}}\n"+
		script("later", "later", "")+script("failed", "failed", "")+script("bg", "failed", ", background: true")))
	for _, tt := range []struct {
		path, after string
		status      int
		state       string
		pause       time.Duration // least
	}{
		{"/app/503", "none", 202, "waiting", 119 * time.Minute},
		{"/app/429", "none", 202, "waiting", 119 * time.Minute},
		{"/app/404", "none", 202, "dead", 0},
		{"/away", "none", 202, "waiting", 2 * time.Second},
		{"/later", "none", 202, "waiting", 2 * time.Second},
		{"/failed", "none", 202, "dead", 0},
		{"/bg", "none", 202, "waiting", 2 * time.Second},
		{"/app/503", "", 503, "dead", 0},
		{"/away", "", 502, "dead", 0},
		{"/later", "", 503, "dead", 0},
		{"/failed", "", 500, "dead", 0},
		{"/bg", "", 202, "waiting", 2 * time.Second},
	} {
		s := sent{id: newID(), line: "POST " + tt.path, after: tt.after}
		if g := r.must(t, s); g.status != tt.status || g.accepted != s.id {
			t.Errorf("%s after %q: %+v", tt.path, tt.after, g)
		}
		rec := h.record(t, s.id, tt.state)
		if rec.Reason == "" || rec.Attempts != 1 || tt.pause > 0 && time.Until(rec.Due) < tt.pause {
			t.Errorf("%s after %q, due in %s: %+v", tt.path, tt.after, time.Until(rec.Due), rec.Delivery)
		}
	}
}

// TestLateFailureIsTriedAgain: a sender who has the relay's answer already does
// not see the failure, so it is not the end.
func TestLateFailureIsTriedAgain(t *testing.T) {
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		<-time.After(300 * time.Millisecond)
		if n == 1 {
			w.WriteHeader(500)
		}
	})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, ", hold: 100ms", a.route("app", "")))
	s := sent{id: newID(), line: "POST /app"}
	if g := r.must(t, s); g.status != 202 || g.accepted != s.id {
		t.Errorf("%+v", g)
	}
	h.record(t, s.id, "waiting")
	if _, err := h.client.Retry(t.Context(), s.id); err != nil {
		t.Fatal(err)
	}
	if rec := h.record(t, s.id, "succeeded"); rec.Status != 202 {
		t.Errorf("%+v", rec.Delivery)
	}
}
