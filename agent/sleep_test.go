package agent

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestWatchSleep moves the clocks as systems do when they sleep.
func TestWatchSleep(t *testing.T) {
	for _, tt := range []struct {
		name      string
		wall, run time.Duration // by which the clocks jump
		want      int
	}{
		{"nothing happens", 0, 0, 0},
		{"an hour's sleep that does not count as running", time.Hour, 0, 1},
		{"an hour's sleep that does", time.Hour, time.Hour, 1},
		{"the process was stopped", 30 * time.Second, 30 * time.Second, 1},
		{"the machine was busy", 2 * time.Second, 2 * time.Second, 0},
		{"the calendar was set back", -time.Hour, 0, 0},
		{"stopped while the calendar was set back", -time.Hour, 30 * time.Second, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var wall, run time.Duration
				began := time.Now()
				c := clock{
					now:  func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Round(0).Add(wall) },
					runs: func() time.Duration { mu.Lock(); defer mu.Unlock(); return time.Since(began) + run },
				}
				ctx, cancel := context.WithCancel(t.Context())
				var woke []time.Duration
				done := make(chan struct{})
				go func() {
					defer close(done)
					watchSleep(ctx, c, func(slept time.Duration) { woke = append(woke, slept) })
				}()
				time.Sleep(time.Minute)
				mu.Lock()
				wall, run = tt.wall, tt.run
				mu.Unlock()
				time.Sleep(napEvery)
				synctest.Wait()
				if len(woke) != tt.want {
					t.Errorf("woke after %v, want %d times", woke, tt.want)
				}
				time.Sleep(time.Minute)
				cancel()
				<-done
				if len(woke) != tt.want {
					t.Errorf("woke again: %v", woke)
				}
				if d := max(tt.wall, tt.run); tt.want > 0 && (woke[0] < d-napEvery || woke[0] > d+napEvery) {
					t.Errorf("slept for %v, want about %v", woke[0], d)
				}
			})
		})
	}
}

// TestReckon has timers that stood still come to their time by the calendar.
func TestReckon(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			w.WriteHeader(503)
		}
	})
	h := startHome(t, storing(r.addr, "", a.route("app", ", background: true")))
	id := newID()
	r.must(t, sent{id: id, line: "POST /app"})
	e := h.inbox.executor
	eventually(t, "it waits for its next attempt", func() bool { _, waiting := e.queue(); return waiting == 1 })
	// A sleep: the time has come, and the timer does not know.
	e.mu.Lock()
	for _, j := range e.waiting {
		j.timer.Reset(time.Hour)
		j.at = time.Now().Round(0).Add(-time.Minute)
	}
	e.mu.Unlock()
	if err := h.pause(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(100 * time.Millisecond)
	h.mu.Lock()
	h.pauseLocked(until)
	h.pausing.timer.Reset(time.Hour)
	h.mu.Unlock()
	eventually(t, "the pause should be over", func() bool { return time.Now().After(until) })
	h.reckon()
	eventually(t, "it has succeeded", func() bool { return len(a.bodies()) == 2 })
	h.record(t, id, "succeeded")
}
