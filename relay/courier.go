package relay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync/atomic"
	"time"

	"homehook/faults/point"
	"homehook/http1"
	"homehook/ptth"
	"homehook/relay/queue"
)

const (
	// lateBody bounds what is read of an answer that nobody waits for, in bytes
	// and in time, so that its link can be used again.
	lateBody = 64 << 10
	lateTime = 5 * time.Second
)

// courier takes a request home on a goroutine of its own, so that its sender
// need not wait for longer than the hold time. It has a copy of the request,
// because the sender's connection goes on behind the answer 202.
type courier struct {
	parcel
	body  io.ReadCloser // of the spool
	spool *queue.Spool

	answer  chan outcome     // holds one: what came in time
	stored  chan *queue.Item // holds one: what is in the queue instead, nil for nothing
	settled atomic.Bool      // whether the answer is in time, or late, is decided
	went    atomic.Bool      // the request was written to a link

	taken atomic.Bool // the sender's goroutine has the answer
	since time.Time   // when an answer came that nobody waits for
	gone  func() bool // of the sender
}

// outcome is what came of a request that was sent home.
type outcome struct {
	res *http1.Response // read from the parcel's link
	err error
}

// newCourier makes a courier for the request under way, or uses the last one
// again. It may wait for a link until the given time.
func (v *visitor) newCourier(spool *queue.Spool, until time.Time) (*courier, error) {
	co := v.courier
	v.courier = nil
	if co == nil {
		co = &courier{answer: make(chan outcome, 1), stored: make(chan *queue.Item, 1)}
		co.call.Head = func(w *http1.Writer) {
			co.went.Store(true)
			co.writeHead(w)
		}
		co.call.Gone = co.senderGone
	}
	wait, call, scratch := co.wait, co.call, co.scratch
	co.parcel = v.parcel
	co.wait, co.call, co.scratch = wait, call, scratch
	co.place.host, co.place.prefix, co.place.name = bytes.Clone(v.place.host), bytes.Clone(v.place.prefix), nil
	co.kept, v.kept = v.kept, nil
	co.spool, co.gone, co.since = spool, v.call.Gone, time.Time{}
	co.settled.Store(false)
	co.went.Store(false)
	co.taken.Store(false)
	co.wait.reset()
	co.wait.until = until
	var err error
	if co.body, err = spool.NewReader(); err != nil {
		return nil, fmt.Errorf("read body again: %w", err)
	}
	co.request, err = storedRequest(v.request.Raw(), co.body, spool.Size(), bytes.Clone(v.request.Body.Trailer().Raw()))
	if err != nil {
		co.body.Close()
		return nil, fmt.Errorf("copy request: %w", err)
	}
	return co, nil
}

// senderGone reports whether the sender has gone, but only when its goroutine is
// the one to ask, as it passes the answer on. Before that it tells that no answer
// will come, and behind a late one it bounds the time that a link is held for
// nothing.
func (co *courier) senderGone() bool {
	if co.taken.Load() {
		return co.gone()
	}
	if co.since.IsZero() {
		return co.pollLost()
	}
	return time.Since(co.since) > lateTime
}

// deliver is carry, with what goes wrong in it made an error.
func (co *courier) deliver() (o outcome) {
	defer func() {
		if p := recover(); p != nil {
			co.relay.log.Error("courier panicked", keyError, p, "stack", string(debug.Stack()))
			if co.link != nil {
				co.link.Done()
				co.loseLink()
			}
			o = outcome{err: errBadReply}
		}
	}()
	o.res, o.err = co.carry()
	if errors.Is(o.err, ptth.ErrSenderGone) && !co.taken.Load() {
		o.err = errNoWord
	}
	return o
}

// run carries the request home, and hands the answer to the sender's goroutine
// if that still waits. Else it sees to the end of the delivery.
func (co *courier) run() {
	o := co.deliver()
	if co.settled.CompareAndSwap(false, true) {
		co.answer <- o // has room; the courier may be used again from here on
		return
	}
	co.late(o, <-co.stored)
}

// late sees to the end of a delivery whose sender has gone on. If it is in the
// queue, it leaves that when home has it; else it is sent again from there.
func (co *courier) late(o outcome, it *queue.Item) {
	defer co.spool.Close()
	defer co.unkeep()
	ended := false
	if o.err == nil {
		point.Reach("relay.sent")
		ended = co.ends(o.res)
		co.since = time.Now()
		o.res.Body.Drain(lateBody)
		co.returnLink()
	}
	co.body.Close()
	if it == nil {
		return
	}
	if ended {
		point.Reach("relay.accepted")
		if err := co.relay.forget(it); err != nil {
			co.relay.log.Error("delivery may come twice", keyClaim, it.Claim, keyDelivery, it.ID, keyError, err)
		}
	} else if it.Attempts < co.times() {
		co.relay.queue().Tried(it) // it was written behind the look that was taken
	}
	co.claim.line.landed(it.ID, ended || !co.went.Load())
}

// refused reports whether an agent of ours could not keep the delivery, so that
// the relay has to.
func (co *courier) refused(res *http1.Response) bool {
	return co.link.traits.Ours && res.Status >= 500 && !co.acceptedBy(res)
}
