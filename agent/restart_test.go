package agent

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/agent/history"
)

// begun leaves a delivery behind in the state that a crash leaves it in.
func begun(t testing.TB, j *history.Journal, s sent, starts int) {
	t.Helper()
	if err := j.Begin(stored(t, s), true); err != nil {
		t.Fatal(err)
	}
	_, route, _ := strings.Cut(s.line, "/")
	for n := range starts {
		begin(t, j, s.id, n+1, route)
	}
}

// begin writes down that the forward handler of a route begins.
func begin(t testing.TB, j *history.Journal, id string, number int, route string) {
	t.Helper()
	a := history.Attempt{Number: number, Route: route, Handler: "forward", Started: time.Now(), Exit: -1}
	if _, err := j.Start(id, a, true); err != nil {
		t.Fatal(err)
	}
}

// TestUnfinishedGoesOn: what an agent before has written down runs, in the
// order of the relay's queue, with a count of the run that was cut off.
func TestUnfinishedGoesOn(t *testing.T) {
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(200) })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	var ids, want []string
	h.crashed(t, func(j *history.Journal) {
		for i := range 20 {
			ids, want = append(ids, newID()), append(want, fmt.Sprint(i))
			after := "none"
			if i > 0 {
				after = ids[i-1]
			}
			starts := 0
			if i == 0 {
				starts = 1
			}
			begun(t, j, sent{id: ids[i], line: "POST /app", body: want[i], after: after}, starts)
		}
	})
	h = openHome(t, h.dir)
	for i, id := range ids {
		rec := h.record(t, id, "succeeded")
		if i == 0 {
			if len(rec.Log) != 2 || rec.Log[0].Error != history.Interrupted || rec.Log[1].Status != 200 || rec.Attempts != 2 || rec.Starts != 2 {
				t.Errorf("the one that ran: %+v", rec)
			}
		} else if rec.Attempts != 1 {
			t.Errorf("%d: %+v", i, rec.Delivery)
		}
	}
	if seen := a.bodies(); !slices.Equal(seen, want) {
		t.Errorf("the app saw %v", seen)
	}
}

// TestPoisonIsQuarantined: what the agent has died of twice is not run a third
// time, unless the user wants it.
func TestPoisonIsQuarantined(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	id := newID()
	h.crashed(t, func(j *history.Journal) {
		begun(t, j, sent{id: id, line: "POST /app"}, 1)
		// The agent after that has written down what it found, and died too.
		if err := j.Finish(&history.Record{
			Delivery: history.Delivery{ID: id, State: history.Waiting, Attempts: 1},
			Log:      []history.Attempt{{Number: 1, Exit: -1, Error: history.Interrupted}},
		}); err != nil {
			t.Fatal(err)
		}
		begin(t, j, id, 2, "app")
	})
	h = openHome(t, h.dir)
	if rec := h.record(t, id, "dead"); !strings.HasPrefix(rec.Reason, "quarantined: ") || rec.Attempts != 2 || len(rec.Log) != 2 {
		t.Errorf("%+v", rec)
	}
	if n := len(a.bodies()); n > 0 {
		t.Errorf("it ran %d times", n)
	}
	if d, err := h.client.Retry(t.Context(), id); err != nil || d.State == "dead" {
		t.Fatalf("%+v, %v", d, err)
	}
	if rec := h.record(t, id, "succeeded"); rec.Attempts != 3 || len(a.bodies()) != 1 {
		t.Errorf("%+v", rec.Delivery)
	}
}

// TestAtMostOnce: a delivery that ran when the agent died is given up.
func TestAtMostOnce(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", ", at_most_once: true")))
	started, waited := newID(), newID()
	h.crashed(t, func(j *history.Journal) {
		begun(t, j, sent{id: started, line: "POST /app"}, 1)
		begun(t, j, sent{id: waited, line: "POST /app"}, 0)
	})
	h = openHome(t, h.dir)
	if rec := h.record(t, started, "dead"); !strings.HasPrefix(rec.Reason, "interrupted") {
		t.Errorf("%+v", rec.Delivery)
	}
	h.record(t, waited, "succeeded")
	if n := len(a.bodies()); n != 1 {
		t.Errorf("the app was asked %d times", n)
	}
}

// TestStopDoesNotCount: a delivery that the end of the agent has cut off goes on
// in the next one, however often that happens.
func TestStopDoesNotCount(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for scripts to be ended")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho run >>"+dir+"/runs\n[ -e "+dir+"/go ] || exec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf("  - {name: s, claim: garage, match: /s, unverified: true, script: {command: [%q]}}\n", script)))
	id := newID()
	r.must(t, sent{id: id, line: "POST /s", after: "none"})
	for n := 1; n <= 3; n++ {
		eventually(t, "the script runs", func() bool {
			text, _ := os.ReadFile(filepath.Join(dir, "runs"))
			return strings.Count(string(text), "run") == n
		})
		h.Abort()
		h = h.reopen(t)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.Abort()
	h = h.reopen(t)
	if rec := h.record(t, id, "succeeded"); rec.Attempts < 4 {
		t.Errorf("%+v", rec.Delivery)
	}
}

// TestClaimIsGone: what is left of a claim that was taken out of the
// configuration ends where it can be seen.
func TestClaimIsGone(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", respondRoute))
	gone, nowhere := newID(), newID()
	h.crashed(t, func(j *history.Journal) {
		rec := stored(t, sent{id: gone})
		rec.Claim = "attic"
		if err := j.Begin(rec, true); err != nil {
			t.Fatal(err)
		}
		begun(t, j, sent{id: nowhere, line: "POST /nowhere"}, 0)
	})
	h = openHome(t, h.dir)
	if rec := h.record(t, gone, "dead"); !strings.Contains(rec.Reason, `"attic"`) {
		t.Errorf("%+v", rec.Delivery)
	}
	h.record(t, nowhere, "rejected")
}

// TestRetriesSurvive: a delivery whose next attempt is to come waits on in the
// next agent, and never longer than the longest pause.
func TestRetriesSurvive(t *testing.T) {
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			w.WriteHeader(503)
		}
	})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	id, mad := newID(), newID()
	r.must(t, sent{id: id, line: "POST /app", mode: answerStore, after: "none"})
	rec := h.record(t, id, "waiting")
	if due := time.Until(rec.Due); due < 2*time.Second || due > 7*time.Second || rec.Attempts != 1 || rec.Reason != "the handler answered 503" {
		t.Errorf("due in %s: %+v", due, rec.Delivery)
	}
	h.crashed(t, func(j *history.Journal) {
		begun(t, j, sent{id: mad, line: "POST /app"}, 1)
		if err := j.Finish(&history.Record{Delivery: history.Delivery{
			ID: mad, State: history.Waiting, Attempts: 1, Due: time.Now().AddDate(10, 0, 0),
		}, Log: []history.Attempt{{Number: 1, Route: "app", Handler: "forward", Status: 503, Exit: -1}}}); err != nil {
			t.Fatal(err)
		}
	})
	h = openHome(t, h.dir)
	eventually(t, "both wait", func() bool {
		_, waiting := h.inbox.executor.queue()
		return waiting == 2
	})
	for _, id := range []string{id, mad} {
		if d, err := h.client.Retry(t.Context(), id); err != nil {
			t.Errorf("%+v, %v", d, err)
		}
		if rec := h.record(t, id, "succeeded"); rec.Attempts != 2 || rec.Reason != "succeeded at attempt 2" {
			t.Errorf("%+v", rec.Delivery)
		}
	}
}

// TestGapIsWaitedFor: the last deliveries before a crash are written down side
// by side. One that is missing before another is with the relay still, and runs
// first; what had no run leads on to the one before it.
func TestGapIsWaitedFor(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	missing, twin, last := newID(), newID(), newID()
	h.crashed(t, func(j *history.Journal) {
		d := stored(t, sent{id: twin, line: "POST /app", body: "twin", after: missing})
		d.State, d.DuplicateOf = history.Duplicate, newID()
		if err := j.Begin(d, true); err != nil {
			t.Fatal(err)
		}
		begun(t, j, sent{id: last, line: "POST /app", body: "last", after: twin}, 0)
	})
	h = openHome(t, h.dir)
	eventually(t, "the last one waits", func() bool {
		h.inbox.executor.mu.Lock()
		defer h.inbox.executor.mu.Unlock()
		l := h.inbox.executor.lines[lane{claim: "garage"}]
		return l != nil && l.gap != nil && l.gap.id == missing
	})
	r.must(t, sent{id: missing, line: "POST /app", body: "missing", after: "none"})
	h.record(t, last, "succeeded")
	if seen := a.bodies(); !slices.Equal(seen, []string{"missing", "last"}) {
		t.Errorf("the app saw %v", seen)
	}
}

// TestLinesOfAnotherKindHaveNoGaps: where order does not matter nothing waits.
func TestLinesOfAnotherKindHaveNoGaps(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", ", parallel: 2")))
	safe, wide := newID(), newID()
	h.crashed(t, func(j *history.Journal) {
		begun(t, j, sent{id: safe, line: "GET /app", after: newID()}, 0)
		begun(t, j, sent{id: wide, line: "POST /app", after: newID()}, 0)
	})
	h = openHome(t, h.dir)
	h.record(t, safe, "succeeded")
	h.record(t, wide, "succeeded")
}
