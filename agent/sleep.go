package agent

import (
	"context"
	"time"
)

const (
	// napEvery is how often the clocks are looked at. It is part of the time in
	// which links are checked behind a sleep.
	napEvery = 2 * time.Second

	// nap is what the clocks may be apart: links outlive more than that.
	nap = 3 * time.Second
)

// clock tells the time. The zero value is the system's.
type clock struct {
	now  func() time.Time // by the calendar, which goes on while the machine sleeps
	runs func() time.Duration
}

// read returns the calendar's time and how long the machine has run. Systems
// differ in whether the latter counts sleep; a process that was stopped sees it go
// on in any case.
func (c clock) read(from time.Time) (time.Time, time.Duration) {
	if c.now != nil {
		return c.now(), c.runs()
	}
	now := time.Now()
	return now.Round(0), now.Sub(from)
}

// reckon has all that waits for a time by the calendar come to it when that is: on
// some systems timers stand still while the machine sleeps.
func (a *Agent) reckon() {
	now := time.Now().Round(0)
	a.inbox.executor.reckon(now)
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := &a.pausing; p.timer != nil && p.timer.Stop() {
		p.timer.Reset(p.until.Round(0).Sub(now))
	}
}

// watchSleep calls woke, with how long it was, whenever the machine has slept or
// the process was stopped, until ctx ends. A calendar that was set forward looks
// the same, and is taken for that.
func watchSleep(ctx context.Context, c clock, woke func(time.Duration)) {
	t := time.NewTicker(napEvery)
	defer t.Stop()
	from := time.Now()
	wall, run := c.read(from)
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		nowWall, nowRun := c.read(from)
		// Both clocks are right alone where the other one has no say.
		if slept := max(nowWall.Sub(wall), nowRun-run) - napEvery; slept > nap {
			woke(slept)
		}
		wall, run = nowWall, nowRun
	}
}
