package agent

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/agent/credentials"
)

func TestReadyAndHealthy(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", respondRoute))
	h.stop()
	ready := make(chan error, 2)
	creds, err := credentials.Open(h.dir + "/state")
	if err != nil {
		t.Fatal(err)
	}
	o := h.opts
	o.Credentials = creds
	o.Ready = func() {
		_, err := h.client.Status(t.Context())
		ready <- err
	}
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Healthy(t.Context()); !errors.Is(err, errNotRunning) {
		t.Errorf("before it runs: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	if err := <-ready; err != nil {
		t.Errorf("ready, but the control API says %v", err)
	}
	if err := a.Healthy(t.Context()); err != nil {
		t.Errorf("it runs: %v", err)
	}
	cancel()
	if err := <-done; err != nil || len(ready) > 0 {
		t.Errorf("%v, told %d times more that it is ready", err, len(ready))
	}
	if err := a.Healthy(t.Context()); !errors.Is(err, errNotRunning) {
		t.Errorf("after it ran: %v", err)
	}
}

// TestUnhealthy breaks one part after the other.
func TestUnhealthy(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	hold := make(chan struct{})
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) { <-hold })
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	defer close(hold)
	r.must(t, sent{line: "POST /app"})
	e := h.inbox.executor
	tests := []struct {
		name  string
		spoil func() (mend func())
		want  string
	}{
		{"a handler that takes its time", func() func() { return func() {} }, ""},
		{"the agent's lock", func() func() { h.mu.Lock(); return h.mu.Unlock }, "the agent's lock is stuck"},
		{"the executor's lock", func() func() { e.mu.Lock(); return e.mu.Unlock }, "the lock of the lines is stuck"},
		{"a delivery that nobody runs", func() func() {
			return lined(e, &job{id: "x", claim: "garage", ready: true})
		}, `the line of claim "garage" has stopped`},
		{"a delivery that is not written down yet", func() func() {
			return lined(e, &job{id: "x", claim: "garage"})
		}, ""},
		{"a claim that waits for the root key", func() func() {
			e.withhold(false, map[string]bool{"garage": true})
			drop := lined(e, &job{id: "x", claim: "garage", ready: true})
			return func() { drop(); e.withhold(false, nil) }
		}, ""},
		{"all claims waiting for the root key", func() func() {
			e.withhold(true, nil)
			drop := lined(e, &job{id: "x", claim: "garage", ready: true})
			return func() { drop(); e.withhold(false, nil) }
		}, ""},
		{"a pause", func() func() {
			if err := h.pause(time.Time{}); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := h.resume(time.Time{}); err != nil {
					t.Fatal(err)
				}
			}
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mend := tt.spoil()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			err := h.Healthy(ctx)
			mend()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	h.journal.Close()
	if err := h.Healthy(t.Context()); err == nil || !strings.Contains(err.Error(), "the history does not answer") {
		t.Errorf("with its history closed: %v", err)
	}
}

// TestStatusOfAFullDisk: an agent that can take nothing in says so by its status,
// links or no links.
func TestStatusOfAFullDisk(t *testing.T) {
	s := control.Status{State: control.StateConnected, Findings: []control.Finding{}}
	outage(&s, nil, "/state/history.db")
	if s.State != control.StateConnected || len(s.Findings) > 0 {
		t.Errorf("without an outage: %+v", s)
	}
	outage(&s, errors.New("database or disk is full"), "/state/history.db")
	want := control.Finding{
		Check: checkHistory, State: control.FindingProblem, Text: "it cannot be written: database or disk is full",
		Remedy: "make room on the disk, or give the agent's user the folder /state",
	}
	if s.State != control.StateProblem || len(s.Findings) != 1 || s.Findings[0] != want {
		t.Errorf("%+v", s)
	}
}

// lined puts a job into a line without telling anybody, and returns what takes it
// out again.
func lined(e *executor, j *job) (drop func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.lineLocked(lane{claim: j.claim, kind: laneSafe})
	l.add(j, false)
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		l.drop(j)
	}
}
