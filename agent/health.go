package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// healthWait is how long an agent that works may take to show it. A disk may
// keep the journal busy for seconds.
const healthWait = 20 * time.Second

// errNotRunning is what an agent says of its health that does not run, or not
// any more.
var errNotRunning = errors.New("the agent does not run")

// Healthy returns nil if the agent can do its work: its locks can be had, the
// journal answers, and no delivery that could have its turn is left without. The
// error names what does not go on. It is for a watchdog that starts the agent
// anew, so nothing counts that this would not cure: relays that are away, a
// keyring that is locked, a full disk. It costs microseconds, takes 20 s at most
// and less if ctx ends, and any goroutine may call it.
func (a *Agent) Healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	if err := lockable(ctx, &a.mu); err != nil {
		return fmt.Errorf("the agent's lock is stuck: %w", err)
	}
	base := a.base
	a.mu.Unlock()
	if base == nil || base.Err() != nil {
		return errNotRunning
	}
	e := a.inbox.executor
	if err := lockable(ctx, &e.mu); err != nil {
		return fmt.Errorf("the lock of the lines is stuck: %w", err)
	}
	forgotten := e.forgottenLocked()
	e.mu.Unlock()
	if forgotten != nil {
		return fmt.Errorf("the line of claim %q has stopped: a delivery could run, and none does", forgotten.claim)
	}
	if err := a.journal.Answers(ctx); err != nil {
		return fmt.Errorf("the history does not answer: %w", err)
	}
	return nil
}

// lockable takes a lock, or gives up at the end of ctx. A goroutine that waited
// in Lock instead would stay for ever with a lock that is stuck.
func lockable(ctx context.Context, mu *sync.Mutex) error {
	for wait := time.Millisecond; !mu.TryLock(); wait = min(2*wait, 50*time.Millisecond) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	return nil
}

// forgottenLocked returns a line in which a job could have its turn and none
// runs, which cannot be: whoever changes a line gives the turns that follow.
func (e *executor) forgottenLocked() *line {
	for _, l := range e.lines {
		if e.idleLocked(l) || l.running > 0 || l.jobs.Len() == 0 {
			continue
		}
		j := l.jobs.Front().Value.(*job)
		if j.ready && (l.gap == nil || l.gap.before != j) && l.parallel > 0 {
			return l
		}
	}
	return nil
}
