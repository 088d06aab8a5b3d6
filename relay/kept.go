package relay

import (
	"slices"
	"time"
)

// keptAtLeast is how long a sender's own link stays with it unused, however many
// others the agent wants to open.
const keptAtLeast = 2 * time.Second

// keep lays a link to rest that belongs to a sender's connection. It reports
// false when the link is no more.
func (c *claim) keep(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hasLocked(l) {
		return false
	}
	c.kept = append(c.kept, l)
	return true
}

// resume takes a kept link for another exchange. It reports false when the link
// has been dropped since.
func (c *claim) resume(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.kept, l)
	if i < 0 {
		return false
	}
	c.kept = slices.Delete(c.kept, i, i+1)
	return true
}

// evict closes the link that a sender has kept longest and not used of late.
func (c *claim) evict() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) == 0 || time.Since(c.kept[0].IdleSince()) < keptAtLeast {
		return false
	}
	l := c.kept[0]
	c.removeLocked(l)
	l.Close()
	return true
}
