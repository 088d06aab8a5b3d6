package agent

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// Of a claim that goes up and down all the time, mostChanges are logged at
	// once and one every changeEvery after that.
	mostChanges = 10
	changeEvery = 10 * time.Second

	// errandEvery is the least time between the beginnings of two errands.
	errandEvery = time.Second
)

// changes decides which changes between connected and not are logged: a relay
// that ends each link could fill a disk else. The zero value is ready. It is
// used by one goroutine.
type changes struct {
	used  int
	since time.Time // from when used is reckoned
	quiet bool      // the last change was not to be logged
}

// allow reports whether a change is to be logged.
func (c *changes) allow(now time.Time) bool {
	if back := int(now.Sub(c.since) / changeEvery); back > 0 {
		c.used, c.since = max(c.used-back, 0), now
	}
	if c.quiet = c.used >= mostChanges; !c.quiet {
		c.used++
	}
	return !c.quiet
}

// logChange logs that the claim is connected or not, one that is not loud for
// those only who want to see everything.
func (k *keeper) logChange(ctx context.Context, loud bool, what string, args ...any) {
	level := slog.LevelInfo
	if !loud {
		level = slog.LevelDebug
	}
	k.log.Log(ctx, level, what, append([]any{"claim", k.claim.Name}, args...)...)
}

// errand does one thing at a time, and not all the time: asked for while it
// runs it is done once more behind that, the way it was asked for last.
type errand struct {
	wg sync.WaitGroup

	mu   sync.Mutex // guards the rest
	busy bool
	next func()
}

// do has f run on a goroutine of the errand's.
func (e *errand) do(ctx context.Context, f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next = f
	if !e.busy {
		e.busy = true
		e.wg.Go(func() { e.run(ctx) })
	}
}

func (e *errand) run(ctx context.Context) {
	rest := time.NewTicker(errandEvery)
	defer rest.Stop()
	for f := e.take(); f != nil; f = e.take() {
		f()
		select {
		case <-rest.C:
		case <-ctx.Done():
		}
	}
}

// take returns what is to be done next, nil for nothing.
func (e *errand) take() func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.next
	e.next, e.busy = nil, f != nil
	return f
}

// wait returns when nothing runs. No do may follow.
func (e *errand) wait() { e.wg.Wait() }
