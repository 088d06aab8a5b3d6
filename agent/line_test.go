package agent

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"homehook/agent/config"
	"homehook/routes"
)

// runs is an executor whose jobs the test ends.
type runs struct {
	*executor
	mu      sync.Mutex
	started []string
	end     map[string]chan struct{}
}

func newRuns(c *config.Config) *runs {
	r := &runs{end: make(map[string]chan struct{})}
	r.executor = newExecutor(func(j *job) bool {
		r.mu.Lock()
		r.started = append(r.started, j.id)
		end := make(chan struct{})
		r.end[j.id] = end
		r.mu.Unlock()
		<-end
		return false
	})
	r.configure(c)
	return r
}

func (r *runs) finish(ids ...string) {
	for _, id := range ids {
		r.mu.Lock()
		end := r.end[id]
		r.mu.Unlock()
		close(end)
		synctest.Wait()
	}
}

func (r *runs) want(t *testing.T, what string, ids ...string) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.started, ids) {
		t.Errorf("%s: started %v, want %v", what, r.started, ids)
	}
}

func (r *runs) add(id, route string, in lane) *job {
	j := &job{id: id, claim: in.claim, route: route}
	r.place(j, in, false)
	return j
}

var garage = lane{claim: "garage"}

func configOf(parallel int) *config.Config {
	return &config.Config{
		Claims: []config.Claim{{Name: "garage", Parallel: parallel}},
		Routes: []routes.Spec{{Name: "wide", Parallel: 2}},
	}
}

func TestLineKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns(configOf(1))
		a, b, c := r.add("a", "x", garage), r.add("b", "x", garage), r.add("c", "x", garage)
		r.ready(b, false)
		r.ready(c, false)
		r.want(t, "the first is not written down yet")
		r.ready(a, false)
		r.want(t, "one at a time", "a")
		r.finish("a")
		r.want(t, "the next", "a", "b")
		// Of another claim, and of a line of its own, nobody waits.
		r.ready(r.add("other", "x", lane{claim: "other"}), false)
		wide := lane{claim: "garage", kind: laneRoute, route: "wide"}
		for i := range 3 {
			r.ready(r.add(fmt.Sprint("w", i), "wide", wide), false)
		}
		synctest.Wait()
		slices.Sort(r.started)
		r.want(t, "beside", "a", "b", "other", "w0", "w1")
		r.configure(configOf(2))
		r.want(t, "made wider", "a", "b", "other", "w0", "w1", "c")
		r.finish("b", "c", "other", "w0", "w1", "w2")
		r.stop()
		r.wait()
	})
}

func TestLineWithdraws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns(configOf(1))
		a, b := r.add("a", "x", garage), r.add("b", "x", garage)
		r.ready(b, false)
		r.withdraw(a)
		r.want(t, "what is not to run holds nothing up", "b")
		r.finish("b")
		if l := r.lines[garage]; len(l.routes) > 0 || l.running != 0 {
			t.Errorf("left: %+v, %d run", l.routes, l.running)
		}
		r.stop()
		r.wait()
	})
}

func TestLineSkipsAndSupersedes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns(configOf(1))
		r.ready(r.add("a", "x", garage), false)
		r.want(t, "it runs", "a")
		if got := r.place(&job{id: "b", claim: "garage", route: "x"}, garage, true); got != placedBusy {
			t.Errorf("while it runs: %v", got)
		}
		if got := r.place(&job{id: "c", claim: "garage", route: "y"}, garage, true); got != placedWell {
			t.Errorf("of another route: %v", got)
		}
		d, e := r.add("d", "x", garage), r.add("e", "x", garage)
		if older := r.ready(d, true); len(older) > 0 {
			t.Errorf("what runs is superseded: %v", older)
		}
		waits := &job{id: "waits", claim: "garage", route: "x"}
		r.placeAnyway(waits, garage)
		r.withdraw(waits)
		r.schedule(waits, garage, time.Now().Add(time.Hour))
		older := r.ready(e, true)
		if len(older) != 2 || older[0] != d || older[1] != waits || len(r.waiting) > 0 {
			t.Errorf("superseded: %v, waiting %v", older, r.waiting)
		}
		r.finish("a")
		r.stop()
		r.wait()
	})
}

func TestLineIsFull(t *testing.T) {
	r := newRuns(configOf(1))
	for i := range mostInLine {
		r.add(fmt.Sprint(i), "x", garage)
	}
	if got := r.place(&job{id: "more", claim: "garage"}, garage, false); got != placedFull {
		t.Errorf("got %v", got)
	}
	r.placeAnyway(&job{id: "owed", claim: "garage"}, garage)
	if lined, _ := r.queue(); lined != mostInLine+1 {
		t.Errorf("%d in line", lined)
	}
}

func TestWaitingJobsComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns(configOf(1))
		r.schedule(&job{id: "late", claim: "garage", route: "x", ready: true}, garage, time.Now().Add(time.Hour))
		r.schedule(&job{id: "now", claim: "garage", route: "x", ready: true}, garage, time.Now().Add(-time.Hour))
		r.schedule(&job{id: "mad", claim: "garage", route: "x", ready: true}, garage, time.Now().AddDate(10, 0, 0))
		r.want(t, "the one that is due", "now")
		time.Sleep(time.Hour)
		r.want(t, "in its turn", "now")
		r.finish("now")
		r.want(t, "an hour later", "now", "late")
		r.finish("late")
		time.Sleep(longestPause)
		r.want(t, "whatever the clock was", "now", "late", "mad")
		r.finish("mad")
		if r.wake("mad", false) {
			t.Error("woken twice")
		}
		r.stop()
		r.wait()
	})
}

// TestWokenJobIsReady: one that has waited for its time is in nobody's way,
// however it came to wait.
func TestWokenJobIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns(configOf(1))
		j := r.add("a", "x", garage)
		r.withdraw(j)
		r.schedule(j, garage, time.Now().Add(time.Hour))
		r.ready(r.add("b", "x", garage), false)
		r.want(t, "meanwhile", "b")
		r.finish("b")
		if !r.wake("a", false) {
			t.Error("it does not wait")
		}
		r.want(t, "woken", "b", "a")
		r.finish("a")
		// One that nobody has checked does not count for its route until then.
		j = &job{id: "c", claim: "garage", route: "x", unchecked: true}
		r.placeAnyway(j, garage)
		r.ready(j, false)
		r.want(t, "unchecked", "b", "a", "c")
		if got := r.place(&job{id: "d", route: "x"}, garage, true); got != placedWell {
			t.Errorf("unchecked: %v", got)
		}
		r.checked(j)
		if l := r.lines[garage]; l.routes["x"] != 2 || len(l.routes) != 1 {
			t.Errorf("counted: %v", l.routes)
		}
		r.finish("c")
		r.stop()
		r.wait()
	})
}

func TestHeldLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRuns(configOf(1))
		r.hold(true)
		a, b := r.add("a", "x", garage), r.add("b", "x", garage)
		r.ready(a, false)
		r.ready(b, false)
		r.want(t, "held")
		r.ready(r.add("again", "x", lane{claim: "garage", kind: laneReplay}), false)
		r.want(t, "what the user runs is not held", "again")
		r.hold(false)
		r.want(t, "goes on", "again", "a")
		r.hold(true)
		r.finish("a")
		r.want(t, "held again", "again", "a")
		r.finish("again")
		r.stop()
		r.wait()
	})
}

// TestOldOnesComeInTheRelaysOrder: two that were written down at the same time
// may stand in the journal the other way round, and one before them may not be
// there yet.
func TestOldOnesComeInTheRelaysOrder(t *testing.T) {
	before := map[string]string{"b": "a", "c": "b", "e": "d", "f": "e", "z": "gone"}
	for _, tt := range []struct {
		name  string
		left  string // in the order of the journal
		comes string // later, in this order
		want  string
		waits time.Duration
	}{
		{"the other way round", "cba", "", "abc", 0},
		{"one is missing", "abef", "cd", "abcdef", 0},
		{"several are missing", "bef", "acd", "abcdef", 0},
		{"one never comes", "az", "", "az", predecessorWait},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var mu sync.Mutex // guards ran; what comes next is for the test alone
				var ran string
				now := func() string {
					mu.Lock()
					defer mu.Unlock()
					return ran
				}
				var e *executor
				here := map[string]bool{}
				e = newExecutor(func(j *job) bool {
					if j.old && !e.inOrder(j, before[j.id], func() bool { return !here[before[j.id]] }) {
						return true
					}
					mu.Lock()
					defer mu.Unlock()
					ran += j.id
					return false
				})
				e.configure(configOf(1))
				e.held, e.patience = true, began.Add(predecessorWait)
				for _, id := range strings.Split(tt.left, "") {
					j := &job{id: id, claim: "garage", old: true, ready: true}
					here[id] = true
					e.placeAnyway(j, garage)
					e.ready(j, false)
				}
				e.hold(false)
				synctest.Wait()
				for _, id := range strings.Split(tt.comes, "") {
					j := &job{id: id, claim: "garage"}
					e.place(j, garage, false)
					here[id] = true
					e.came("garage", id)
					synctest.Wait()
					e.ready(j, false)
					synctest.Wait()
				}
				if tt.waits > 0 {
					if now() == tt.want {
						t.Error("it did not wait")
					}
					time.Sleep(tt.waits)
					synctest.Wait()
				}
				if got := now(); got != tt.want {
					t.Errorf("ran %s, want %s", got, tt.want)
				}
				if l := e.lines[garage]; l.running != 0 || l.old != 0 || l.gap != nil || len(l.routes) > 0 {
					t.Errorf("left: %+v", l)
				}
				e.stop()
				e.wait()
			})
		})
	}
}
