package relay

import (
	"context"
	"maps"
	"math/rand/v2"
	"strconv"
	"time"

	"homehook/http1"
)

const (
	// Between two tries of a delivery that home did not take.
	leastPause = time.Second
	mostPause  = time.Minute

	// mostAsked is the longest pause that home may ask for.
	mostAsked = time.Hour

	// briefPause is how soon to look for a link again.
	briefPause = 50 * time.Millisecond
)

// backOff is the pause behind so many failures in a row.
func backOff(failures int) time.Duration {
	d := mostPause
	if failures < 7 {
		d = min(mostPause, leastPause<<(failures-1))
	}
	return max(leastPause, time.Duration(float64(d)*(0.8+0.4*rand.Float64())))
}

// askedPause reads Retry-After.
func askedPause(res *http1.Response) time.Duration {
	value, ok := res.Get("Retry-After")
	if !ok {
		return 0
	}
	if s, err := strconv.Atoi(string(value)); err == nil {
		return min(max(time.Duration(s)*time.Second, 0), mostAsked)
	}
	if t, err := time.Parse(time.RFC1123, string(value)); err == nil {
		return min(max(time.Until(t), 0), mostAsked)
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// pauseFor waits, but not for longer than a moment once home comes back.
func (n *line) pauseFor(ctx context.Context, d time.Duration) {
	sleep(ctx, leastPause)
	over := time.NewTimer(d - leastPause)
	defer over.Stop()
	for !n.back.Load() && !n.claim.isEnded() {
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			return
		case <-n.wake:
		}
	}
}

// standBy waits until something changes, or one that stands aside is due.
func (n *line) standBy(ctx context.Context) {
	n.comeForward() // or it would be due at once, again and again
	var due <-chan time.Time
	if next, ok := n.nextAside(); ok {
		t := time.NewTimer(time.Until(next))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
	case <-n.wake:
	case <-due:
	}
}

// nextAside tells when the first of those that stand aside is due.
func (n *line) nextAside() (next time.Time, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, until := range n.aside {
		if !ok || until.Before(next) {
			next, ok = until, true
		}
	}
	return next, ok
}

// comeForward ends the time aside of those that are due.
func (n *line) comeForward() {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(n.aside, func(_ string, until time.Time) bool { return !now.Before(until) })
}

// isAside reports whether a delivery is left out.
func (n *line) isAside(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, ok := n.aside[id]
	return ok
}

// still waits until neither the line nor a courier has anything on its way. The
// error is what failed meanwhile.
func (n *line) still(ctx context.Context) error {
	for {
		n.mu.Lock()
		flight, failed := n.flight+len(n.late), n.failed
		n.mu.Unlock()
		switch {
		case failed != nil:
			return failed
		case flight == 0:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.wake:
		}
	}
}

// oneBack waits until something has changed, a delivery come back perhaps. The
// error is what failed meanwhile.
func (n *line) oneBack(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-n.wake:
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failed
}

// room waits until the window has room for one more. The error is what failed
// meanwhile.
func (n *line) room(ctx context.Context, size int64) error {
	for {
		n.mu.Lock()
		has, failed := n.flight == 0 || n.flight < windowItems && n.bytes+size <= windowBytes, n.failed
		n.mu.Unlock()
		switch {
		case failed != nil:
			return failed
		case has:
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.wake:
		}
	}
}

// grows waits while deliveries are on their way, and reports whether there are
// more in the queue than the line knows of.
func (n *line) grows(ctx context.Context, r *Relay) bool {
	for {
		n.mu.Lock()
		flight, known, failed := n.flight, n.flight+len(n.late)+len(n.aside), n.failed
		n.mu.Unlock()
		if flight == 0 || failed != nil {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-n.wake:
		}
		if waiting, _, _ := r.queue().Count(n.claim.name); waiting > known {
			return true
		}
	}
}
