package relay

import (
	"time"

	"homehook/http1"
)

// waiter is a request in line for a link. One lives with each sender's
// connection and is used again and again.
type waiter struct {
	hand  chan *link // holds one; nil means that the claim was released
	timer *time.Timer
	until time.Time // when this request's patience ends; zero before it waits first

	queued     bool // in the line of a claim; guarded by the claim's mu, like the next two
	prev, next *waiter
}

// reset prepares for the next request.
func (w *waiter) reset() { w.until = time.Time{} }

// take returns a link for one exchange: one at rest if there is one, else
// the first that comes free while the waiter has patience. The caller gives it
// back with put or drop.
func (c *claim) take(w *waiter) (*link, error) {
	for {
		c.mu.Lock()
		n := len(c.idle)
		if n == 0 {
			l, err := c.takeNext(w)
			if err != nil || l.traits.Ours || l.sound() {
				return l, err
			}
			c.drop(l)
			continue
		}
		l := c.idle[n-1]
		c.idle[n-1] = nil
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		if l.sound() {
			return l, nil
		}
		c.drop(l)
	}
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
		w.until = now.Add(c.pool.wait)
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
		return nil, c.whyNone()
	}
	return handed(<-w.hand)
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

// whyNone tells a busy agent from one that is away.
func (c *claim) whyNone() error {
	if c.links() == 0 {
		return errAway
	}
	return errBusy
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
