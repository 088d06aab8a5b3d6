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

	"homehook/agent/control"
	"homehook/agent/history"
)

// two is a route whose first handler is one app and whose second is another.
func two(name string, first, second *app, more string) string {
	return fmt.Sprintf("  - {name: %[1]s, claim: garage, match: /%[1]s, unverified: true, forward: {to: %[2]q}, also: [{forward: {to: %[3]q}}]%[4]s}\n",
		name, first.URL, second.URL, more)
}

func answeringWith(t testing.TB, status int) *app {
	return startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "answer %d", status)
	})
}

// ran says of each attempt of a delivery what it was and what it came to.
func ran(rec *control.Record) (list []string) {
	for _, a := range rec.Log {
		list = append(list, fmt.Sprintf("%d %s/%d %d", a.Number, a.Route, a.Place, a.Status))
	}
	return list
}

// TestAlsoRunsBehind: the handler that makes the answer is the first one; the
// others run behind it over the same body, in every answer mode, and each run is
// an attempt.
func TestAlsoRunsBehind(t *testing.T) {
	for _, mode := range []string{answerHold, answerStore, answerThrough} {
		t.Run(mode, func(t *testing.T) {
			first, second := answeringWith(t, 201), answeringWith(t, 202)
			third := answeringWith(t, 204)
			r := startRelay(t, "127.0.0.1:0", "hh_secret")
			h := startHome(t, storing(r.addr, ", answer: "+mode, two("x", first, second, ", continue: true")+
				fmt.Sprintf("  - {name: rest, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", third.URL)))
			s := sent{id: newID(), mode: mode, line: "POST /x", body: "the body"}
			if g := r.must(t, s); mode != answerStore && (g.status != 201 || g.body != "answer 201") {
				t.Errorf("%+v", g)
			}
			rec := h.record(t, s.id, "succeeded")
			if got, want := ran(rec), []string{"1 x/0 201", "2 x/1 202", "3 rest/0 204"}; !slices.Equal(got, want) {
				t.Errorf("%v", got)
			}
			for i, a := range []*app{first, second, third} {
				if got := a.bodies(); !slices.Equal(got, []string{"the body"}) {
					t.Errorf("app %d saw %q", i+1, got)
				}
			}
			if rec.Route != "x" || rec.Attempts != 3 || len(rec.Trace) != 2 || !rec.Trace[1].Took || rec.Reason != "" {
				t.Errorf("%+v, trace %+v", rec.Delivery, rec.Trace)
			}
		})
	}
}

// TestEachHandlerIsTriedAgain: what has succeeded does not run again because
// another handler fails, and one that is given up keeps no other from going on.
func TestEachHandlerIsTriedAgain(t *testing.T) {
	good, refuses := answeringWith(t, 200), answeringWith(t, 400)
	later := startApp(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n <= 2 {
			w.WriteHeader(503)
		}
	})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", two("one", good, later, "")+two("two", refuses, later, "")))
	one := sent{id: newID(), line: "POST /one", after: "none"}
	r.must(t, one)
	rec := h.record(t, one.id, "waiting")
	if !strings.Contains(rec.Reason, `forward (handler 2 of route "one"): the handler answered 503`) || rec.Attempts != 2 {
		t.Errorf("%+v", rec.Delivery)
	}
	for n := 3; n <= 4; n++ {
		if _, err := h.client.Retry(t.Context(), one.id); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it was tried", func() bool {
			rec, err := h.client.Delivery(t.Context(), one.id)
			return err == nil && rec.Attempts == n && rec.State != history.Running
		})
	}
	rec = h.record(t, one.id, "succeeded")
	if got, want := ran(rec), []string{"1 one/0 200", "2 one/1 503", "3 one/1 503", "4 one/1 200"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if !strings.Contains(rec.Reason, "handler 2") || !strings.Contains(rec.Reason, "succeeded at attempt 3") || len(good.bodies()) != 1 {
		t.Errorf("%+v, %q", rec.Delivery, good.bodies())
	}

	// The first is given up at once, the second succeeds.
	s := sent{id: newID(), line: "POST /two", after: "none"}
	r.must(t, s)
	rec = h.record(t, s.id, "dead")
	if got, want := ran(rec), []string{"1 two/0 400", "2 two/1 200"}; !slices.Equal(got, want) || !rec.Log[0].GivenUp || rec.Log[1].GivenUp {
		t.Errorf("%v: %+v", got, rec.Log)
	}
	if want := `forward (handler 1 of route "two"): the handler answered 400`; rec.Reason != want {
		t.Errorf("reason %q", rec.Reason)
	}
	// The user has it retried: only what has not succeeded.
	if _, err := h.client.Retry(t.Context(), s.id); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it ran again", func() bool { return len(refuses.bodies()) == 2 })
	rec = h.record(t, s.id, "dead")
	if got, want := ran(rec), []string{"1 two/0 400", "2 two/1 200", "3 two/0 400"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	// A replay is another delivery: all of it runs.
	copied, err := h.client.Replay(t.Context(), s.id, control.Replay{})
	if err != nil || copied.State != history.Dead || len(copied.Log) != 2 {
		t.Errorf("%+v, %v", copied, err)
	}
}

// TestCrashBetweenHandlers: what an agent that died has left goes on with the
// handlers that have not succeeded.
func TestCrashBetweenHandlers(t *testing.T) {
	first, second := answeringWith(t, 200), answeringWith(t, 200)
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", two("x", first, second, "")+two("once", first, second, ", at_most_once: true")))
	ok := func(route string, place int) history.Attempt {
		return history.Attempt{Number: 1 + place, Route: route, Handler: "forward", Place: place, Started: time.Now(), Status: 200, Exit: -1}
	}
	open := func(number int, route string, place int) history.Attempt {
		a := ok(route, place)
		a.Number, a.Status = number, 0
		return a
	}
	cut := open(2, "x", 1)
	cut.Error = history.Interrupted
	for _, tt := range []struct {
		name, route   string
		log           []history.Attempt // that have ended
		open          *history.Attempt
		state         string
		reason        string
		first, second int // how often they run
	}{
		{"between the two", "x", []history.Attempt{ok("x", 0)}, nil, "succeeded", "", 0, 1},
		{"in the first", "x", nil, new(open(1, "x", 0)), "succeeded", "attempt 2", 1, 1},
		{"in the second", "x", []history.Attempt{ok("x", 0)}, new(open(2, "x", 1)), "succeeded", "attempt 2", 0, 1},
		{"in the second, twice", "x", []history.Attempt{ok("x", 0), cut}, new(open(3, "x", 1)), "dead", "handler 2 of route \"x\"): quarantined", 0, 0},
		{"in the first, at most once", "once", nil, new(open(1, "once", 0)), "dead", "at most once", 0, 1},
		{"in the second, at most once", "once", []history.Attempt{ok("once", 0)}, new(open(2, "once", 1)), "dead", "at most once", 0, 0},
		{"between the two, at most once", "once", []history.Attempt{ok("once", 0)}, nil, "succeeded", "", 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			was1, was2 := len(first.bodies()), len(second.bodies())
			id := newID()
			h.crashed(t, func(j *history.Journal) {
				begun(t, j, sent{id: id, line: "POST /" + tt.route, body: "b"}, 0)
				for _, a := range tt.log {
					if _, err := j.Start(id, a, true); err != nil {
						t.Fatal(err)
					}
					if err := j.Finish(&history.Record{Delivery: history.Delivery{ID: id, State: history.Running, Attempts: a.Number}, Log: []history.Attempt{a}}); err != nil {
						t.Fatal(err)
					}
				}
				if tt.open != nil {
					if _, err := j.Start(id, *tt.open, true); err != nil {
						t.Fatal(err)
					}
				}
			})
			h = openHome(t, h.dir)
			rec := h.record(t, id, tt.state)
			if !strings.Contains(rec.Reason, tt.reason) || tt.reason == "" && rec.Reason != "" {
				t.Errorf("reason %q", rec.Reason)
			}
			if n1, n2 := len(first.bodies())-was1, len(second.bodies())-was2; n1 != tt.first || n2 != tt.second {
				t.Errorf("they ran %d and %d times: %v", n1, n2, ran(rec))
			}
			for i, a := range rec.Log {
				if a.Number != i+1 || a.Status == 0 && a.Error != history.Interrupted {
					t.Errorf("attempt %+v", a)
				}
			}
			r.forget()
		})
	}
}

// TestStopBetweenHandlers: an agent that stops begins no further handler, and the
// next one goes on with those that are left.
func TestStopBetweenHandlers(t *testing.T) {
	entered, release := make(chan struct{}, 8), make(chan struct{})
	first := startApp(t, func(http.ResponseWriter, *http.Request, int) {
		entered <- struct{}{}
		<-release
	})
	second := answeringWith(t, 200)
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", two("x", first, second, "")))
	s := sent{id: newID(), line: "POST /x", after: "none"}
	r.must(t, s)
	<-entered
	h.stopHandlers()
	close(release)
	rec := h.record(t, s.id, "waiting")
	if got := ran(rec); !slices.Equal(got, []string{"1 x/0 200"}) || !strings.Contains(rec.Reason, "the agent stopped before its turn") {
		t.Errorf("%v: %q", got, rec.Reason)
	}
	h = h.reopen(t)
	if rec := h.record(t, s.id, "succeeded"); len(first.bodies()) != 1 || len(second.bodies()) != 1 || rec.Attempts != 2 {
		t.Errorf("%+v", rec.Delivery)
	}
}

// TestAttemptIsOfTheHandler: a script is told how often it itself has been tried.
func TestAttemptIsOfTheHandler(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	text := "#!/bin/sh\ncat >/dev/null\necho \"$1 $HOMEHOOK_ATTEMPT\" >>" + dir + "/runs\n[ $1 = b ] && [ $HOMEHOOK_ATTEMPT = 1 ] && exit 75\nexit 0\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf("  - {name: s, claim: garage, match: /s, unverified: true, script: {command: [%[1]q, a]}, also: [{script: {command: [%[1]q, b]}}]}\n", script)))
	s := sent{id: newID(), line: "POST /s", after: "none"}
	r.must(t, s)
	h.record(t, s.id, "waiting")
	if _, err := h.client.Retry(t.Context(), s.id); err != nil {
		t.Fatal(err)
	}
	h.record(t, s.id, "succeeded")
	runs, _ := os.ReadFile(filepath.Join(dir, "runs"))
	if string(runs) != "a 1\nb 1\nb 2\n" {
		t.Errorf("%q", runs)
	}
}
