package agent

import (
	"fmt"
	"slices"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
)

// schedule has a job run at a time, in the line that it came from. Who waits for
// a time is written down and gets a turn once that has come: a job in a line that
// can have none stops all behind it. It is never longer from now than the
// longest pause between attempts, whatever the clock was when the time was
// fixed.
func (e *executor) schedule(j *job, in lane, due time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return
	}
	j.line, j.ready = e.lineLocked(in), true
	e.waiting[j.id] = j
	j.hurried, j.at = false, due.Round(0)
	j.timer = time.AfterFunc(pauseUntil(time.Now(), due), func() { e.wake(j.id, false) })
}

// wake puts a job whose time has come into its line, before those that came
// after it. hurried says that all of it is to run now. It reports whether there
// was one.
func (e *executor) wake(id string, hurried bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	j := e.waiting[id]
	if j == nil || e.stopped {
		return false
	}
	j.timer.Stop()
	delete(e.waiting, id)
	j.hurried = hurried
	j.line.add(j, true)
	e.kickLocked(j.line)
	return true
}

// reckon sets the timers anew of all that waits for a time.
func (e *executor) reckon(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, j := range e.waiting {
		if !e.stopped && j.timer.Stop() {
			j.timer.Reset(pauseUntil(now, j.at))
		}
	}
}

// wakeUnchecked wakes the jobs that wait for a credential.
func (e *executor) wakeUnchecked() {
	e.mu.Lock()
	var ids []string
	for id, j := range e.waiting {
		if j.unchecked {
			ids = append(ids, id)
		}
	}
	e.mu.Unlock()
	for _, id := range ids {
		e.wake(id, false)
	}
}

// addWaiting adds to findings about credentials how many deliveries wait for
// each: their senders cannot be checked without.
func (e *executor) addWaiting(found []control.Finding, c *config.Config) []control.Finding {
	waiting := map[string]int{} // by route
	e.mu.Lock()
	for _, j := range e.waiting {
		if j.unchecked {
			waiting[j.route]++
		}
	}
	e.mu.Unlock()
	if len(waiting) == 0 {
		return found
	}
	for i := range found {
		f := &found[i]
		n := 0
		for k := range c.Routes {
			if s := &c.Routes[k]; f.Check == checkCredentials && slices.Contains(secretNames(s), f.Subject) {
				n += waiting[nameOf(s)]
			}
		}
		switch n {
		case 0:
		case 1:
			f.Text += "; 1 delivery waits for it"
		default:
			f.Text += fmt.Sprintf("; %d deliveries wait for it", n)
		}
	}
	return found
}
