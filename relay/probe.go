package relay

import (
	"context"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"homehook/http1"
)

const (
	sweepEvery = time.Second

	// heardFrom is how long ago an exchange may be that shows that an agent is
	// still where it was.
	heardFrom   = 5 * time.Second
	pingTimeout = 10 * time.Second
	maxPings    = 256 // that are under way at a time
)

// probe looks at each link at rest and drops those that are no longer silent.
// ping, if not nil, is given the links that are due for a ping; it must give
// each back with put or drop. A link is out of the pool only while it is
// looked at, so that requests are not held up.
func (c *claim) probe(ping func(*link)) {
	c.mu.Lock()
	c.rounds++
	round := c.rounds
	pings := (len(c.idle) + 1) / 2 // a request should still find a link
	c.mu.Unlock()
	for l := c.borrow(round); l != nil; l = c.borrow(round) {
		switch {
		case l.Check() != http1.PeerSilent:
			c.drop(l)
		case ping != nil && c.settleMoved(l):
			ping(l) // all of them: a request would wait long for such a link
		case ping != nil && pings > 0 && l.pingDue():
			pings--
			ping(l)
		default:
			c.giveBack(l)
		}
	}
}

func (l *link) pingDue() bool {
	every := l.traits.Ping
	return every > 0 && time.Since(l.IdleSince()) >= every
}

// doubtLocked has links pinged soon that come from another address than the newest
// one: a home whose network has changed cannot say goodbye on those it had, and
// what the relay sends there gets no answer.
func (c *claim) doubtLocked(newest *link) {
	if newest.traits.Ping == 0 {
		return // of agents like this one nothing is known of where they are
	}
	here := hostOf(newest.RemoteAddr())
	for _, l := range c.idle {
		if l.traits.Ping > 0 && !l.moved && time.Since(l.IdleSince()) > heardFrom && hostOf(l.RemoteAddr()) != here {
			l.moved = true
		}
	}
}

// settleMoved reports whether a link was doubted, and ends that.
func (c *claim) settleMoved(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	moved := l.moved
	l.moved = false
	return moved
}

// hostOf is an address without its port.
func hostOf(addr string) string { return addr[:max(strings.LastIndexByte(addr, ':'), 0)] }

// borrow takes a link from rest that this round has not seen.
func (c *claim) borrow(round uint32) *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, l := range c.idle {
		if l.round < round {
			l.round = round
			c.idle = slices.Delete(c.idle, i, i+1)
			return l
		}
	}
	return nil
}

// another reports whether a sound link like one that was taken is at rest. One of
// another dialect may be of an agent that only tries them all and goes, or has gone:
// it is none to count on for what the first agent waits for.
func (c *claim) another(like *link) bool {
	for {
		c.mu.Lock()
		i := slices.IndexFunc(c.idle, func(l *link) bool { return l.traits.Ours && l.traits.Dialect == like.traits.Dialect })
		if i < 0 {
			c.mu.Unlock()
			return false
		}
		l := c.idle[i]
		c.idle = slices.Delete(c.idle, i, i+1)
		c.mu.Unlock()
		if l.sound() {
			c.giveBack(l)
			return true
		}
		c.drop(l)
	}
}

// giveBack returns a borrowed link to its place among those at rest: polls
// from the newest to the oldest, then links to the one used last.
func (c *claim) giveBack(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hasLocked(l) {
		return
	}
	if c.first != nil || c.draining {
		c.restLocked(l)
		return
	}
	since := l.IdleSince()
	at := sort.Search(len(c.idle), func(i int) bool {
		other := c.idle[i]
		switch {
		case l.traits.Once && other.traits.Once:
			return !other.IdleSince().After(since)
		case l.traits.Once != other.traits.Once:
			return l.traits.Once
		}
		return other.IdleSince().After(since)
	})
	c.idle = slices.Insert(c.idle, at, l)
}

// sweep looks after links at rest and after changes of the store until ctx
// ends.
func (r *Relay) sweep(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	p := pinger{slots: make(chan struct{}, maxPings)}
	defer p.wg.Wait()
	if err := r.dir.dropOpen(ctx); err != nil && ctx.Err() == nil {
		r.log.Error("close relay to agents without a token", keyError, err)
	}
	for {
		r.swept.Store(time.Now().UnixNano())
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := r.dir.refresh(ctx, refreshEvery/2); err != nil && ctx.Err() == nil {
			r.log.Error("read relay data", keyError, err)
		}
		r.dir.expire(ctx)
		r.dir.each(func(c *claim) { c.probe(p.ping) })
		r.sendOn()
	}
}

// pinger pings links, each on a goroutine of its own, because a dead link
// takes long to show.
type pinger struct {
	slots chan struct{} // full: the rest waits for the next sweep
	wg    sync.WaitGroup
}

func (p *pinger) ping(l *link) {
	select {
	case p.slots <- struct{}{}:
	default:
		l.claim.giveBack(l)
		return
	}
	p.wg.Go(func() {
		err := l.Ping(pingTimeout)
		if l.Done() && err == nil {
			l.claim.put(l)
		} else {
			l.claim.drop(l)
		}
		<-p.slots
	})
}
