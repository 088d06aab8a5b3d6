package agent

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/history"
)

// TestIDComesAgain is rows 55 and 56 of the bad inputs: the same delivery is
// answered from the journal, another body under its id is neither run nor taken
// over.
func TestIDComesAgain(t *testing.T) {
	release := make(chan struct{})
	a := startApp(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if strings.HasPrefix(r.URL.Path, "/slow") {
			<-release
		}
		w.WriteHeader(203)
		fmt.Fprint(w, "done")
	})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")+a.route("slow", "")))
	done := sent{id: newID(), line: "POST /app", body: "x"}
	want := got{status: 203, body: "done", accepted: done.id, kind: "text/plain; charset=utf-8"}
	if g := r.must(t, done); g != want {
		t.Fatalf("%+v", g)
	}
	h.record(t, done.id, "succeeded")
	if g := r.must(t, done); g != want {
		t.Errorf("again: %+v", g)
	}
	done.after = "none"
	if g := r.must(t, done); g.status != 202 || g.accepted != done.id {
		t.Errorf("again, from the queue: %+v", g)
	}
	slow := sent{id: newID(), line: "POST /slow", body: "y", after: "none"}
	r.must(t, slow)
	slow.after = ""
	if g := r.must(t, slow); g.status != 202 || g.accepted != slow.id {
		t.Errorf("while it runs: %+v", g)
	}
	gone := sent{id: newID(), line: "POST /nowhere"}
	r.must(t, gone)
	if g := r.must(t, gone); g.status != 404 || g.accepted != gone.id {
		t.Errorf("rejected, again: %+v", g)
	}
	for _, s := range []sent{{id: done.id, line: "POST /app", body: "z"}, {id: slow.id, line: "POST /slow", body: "z", after: "none"}} {
		if g := r.must(t, s); g.status != 409 || g.accepted != "" {
			t.Errorf("another body: %+v", g)
		}
	}
	close(release)
	h.record(t, slow.id, "succeeded")
	if rec := h.record(t, done.id, "succeeded"); string(rec.Body) != "x" || rec.Attempts != 1 {
		t.Errorf("%+v", rec)
	}
	if n := len(a.bodies()); n != 2 {
		t.Errorf("the app was asked %d times", n)
	}
}

// TestAlarmHasBothDigests: who looks for what happened finds it in the log.
func TestAlarmHasBothDigests(t *testing.T) {
	var log lockedLog
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", respondRoute))
	r.must(t, sent{line: "GET /nowhere"})
	h.inbox.log = slog.New(slog.NewTextHandler(&log, nil))
	s := sent{id: newID(), body: "x"}
	r.must(t, s)
	s.body = "y"
	r.must(t, s)
	if text := log.String(); !strings.Contains(text, sumOf([]byte("x"))) || !strings.Contains(text, sumOf([]byte("y"))) || !strings.Contains(text, "level=ERROR") {
		t.Error(text)
	}
}

type lockedLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestSenderRepeats is row 42 of the bad inputs: what a sender sends twice runs
// once, at whatever time it comes again; of what has failed a copy may run.
func TestSenderRepeats(t *testing.T) {
	release := make(chan struct{})
	a := startApp(t, func(w http.ResponseWriter, r *http.Request, n int) {
		switch r.URL.Path {
		case "/bad":
			if n == 1 {
				w.WriteHeader(400)
			}
		case "/slow":
			<-release
		}
		w.Header().Set("Content-Type", "text/x-answer")
		fmt.Fprint(w, "done")
	})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("bad", "")+a.route("app", "")+a.route("slow", "")+a.route("two", "")))
	send := func(path, sender, body string, after string) (string, got) {
		s := sent{id: newID(), line: "POST " + path, body: body, fields: "webhook-id: " + sender + "\r\n", after: after}
		return s.id, r.must(t, s)
	}
	failed, g := send("/bad", "msg_1", "x", "")
	if g.status != 400 {
		t.Fatalf("%+v", g)
	}
	h.record(t, failed, "dead")
	first, g := send("/bad", "msg_1", "x", "")
	if g.status != 200 || g.body != "done" {
		t.Errorf("the copy of a failed one: %+v", g)
	}
	if d := h.record(t, first, "succeeded"); d.SenderID != "msg_1" {
		t.Errorf("%+v", d.Delivery)
	}
	twin, g := send("/bad", "msg_1", "x", "")
	if g != (got{status: 200, body: "done", accepted: twin, kind: "text/x-answer"}) {
		t.Errorf("the copy of one that succeeded: %+v", g)
	}
	if d := h.record(t, twin, "duplicate"); d.DuplicateOf != first || !strings.Contains(d.Reason, first) || d.Status != 200 {
		t.Errorf("%+v", d.Delivery)
	}
	old, g := send("/bad", "msg_1", "x", "none")
	if g.status != 202 || g.accepted != old {
		t.Errorf("the copy from the queue: %+v", g)
	}
	h.record(t, old, "duplicate")
	elsewhere, _ := send("/two", "msg_1", "x", "")
	h.record(t, elsewhere, "succeeded")

	running, _ := send("/slow", "msg_2", "x", "none")
	h.record(t, running, "running")
	twin, g = send("/slow", "msg_2", "x", "")
	if g.status != 200 || g.body != "duplicate of "+running+"\n" || g.accepted != twin {
		t.Errorf("the copy of one that runs: %+v", g)
	}
	close(release)
	h.record(t, running, "succeeded")
	if n := len(a.bodies()); n != 4 {
		t.Errorf("the app was asked %d times", n)
	}

	// It is six days later, and another agent.
	h.stop()
	r.forget()
	h = openHome(t, h.dir)
	twin, g = send("/slow", "msg_2", "x", "none")
	if d := h.record(t, twin, "duplicate"); g.status != 202 || d.DuplicateOf != running {
		t.Errorf("later: %+v, %+v", g, d.Delivery)
	}
}

// TestTwinsAtOnce: of two that come at the same time one runs.
func TestTwinsAtOnce(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, ", parallel: 8", a.route("app", "")))
	r.must(t, sent{line: "GET /nowhere"})
	const n = 8
	var wg sync.WaitGroup
	ids := make([]string, n)
	for i := range ids {
		ids[i] = newID()
		wg.Go(func() {
			if _, err := r.deliver(sent{id: ids[i], line: "POST /app", fields: "X-GitHub-Delivery: 72d3162e\r\n"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	states := map[string]int{}
	for _, id := range ids {
		eventually(t, "it has ended", func() bool {
			rec, err := h.client.Delivery(t.Context(), id)
			if err != nil || rec.State != history.Duplicate && rec.State != history.Succeeded {
				return false
			}
			states[rec.State]++
			return true
		})
	}
	if states[history.Succeeded] != 1 || states[history.Duplicate] != n-1 || len(a.bodies()) != 1 {
		t.Errorf("%v, the app was asked %d times", states, len(a.bodies()))
	}
}

func TestSendersLeave(t *testing.T) {
	var s senders
	leave := s.enter("a")
	s.enter("b")()
	entered := make(chan func())
	go func() { entered <- s.enter("a") }()
	select {
	case <-entered:
		t.Fatal("two are here")
	case <-time.After(20 * time.Millisecond):
	}
	leave()
	leave()
	(<-entered)()
	if len(s.here) > 0 {
		t.Errorf("left behind: %v", s.here)
	}
}

// TestRedactedIDComesAgain: what redaction takes out is compared still, the body
// under the same id and the sender's id of a copy.
func TestRedactedIDComesAgain(t *testing.T) {
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "done") })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", ""))+"history: {redact: [json.id, header.X-GitHub-Delivery]}\n")
	first := sent{id: newID(), line: "POST /app", body: `{"id":"evt_S3CRET"}`, fields: "X-GitHub-Event: push\r\nX-GitHub-Delivery: 72d3-S3CRET\r\n"}
	r.must(t, first)
	rec := h.record(t, first.id, "succeeded")
	if !strings.HasPrefix(rec.SenderID, "redacted:") || !strings.HasPrefix(rec.BodySHA256, "redacted:") {
		t.Errorf("%+v", rec.Delivery)
	}
	if g := r.must(t, first); g.status >= 300 || g.accepted != first.id {
		t.Errorf("again: %+v", g)
	}
	other := first
	other.body = `{"id":"evt_other"}`
	if g := r.must(t, other); g.status != 409 {
		t.Errorf("another body: %+v", g)
	}
	second := first
	second.id = newID()
	r.must(t, second)
	if rec := h.record(t, second.id, "duplicate"); rec.DuplicateOf != first.id || !strings.HasPrefix(rec.SenderID, "redacted:") {
		t.Errorf("%+v", rec.Delivery)
	}
	if n := len(a.bodies()); n != 1 {
		t.Errorf("the app was asked %d times", n)
	}
}
