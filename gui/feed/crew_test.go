package feed_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"homehook/gui/feed"
)

// queue is a goroutine of the user interface that does what waits when it is told to.
type queue chan func()

func (q queue) run() {
	for {
		select {
		case f := <-q:
			f()
		default:
			return
		}
	}
}

func TestAfter(t *testing.T) {
	const soon = time.Second
	cases := []struct {
		name string
		// before is what happens before it is due, and late when it is, but before the
		// goroutine of the user interface comes to it.
		before, late func(stopTimer, endApp func())
		runs         int
	}{
		{name: "runs once", runs: 1},
		{name: "stopped", before: func(stop, _ func()) { stop(); stop() }},
		{name: "stopped when it is due", late: func(stop, _ func()) { stop() }},
		{name: "the app has ended", late: func(_, end func()) { end() }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, end := context.WithCancel(t.Context())
				defer end()
				q := make(queue, 8)
				runs := 0
				stop := feed.NewCrew(ctx, func(f func()) { q <- f }).After(soon, func() { runs++ })
				if c.before != nil {
					c.before(stop, end)
				}
				time.Sleep(soon - 1)
				synctest.Wait()
				q.run()
				if runs != 0 {
					t.Fatal("it ran too early")
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if c.late != nil {
					c.late(stop, end)
				}
				q.run()
				stop()
				if runs != c.runs {
					t.Errorf("it ran %d times, not %d", runs, c.runs)
				}
			})
		})
	}
}
