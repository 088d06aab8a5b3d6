package relay

import (
	"time"

	"homehook/http1"
)

// leastPollWait is the least time that a request waits for a poll while a lease
// lives.
const leastPollWait = 5 * time.Second

// waiter is a request in line for a link. One lives with each sender's
// connection and is used again and again.
type waiter struct {
	hand  chan *link // holds one; nil means that the claim was released
	timer *time.Timer
	until time.Time // when this request's patience ends; zero before it waits first

	tunnel bool   // only a link will do that carries a switch of protocols
	not    string // a dialect that cannot carry the request

	queued     bool // in the line of a claim; guarded by the claim's mu, like the next two
	prev, next *waiter
}

// reset prepares for the next request.
func (w *waiter) reset() { w.until, w.tunnel, w.not = time.Time{}, false, "" }

// picky reports whether not every link will do.
func (w *waiter) picky() bool { return w.tunnel || w.not != "" }

// takes reports whether a link will do.
func (w *waiter) takes(l *link) bool {
	return (!w.tunnel || l.traits.Tunnels) && (w.not == "" || l.traits.Dialect != w.not)
}

// take returns a link for one exchange: one at rest if there is one, else
// the first that comes free while the waiter has patience. The caller gives it
// back with put or drop.
func (c *claim) take(w *waiter) (*link, error) {
	for {
		c.mu.Lock()
		n := len(c.idle)
		if w.picky() {
			n = c.lastFor(w)
		}
		if n == 0 {
			l, err := c.takeNext(w)
			if err != nil || l.traits.Ours && !l.traits.Once || l.sound() {
				return l, err
			}
			c.drop(l)
			continue
		}
		l := c.idle[n-1]
		copy(c.idle[n-1:], c.idle[n:])
		c.idle[len(c.idle)-1] = nil
		c.idle = c.idle[:len(c.idle)-1]
		c.mu.Unlock()
		if l.sound() {
			return l, nil
		}
		c.drop(l)
	}
}

// lastFor returns the place behind the last link at rest that will do for a
// waiter, 0 when there is none.
func (c *claim) lastFor(w *waiter) int {
	n := len(c.idle)
	for n > 0 && !w.takes(c.idle[n-1]) {
		n--
	}
	return n
}

// waiterFor returns the first in line for whom a link will do.
func (c *claim) waiterFor(l *link) *waiter {
	w := c.first
	for w != nil && !w.takes(l) {
		w = w.next
	}
	return w
}

// sound reports whether a link that comes from rest can be used. What it got
// unasked must never be taken for the answer to a request, and a look spares
// the sender of a POST a 502 when the agent has just gone. Under load a link
// rests for a moment only, and the look is left out.
func (l *link) sound() bool {
	return l.traits.Ours && l.Used() && time.Since(l.IdleSince()) < freshFor || l.Check() == http1.PeerSilent
}

// takeNext stands in line. It is called with c.mu held, and releases it.
func (c *claim) takeNext(w *waiter) (*link, error) {
	now := time.Now()
	if w.until.IsZero() {
		w.until = now.Add(c.patience())
	}
	if err := c.mayWaitLocked(w, now); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	c.linkLocked(w)
	c.mu.Unlock()
	if w.timer == nil {
		w.timer = time.NewTimer(w.until.Sub(now))
	} else {
		w.timer.Reset(w.until.Sub(now))
	}
	defer w.timer.Stop()
	select {
	case l := <-w.hand:
		return handed(l)
	case <-w.timer.C:
	}
	c.mu.Lock()
	late := w.queued
	if late {
		c.unlinkLocked(w)
	}
	c.mu.Unlock()
	if late {
		return nil, c.whyNone(w)
	}
	return handed(<-w.hand)
}

// patience is how long a request waits for a link. Agents that poll for each
// request, and pause before they do, get time for it.
func (c *claim) patience() time.Duration {
	if c.leased() {
		return max(c.pool.wait, leastPollWait)
	}
	return c.pool.wait
}

func handed(l *link) (*link, error) {
	if l == nil {
		return nil, errUnknown
	}
	return l, nil
}

func (c *claim) mayWaitLocked(w *waiter, now time.Time) error {
	switch {
	case c.ended:
		return errUnknown
	case c.awayLocked(), c.draining && len(c.all) == 0:
		return errAway
	case w.picky() && c.noneForLocked(w):
		return cannotReason(w)
	case int(c.queued.Load()) >= c.pool.waiting:
		return errCrowded
	case !now.Before(w.until):
		return errBusy
	}
	if w.hand == nil {
		w.hand = make(chan *link, 1)
	}
	return nil
}

// noneForLocked reports whether there are links, and none that will do.
func (c *claim) noneForLocked(w *waiter) bool {
	for _, l := range c.all {
		if w.takes(l) {
			return false
		}
	}
	return len(c.all) > 0
}

// giveUp sends a waiter away, if it is in line.
func (c *claim) giveUp(w *waiter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.queued {
		c.unlinkLocked(w)
		w.hand <- nil
	}
}

// serves reports whether some link will do for a waiter.
func (c *claim) serves(w *waiter) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.noneForLocked(w)
}

// cannotReason is what the sender hears of a request for which no link will do.
func cannotReason(w *waiter) *refusal {
	if w.tunnel {
		return errNoTunnel
	}
	return errCannot
}

// whyNone tells a busy agent from one that is away, and from one that has not
// polled in time.
func (c *claim) whyNone(w *waiter) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case w.picky() && c.noneForLocked(w):
		return cannotReason(w)
	case c.leased() && c.polledOnlyLocked():
		return errNoPoller
	case len(c.all) > 0:
		return errBusy
	}
	return errAway
}

func (c *claim) linkLocked(w *waiter) {
	w.queued, w.prev, w.next = true, c.last, nil
	if c.last != nil {
		c.last.next = w
	} else {
		c.first = w
	}
	c.last = w
	c.queued.Add(1)
}

func (c *claim) unlinkLocked(w *waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		c.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		c.last = w.prev
	}
	w.queued, w.prev, w.next = false, nil, nil
	c.queued.Add(-1)
}
