package history

import (
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// clocks are a wall clock that tests set and a clock that goes on steadily.
type clocks struct {
	mu   sync.Mutex // guards what follows
	wall time.Time
	ran  time.Duration
}

func (c *clocks) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall
}

func (c *clocks) since() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ran
}

// set sets the clock on the wall forward.
func (c *clocks) set(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(by)
}

func (c *clocks) options(keep time.Duration) Options {
	return Options{
		Keep: keep, PruneEvery: time.Hour, Linger: -1,
		Now: c.now, since: c.since,
	}
}

// pass lets both go on.
func (c *clocks) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.ran = c.wall.Add(d), c.ran+d
}

const day = 24 * time.Hour

// agentRun is a journal whose clocks a test turns.
type agentRun struct {
	t    *testing.T
	path string
	keep time.Duration
	c    *clocks
	j    *Journal
}

func newAgentRun(t *testing.T, keep time.Duration) *agentRun {
	t.Helper()
	r := &agentRun{t: t, path: filepath.Join(t.TempDir(), "history.db"), keep: keep, c: &clocks{wall: epoch}}
	r.j = openAt(t, r.path, r.c.options(keep))
	return r
}

// quiet runs f, and what the journal does by the minute before and after it.
func (r *agentRun) quiet(f func()) {
	r.t.Helper()
	check(r.t, r.j.Prune(r.t.Context()))
	f()
	check(r.t, r.j.Prune(r.t.Context()))
}

// restart closes the journal, lets the clocks do something, and opens it again.
func (r *agentRun) restart(f func()) {
	r.t.Helper()
	check(r.t, r.j.Close())
	f()
	r.j = openAt(r.t, r.path, r.c.options(r.keep))
	check(r.t, r.j.Prune(r.t.Context()))
}

// store stores delivery n as received now.
func (r *agentRun) store(n int) {
	r.t.Helper()
	d := done(n, Succeeded)
	d.Received = r.c.now()
	check(r.t, r.j.Finish(d))
	check(r.t, r.j.Flush(r.t.Context()))
}

func (r *agentRun) expect(what string, numbers ...int) {
	r.t.Helper()
	got := list(r.t, r.j, Query{Limit: 1000})
	want := testIDs(numbers...)
	if len(got) != len(want) {
		r.t.Fatalf("%s: %d deliveries, want %d", what, len(got), len(want))
	}
	diff(r.t, got, want)
}

func TestRetentionNeedsRunningTime(t *testing.T) {
	r := newAgentRun(t, 30*day)
	r.store(1)
	r.quiet(func() { r.c.pass(29 * day) })
	r.expect("a day early", 1)
	r.restart(func() { r.c.set(100 * day) }) // the machine was off
	r.expect("after 129 days, 29 of them with an agent", 1)
	r.quiet(func() { r.c.pass(2 * day) })
	r.expect("after 31 days with an agent")
}

func TestClockJumps(t *testing.T) {
	const years = 3650 * day
	for _, tt := range []struct {
		name string
		jump time.Duration
	}{
		{"ten years on", years},
		{"ten years back", -years},
		{"two hours on", 2 * time.Hour},
		{"to 1970", -epoch.Sub(time.Unix(0, 0))},
		{"beyond 2038", 15 * years / 10},
		{"a leap second", time.Second},
	} {
		for _, how := range []string{"while it runs", "while it is off"} {
			t.Run(tt.name+" "+how, func(t *testing.T) {
				r := newAgentRun(t, 30*day)
				r.store(1)
				jump := func() { r.c.set(tt.jump) }
				if how == "while it runs" {
					r.quiet(jump)
				} else {
					r.restart(jump)
				}
				r.store(2)
				left := len(list(t, r.j, Query{}))
				if left != 2 {
					t.Fatalf("the jump left %d deliveries", left)
				}
				r.quiet(func() { r.c.pass(10 * day) })
				if left := len(list(t, r.j, Query{})); left != 2 {
					t.Fatalf("%d deliveries are left after 10 days", left)
				}
				// The clock is set right again.
				r.quiet(func() { r.c.set(-tt.jump) })
				if left := len(list(t, r.j, Query{})); left != 2 {
					t.Fatalf("%d deliveries are left when the clock is right", left)
				}
				for range 5 { // and nothing is stuck
					r.quiet(func() { r.c.pass(10 * day) })
				}
				r.expect("in the end")
			})
		}
	}
}

// A forward jump keeps what is due for a day.
func TestJumpDefersPruning(t *testing.T) {
	r := newAgentRun(t, time.Hour)
	r.store(1)
	r.quiet(func() { r.c.pass(50 * time.Minute) })
	r.quiet(func() { r.c.set(2 * time.Hour) })
	r.quiet(func() { r.c.pass(20 * time.Hour) })
	r.expect("20 hours after the jump", 1)
	r.restart(func() {}) // does not forget it
	r.expect("after a restart", 1)
	r.quiet(func() { r.c.pass(5 * time.Hour) })
	r.expect("25 hours after the jump")
}

// What came late, with the time of a backlog, is kept as long as anything.
func TestBacklogIsKept(t *testing.T) {
	r := newAgentRun(t, day)
	d := done(1, Succeeded)
	d.Received = r.c.now().Add(-6 * day)
	check(t, r.j.Finish(d))
	r.quiet(func() { r.c.pass(20 * time.Hour) })
	r.expect("20 hours after it came", 1)
	r.quiet(func() { r.c.pass(5 * time.Hour) })
	r.expect("25 hours after it came")
}

// Unfinished deliveries stay whatever the clock says.
func TestUnfinishedIsNeverPruned(t *testing.T) {
	r := newAgentRun(t, time.Hour)
	for n, state := range []string{Received, Running, Waiting} {
		d := numbered(n)
		d.State = state
		check(t, r.j.Begin(d, true))
	}
	r.quiet(func() { r.c.pass(3650 * day) })
	r.quiet(func() { r.c.pass(2 * day) })
	r.expect("after ten years", 2, 1, 0)
	r.j.SetRetention(-1, 1) // nor for want of room
	check(t, r.j.Prune(t.Context()))
	r.expect("without room", 2, 1, 0)
}

func TestSpansAreBounded(t *testing.T) {
	r := newAgentRun(t, day)
	for n := range 3000 {
		r.store(n)
		r.c.pass(10 * time.Minute)
	}
	r.quiet(func() {})
	r.restart(func() {})
	if n := len(r.j.w.spans.list); n > int(rememberFor/(10*time.Minute))+2 {
		t.Errorf("%d spans", n)
	}
}

// The clock that nobody sets goes on.
func TestSince(t *testing.T) {
	since := newSince()
	before, began := since(), time.Now()
	for time.Since(began) < 2*time.Millisecond {
	}
	if got := since() - before; got < time.Millisecond || got > time.Minute {
		t.Errorf("%s have passed", got)
	}
}
