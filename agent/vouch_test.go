package agent

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
)

// TestRetryChecksTheSenderAgain: a delivery that was refused runs once its
// signature is found good, and not before.
func TestRetryChecksTheSenderAgain(t *testing.T) {
	r, h, a := verifying(t, "")
	now := time.Now()
	late := sent{id: newID(), line: "POST /stripe", body: `{"id": "evt_1"}`, fields: signedAt(t, "stripe", stripeSecret, `{"id": "evt_1"}`, now.Add(-time.Hour))}
	wrong := sent{id: newID(), line: "POST /github", body: "{}", fields: signedAt(t, "github", "another secret", "{}", now)}
	through := sent{id: newID(), mode: answerThrough, line: "POST /github", body: "{}", fields: wrong.fields}
	for _, s := range []sent{late, wrong, through} {
		if g := r.must(t, s); g.status != 401 {
			t.Fatalf("%+v", g)
		}
		h.record(t, s.id, "rejected")
		if _, err := h.client.Retry(t.Context(), s.id); !errors.Is(err, control.ErrConflict) || !strings.Contains(err.Error(), "rejected again, not verified: ") {
			t.Errorf("%v", err)
		}
		if rec := h.record(t, s.id, "rejected"); rec.Status != 401 || !strings.HasPrefix(rec.Reason, "not verified: ") || rec.Attempts != 0 {
			t.Errorf("%+v", rec.Delivery)
		}
	}
	if err := h.client.RemoveCredential(t.Context(), "github"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.client.Retry(t.Context(), wrong.id); !errors.Is(err, control.ErrConflict) || !strings.Contains(err.Error(), `cannot be checked: the credential "github"`) {
		t.Errorf("%v", err)
	}
	if n := len(a.bodies()); n > 0 {
		t.Fatalf("%d ran unchecked", n)
	}
	// The secret was wrong here, and is put right.
	if err := h.client.SetCredential(t.Context(), "github", "another secret"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []sent{wrong, through} {
		if _, err := h.client.Retry(t.Context(), s.id); err != nil {
			t.Fatal(err)
		}
		if rec := h.record(t, s.id, "succeeded"); rec.Reason != "" || rec.Status != 200 || rec.Attempts != 1 || rec.DurationMS <= 0 {
			t.Errorf("%+v", rec.Delivery)
		}
	}
	if n := len(a.bodies()); n != 2 {
		t.Errorf("%d ran", n)
	}
}

// TestReplayTellsOfTheSignature: what the user sends runs, and the history says
// what the route would have made of its sender.
func TestReplayTellsOfTheSignature(t *testing.T) {
	r, h, _ := verifying(t, "")
	now := time.Now()
	good := sent{id: newID(), line: "POST /github", body: "{}", fields: signedAt(t, "github", "hush", "{}", now)}
	wrong := sent{id: newID(), line: "POST /github", body: "[]", fields: good.fields}
	// What was in time when it came stays so.
	old := sent{
		id: newID(), line: "POST /stripe", body: `{"id": "evt_1"}`, after: "none", received: now.Add(-time.Hour),
		fields: signedAt(t, "stripe", stripeSecret, `{"id": "evt_1"}`, now.Add(-time.Hour)),
	}
	for _, s := range []sent{good, wrong, old} {
		r.must(t, s)
	}
	h.record(t, good.id, "succeeded")
	h.record(t, wrong.id, "rejected")
	h.record(t, old.id, "succeeded")
	for _, tt := range []struct {
		id, reason string
		replay     control.Replay
	}{
		{good.id, "replayed by hand; the signature is good", control.Replay{}},
		{old.id, "replayed by hand; the signature is good", control.Replay{}},
		{wrong.id, "replayed by hand; the signature would be refused: ", control.Replay{}},
		{old.id, "replayed by hand; the signature would be refused: ", control.Replay{Body: []byte("{}")}},
		{old.id, "replayed by hand; the signature is good", control.Replay{Body: []byte("{}"), Sign: &control.Sign{Scheme: "stripe", Secret: "stripe"}}},
	} {
		rec, err := h.client.Replay(t.Context(), tt.id, tt.replay)
		if err != nil || rec.State != "succeeded" || rec.Status != 200 || !strings.HasPrefix(rec.Reason, tt.reason) {
			t.Errorf("%+v, %v, want %q", rec, err, tt.reason)
		}
	}
	if err := h.client.RemoveCredential(t.Context(), "github"); err != nil {
		t.Fatal(err)
	}
	if rec, err := h.client.Replay(t.Context(), good.id, control.Replay{}); err != nil || !strings.Contains(rec.Reason, `cannot be checked: the credential "github"`) {
		t.Errorf("%+v, %v", rec, err)
	}
}

// TestReplayThatFails says both what it failed for and who vouches for it.
func TestReplayThatFails(t *testing.T) {
	r, h, a := verifying(t, "")
	a.answer = func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(400) }
	s := sent{id: newID(), line: "POST /github", body: "{}"}
	r.must(t, s)
	h.record(t, s.id, "rejected")
	rec, err := h.client.Replay(t.Context(), s.id, control.Replay{})
	if err != nil || rec.State != "dead" || !strings.HasPrefix(rec.Reason, "the handler answered 400; replayed by hand; the signature would be refused: ") {
		t.Errorf("%+v, %v", rec, err)
	}
}

// TestRetryForgetsTheFailure: what a delivery failed for is not said of one that
// has succeeded, nor whose copy it was.
func TestRetryForgetsTheFailure(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	h := startHome(t, storing(r.addr, "", a.route("app", "")+respondRoute))
	for _, line := range []string{"POST /app", "POST /hello"} {
		first := sent{id: newID(), line: line, fields: "webhook-id: msg_1\r\n"}
		r.must(t, first)
		h.record(t, first.id, "succeeded")
		twin := first
		twin.id = newID()
		r.must(t, twin)
		if rec := h.record(t, twin.id, "duplicate"); rec.Reason == "" || rec.DuplicateOf != first.id {
			t.Errorf("%s: %+v", line, rec.Delivery)
		}
		if _, err := h.client.Retry(t.Context(), twin.id); err != nil {
			t.Fatal(err)
		}
		if rec := h.record(t, twin.id, "succeeded"); rec.Reason != "" || rec.DuplicateOf != "" || rec.Attempts != 1 {
			t.Errorf("%s: %+v", line, rec.Delivery)
		}
	}
}

// TestMissingCredentialIsLogged names what is missing for each route.
func TestMissingCredentialIsLogged(t *testing.T) {
	_, h, _ := verifying(t, "")
	var log lockedLog
	a := &Agent{opts: h.opts, log: slog.New(slog.NewTextHandler(&log, nil))}
	h.mu.Lock()
	c := h.config
	h.mu.Unlock()
	a.warnMissing(c)
	if log.String() != "" {
		t.Errorf("logged %s", log.String())
	}
	if err := h.opts.Credentials.Remove("github"); err != nil {
		t.Fatal(err)
	}
	a.warnMissing(c)
	if text := log.String(); strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, "route=github") || !strings.Contains(text, "homehook secret set github") {
		t.Errorf("logged %s", text)
	}
}
