package relay

import (
	"errors"
	"sync/atomic"
	"time"
)

const (
	// keepsWithin is how long an agent of ours may take to say that it keeps a
	// delivery of the queue, which it does before it runs anything. It is less
	// than home waits for a delivery that is missing in its order, so that the
	// order holds where a link has died unnoticed.
	keepsWithin = 15 * time.Second

	// slowHome is the least rate, in bytes a second, at which what is on its way
	// is taken to arrive.
	slowHome = 32 << 10

	// answersAtEnd is how long a relay that is to end waits for an agent of ours
	// to say that it keeps a delivery. It may be sent again later: home knows it.
	answersAtEnd = time.Second

	// strayAfter is how long the answer to what went out with a poll may take
	// once the poll's connection has ended. An agent that has merely lost that
	// brings it with another one.
	strayAfter = 3 * time.Second

	// unasked is a pause between two looks at a ride that says that there was no
	// reason to look: its body was on its way.
	unasked = 3 * time.Second
)

var errNoWord = errors.New("home went away, or did not answer in time")

// connEnd tells when a connection of a visitor has ended, to those that have gone
// another way since.
type connEnd struct{ at atomic.Int64 } // Unix nanoseconds; 0 before

func (e *connEnd) set() { e.at.Store(time.Now().UnixNano()) }

// past reports whether the connection has ended for at least so long.
func (e *connEnd) past(d time.Duration) bool {
	at := e.at.Load()
	return at != 0 && time.Now().UnixNano()-at >= int64(d)
}

// pollLost reports whether a request has gone out with a poll of an agent of ours
// that will hardly answer: it has closed the connection, as one does that stops
// polling. Others may bring each answer with a connection of its own.
func (p *parcel) pollLost() bool {
	l := p.link
	return l != nil && l.poll != nil && l.traits.Ours && l.poll.past(strayAfter)
}

// watch is what a ride knows of the wait for its answer.
type watch struct {
	asked time.Time // when lost was called last
	since time.Time // since when it has been home's turn
	ended time.Time // when the relay's end was seen
}

// lost reports whether there is no point in waiting for home's answer any longer.
// It is called about once a second while nothing else happens. What home holds
// back for a delivery that cannot be sent just now ends too, before home gives the
// order up. Agents of other
// makes answer when they have done what they were sent, and would do it twice:
// only the bounds of all exchanges hold for them.
func (d *ride) lost() bool {
	l := d.parcel.link
	if l == nil || !l.traits.Ours {
		return false
	}
	now := time.Now()
	w := &d.watch
	if now.Sub(w.asked) > unasked || d.line.isUnderWay(d.before) {
		w.since = now // home waits for the one before it
	}
	w.asked = now
	if d.ending.Err() != nil {
		if w.ended.IsZero() {
			w.ended = now
		}
		if now.Sub(w.ended) >= answersAtEnd {
			return true
		}
	}
	return d.parcel.pollLost() || now.Sub(w.since) > keepsWithin+time.Duration(d.load/slowHome)*time.Second
}
