package agent

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
)

// TestDurationIsTheSenders: how long a handler took is said of its attempt; of
// the delivery it is said how long the sender waited.
func TestDurationIsTheSenders(t *testing.T) {
	const slow = 500 * time.Millisecond
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) { <-time.After(slow) })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, ", hold: 100ms", a.route("app", "")+a.route("bg", ", background: true, parallel: 4")))
	for _, tt := range []struct {
		name     string
		s        sent
		from, to time.Duration
		status   int
	}{
		{"background", sent{line: "POST /bg"}, 0, slow, 202},
		{"background, through", sent{line: "POST /bg", mode: answerThrough}, 0, slow, 202},
		{"late", sent{line: "POST /app"}, 100 * time.Millisecond, 101 * time.Millisecond, 202},
		{"from the queue", sent{line: "POST /app", after: "none"}, 0, slow, 202},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.s.id = newID()
			r.must(t, tt.s)
			rec := h.record(t, tt.s.id, "succeeded")
			if waited := time.Duration(rec.DurationMS * 1e6); waited <= 0 || waited < tt.from || waited >= tt.to || rec.Status != tt.status {
				t.Errorf("%+v", rec.Delivery)
			}
			if len(rec.Log) != 1 || rec.Log[0].DurationMS < milliseconds(slow) {
				t.Errorf("%+v", rec.Log)
			}
		})
	}
}

// TestAnsweredInTime: a sender who gets the handler's own answer has waited for
// that.
func TestAnsweredInTime(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) { <-time.After(100 * time.Millisecond) })
	for _, mode := range []string{answerHold, answerThrough} {
		t.Run(mode, func(t *testing.T) {
			r := startRelay(t, "127.0.0.1:0", "hh_secret")
			h := startHome(t, storing(r.addr, ", answer: "+mode, a.route("app", "")))
			s := sent{id: newID(), mode: mode, line: "POST /app"}
			r.must(t, s)
			if rec := h.record(t, s.id, "succeeded"); rec.DurationMS < 100 || rec.Status != 200 {
				t.Errorf("%+v", rec.Delivery)
			}
		})
	}
}

// TestSupersededStatus: who has sent what got no turn was told that it is taken.
func TestSupersededStatus(t *testing.T) {
	release := make(chan struct{})
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) { <-release })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, ", hold: 50ms, accepted: {status: 203}", a.route("app", ", while_running: latest")))
	var ids []string
	for range 3 {
		ids = append(ids, newID())
		if g := r.must(t, sent{id: ids[len(ids)-1], line: "POST /app"}); g.status != 203 {
			t.Errorf("%+v", g)
		}
	}
	if rec := h.record(t, ids[1], "rejected"); rec.Status != 203 || !strings.HasPrefix(rec.Reason, "superseded by") || rec.DurationMS <= 0 {
		t.Errorf("%+v", rec.Delivery)
	}
	close(release)
	h.record(t, ids[2], "succeeded")
}

// TestInterruptedAttempt: what a crash has cut off is told with what it was and
// when it began.
func TestInterruptedAttempt(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", ", at_most_once: true")+a.route("bad", "")))
	told, untold, poison := newID(), newID(), newID()
	began := time.Now().Add(-time.Minute).Truncate(time.Microsecond)
	h.crashed(t, func(j *history.Journal) {
		begun(t, j, sent{id: told, line: "POST /app"}, 1)
		err := j.Finish(&history.Record{
			Delivery: history.Delivery{ID: told, State: history.Running, Attempts: 1},
			Log:      []history.Attempt{{Number: 1, Route: "old name", Handler: "script", Started: began, Exit: -1}},
		})
		if err != nil {
			t.Fatal(err)
		}
		begun(t, j, sent{id: untold, line: "POST /app"}, 1)
		begun(t, j, sent{id: poison, line: "POST /bad"}, 1)
		err = j.Finish(&history.Record{
			Delivery: history.Delivery{ID: poison, State: history.Waiting, Attempts: 1},
			Log:      []history.Attempt{{Number: 1, Exit: -1, Error: history.Interrupted}},
		})
		if err != nil {
			t.Fatal(err)
		}
		begin(t, j, poison, 2, "bad")
	})
	h = openHome(t, h.dir)
	rec := h.record(t, told, "dead")
	if len(rec.Log) != 1 || rec.Log[0].Handler != "script" || rec.Log[0].Route != "old name" || !rec.Log[0].Started.Equal(began) || rec.Log[0].Error != history.Interrupted {
		t.Errorf("%+v", rec.Log)
	}
	for id, route := range map[string]string{untold: "app", poison: "bad"} {
		rec := h.record(t, id, "dead")
		last := rec.Log[len(rec.Log)-1]
		if last.Handler != "forward" || last.Route != route || last.Started.Before(rec.Received) || last.Error != history.Interrupted || rec.Status != 202 {
			t.Errorf("%+v: %+v", rec.Delivery, last)
		}
	}
	if n := len(a.bodies()); n > 0 {
		t.Errorf("%d ran", n)
	}
}

// TestRunningAttemptIsWrittenDown: what an agent after a crash has to know is in
// the journal while the handler runs.
func TestRunningAttemptIsWrittenDown(t *testing.T) {
	release := make(chan struct{})
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) { <-release })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	s := sent{id: newID(), line: "POST /app", after: "none"}
	r.must(t, s)
	var rec *control.Record
	eventually(t, "it is told", func() bool {
		rec = h.record(t, s.id, "running")
		return len(rec.Log) == 1
	})
	if got := rec.Log[0]; got.Handler != "forward" || got.Route != "app" || time.Since(got.Started) > time.Minute || got.Error != "" || rec.Attempts != 1 {
		t.Errorf("%+v", got)
	}
	close(release)
	if rec := h.record(t, s.id, "succeeded"); len(rec.Log) != 1 || rec.Log[0].Status != 200 || rec.Attempts != 1 || rec.Starts != 1 {
		t.Errorf("%+v", rec)
	}
}

// TestComesWhileStopping: what is on its way when the agent stops is written
// down, whatever is before it, and runs in the next agent in its order.
func TestComesWhileStopping(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	r.must(t, sent{line: "GET /nowhere"})
	h.stopHandlers()
	var ids, want []string
	for i := range 4 {
		ids, want = append(ids, newID()), append(want, fmt.Sprint(i))
	}
	for _, i := range []int{2, 1, 3, 0} { // as several links bring them
		s := sent{id: ids[i], line: "POST /app", body: want[i], after: "none"}
		if i > 0 {
			s.after = ids[i-1]
		}
		if g := r.must(t, s); g.status != 202 || g.accepted != s.id {
			t.Errorf("%d: %+v", i, g)
		}
	}
	if g := r.must(t, sent{line: "POST /app", body: "live"}); g.status != 202 || g.accepted == "" {
		t.Errorf("live: %+v", g)
	}
	if n := len(a.bodies()); n > 0 {
		t.Errorf("%d ran", n)
	}
	h.reopen(t)
	eventually(t, "all ran", func() bool { return len(a.bodies()) == 5 })
	if seen := a.bodies(); !slices.Equal(seen[:4], want) {
		t.Errorf("the app saw %v", seen)
	}
}

// TestRefusalsOfTheAgent: a sender that reads problem documents gets those of
// the agent itself as such, in every answer mode.
func TestRefusalsOfTheAgent(t *testing.T) {
	r, _, _ := verifying(t, ", max_body: 1KiB")
	const accept = "Accept: application/problem+json\r\n"
	for _, mode := range []string{answerHold, answerThrough} {
		for _, tt := range []struct {
			s      sent
			status int
		}{
			{sent{line: "POST /nowhere"}, 404},
			{sent{line: "POST /github"}, 401},
			{sent{line: "POST /github", body: strings.Repeat("x", 2000)}, 413},
		} {
			tt.s.mode, tt.s.fields = mode, accept
			g := r.must(t, tt.s)
			if g.status != tt.status || g.kind != "application/problem+json" || !strings.Contains(g.body, fmt.Sprintf(`"status":%d,"detail":"`, tt.status)) {
				t.Errorf("%s %s: %+v", mode, tt.s.line, g)
			}
			tt.s.fields, tt.s.id = "", ""
			if g := r.must(t, tt.s); g.status != tt.status || !strings.HasPrefix(g.kind, "text/plain") {
				t.Errorf("%s %s: %+v", mode, tt.s.line, g)
			}
		}
	}
}
