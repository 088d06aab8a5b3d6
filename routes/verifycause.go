package routes

import (
	"sync"
	"time"
)

const (
	// maxCauses is how many failed checks of a route are looked into at once,
	// and causeEvery how long it takes until one more is.
	maxCauses  = 20
	causeEvery = time.Second
)

// causes bounds how often a route looks for the cause why a check has failed:
// it takes many times as long as the check, and any stranger can have it done.
// The zero value is ready for use.
type causes struct {
	mu    sync.Mutex
	taken int
	since time.Time // of the last one that was given back
	busy  bool      // one is being looked for
}

// take reports whether one more cause may be looked for, and none is. Who takes
// one calls done when it is found.
func (c *causes) take(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy {
		return false
	}
	if back := int(now.Sub(c.since) / causeEvery); back > 0 {
		c.taken, c.since = max(c.taken-back, 0), now
	}
	if c.taken >= maxCauses {
		return false
	}
	c.taken++
	c.busy = true
	return true
}

// done ends what take began.
func (c *causes) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = false
}
