package feed

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Crew does what may take time beside the goroutine of the user interface, and
// brings the outcome back to it. Everything else of the app runs on that goroutine
// alone, so that nothing of it needs a lock. Its methods are safe on any goroutine.
type Crew struct {
	ctx   context.Context
	later func(func())
	work  sync.WaitGroup
}

// NewCrew returns one that works until ctx ends. later has a function called on
// the goroutine of the user interface, in order, and does not wait for it.
func NewCrew(ctx context.Context, later func(func())) *Crew {
	return &Crew{ctx: ctx, later: later}
}

// Go runs work beside the user interface, and what it returns, unless that is nil,
// on its goroutine. The context ends with the app.
func (c *Crew) Go(work func(ctx context.Context) (then func())) {
	c.work.Go(func() {
		if c.ctx.Err() != nil {
			return
		}
		if then := work(c.ctx); then != nil {
			c.Do(then)
		}
	})
}

// Do runs f on the goroutine of the user interface, later.
func (c *Crew) Do(f func()) {
	c.later(func() {
		if c.ctx.Err() == nil {
			f()
		}
	})
}

// After runs f on the goroutine of the user interface after d, unless stop is
// called before. A later call of stop does nothing.
func (c *Crew) After(d time.Duration, f func()) (stop func()) {
	// No context tells that it was stopped: the one of the app would keep each of
	// them to the end, and this is called many times a second.
	var stopped atomic.Bool
	timer := time.AfterFunc(d, func() {
		c.Do(func() {
			if !stopped.Load() {
				f()
			}
		})
	})
	return func() {
		stopped.Store(true)
		timer.Stop()
	}
}

// Wait waits for all that was begun with Go. The context has to have ended.
func (c *Crew) Wait() { c.work.Wait() }
