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
}

// take reports whether one more cause may be looked for.
func (c *causes) take(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if back := int(now.Sub(c.since) / causeEvery); back > 0 {
		c.taken, c.since = max(c.taken-back, 0), now
	}
	if c.taken >= maxCauses {
		return false
	}
	c.taken++
	return true
}
