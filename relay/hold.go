package relay

import (
	"context"
	"time"

	"homehook/faults/point"
	"homehook/http1"
	"homehook/relay/queue"
)

// keepOrSend answers a request to a claim of the modes hold and store.
func (v *visitor) keepOrSend(p *plan) *refusal {
	spool, ref := v.spool()
	if ref != nil {
		return ref
	}
	defer func() {
		if spool != nil {
			spool.Close()
		}
	}()
	var rep *reply // looked for ahead only where it matters
	if p.sender != nil || p.answer == answerStore {
		var err error
		if rep, err = p.sender.replyTo(v.x.Request, spool); err != nil {
			return errQueueFull
		}
	}
	v.order = nil
	if rep == nil && !isSafe(v.x.Request) {
		v.order = v.claim.turns.take()
		defer v.order.end()
	}
	if v.mustKeep(p, rep) {
		_, ref := v.keep(p, spool, 0)
		return ref
	}
	wait := p.hold
	if rep != nil {
		wait = min(wait, challengeWait)
	}
	co, err := v.newCourier(spool, time.Now().Add(wait))
	if err != nil {
		v.relay.log.Error("send delivery", keyClaim, v.claim.name, keyDelivery, v.id.String(), keyError, err)
		return errQueueFull
	}
	v.relay.couriers.Go(co.run)
	o, inTime := v.await(co, wait)
	if !inTime {
		spool = nil // the courier's
		return v.late(p, co)
	}
	return v.inTime(p, co, o)
}

// mustKeep reports whether the relay has to answer by itself at once: because the
// claim is of that mode, because home is away, or because a delivery may not
// overtake those that wait. Requests that change nothing are of no order. rep is
// what the relay would have to say instead of 202, if anything.
func (v *visitor) mustKeep(p *plan, rep *reply) bool {
	switch {
	case rep != nil && !v.claim.linked():
		return true
	case rep != nil && (p.answer == answerHold || !rep.able()):
		return false // home is the one to ask
	case p.answer == answerStore, v.claim.away():
		return true
	case isSafe(v.x.Request):
		return false
	}
	return v.claim.hasBacklog(v.relay)
}

// isSafe reports whether a request changes nothing (RFC 9110, section 9.2.1).
func isSafe(r *http1.Request) bool {
	return r.IsMethod("GET") || r.IsMethod("HEAD") || r.IsMethod("OPTIONS")
}

// await waits for what a courier brings, until the time is over.
func (v *visitor) await(co *courier, wait time.Duration) (o outcome, inTime bool) {
	if v.patience == nil {
		v.patience = time.NewTimer(wait)
	} else {
		v.patience.Reset(wait)
	}
	defer v.patience.Stop()
	select {
	case o := <-co.answer:
		return o, true
	case <-v.patience.C:
		return outcome{}, false
	}
}

// inTime passes home's answer on, or has the delivery kept where there is none.
func (v *visitor) inTime(p *plan, co *courier, o outcome) *refusal {
	v.link, v.kept = co.link, co.kept
	defer co.body.Close()
	ref, _ := o.err.(*refusal)
	switch {
	case o.err == nil && !co.refused(o.res):
		point.Reach("relay.sent")
		co.taken.Store(true)
		ref := v.respond(o.res)
		v.courier = co
		return ref
	case isUncarried(o.err), ref == errUnknown:
		v.courier = co
		return v.failed(o.err)
	}
	if o.err == nil {
		o.res.Body.Drain(lateBody)
		v.returnLink()
	} else if ref == nil {
		v.relay.log.Warn("exchange failed", keyClaim, v.claim.name, keyDelivery, v.id.String(), keyError, o.err)
	}
	_, ref = v.keep(p, co.spool, co.times())
	v.courier = co
	return ref
}

// times is how often the request was sent home.
func (co *courier) times() int {
	if co.went.Load() {
		return 1
	}
	return 0
}

// late answers a sender who has waited for the hold time. The delivery goes into
// the queue while its courier is under way; should home's answer come at the same
// time, the courier's end is the same. Without room in the queue, home's own
// answer is still better than none, and is waited for as long as any is.
func (v *visitor) late(p *plan, co *courier) *refusal {
	v.claim.line.depart(v.id.String())
	it, ref := v.store(p, co.spool, co.times())
	if it == nil {
		v.claim.line.landed(v.id.String(), true)
	}
	if ref != nil && isFull(ref) {
		if o, inTime := v.await(co, maxHold-p.hold); inTime {
			defer co.spool.Close()
			return v.inTime(p, co, o)
		}
	}
	if co.settled.CompareAndSwap(false, true) {
		co.stored <- it // has room
	} else {
		o := <-co.answer
		v.relay.couriers.Go(func() { co.late(o, it) })
	}
	return ref
}

// isFull reports whether a refusal says that the queue has no room.
func isFull(ref *refusal) bool { return ref.status == 507 || ref.status == 429 }

// keep puts the delivery into the queue and answers 202.
func (v *visitor) keep(p *plan, spool *queue.Spool, sent int) (*queue.Item, *refusal) {
	it, ref := v.store(p, spool, sent)
	if it != nil {
		v.claim.line.kick(v.relay)
	}
	return it, ref
}

// store answers a request in home's place. It returns the item that is in the
// queue now; nil when nothing is, because the request is refused or was no
// delivery.
func (v *visitor) store(p *plan, spool *queue.Spool, sent int) (*queue.Item, *refusal) {
	rep, err := p.sender.replyTo(v.x.Request, spool)
	switch {
	case err != nil:
		return nil, errQueueFull
	case rep != nil:
		return nil, v.reply(rep)
	}
	it, err := v.item(sent)
	if err != nil {
		return nil, errQueueFull
	}
	point.Reach("relay.accept.before")
	v.order.wait()
	it.Entered = v.order.end
	if ref := v.relay.put(context.Background(), v.claim, it, spool); ref != nil {
		return nil, ref
	}
	v.accept(p.accepted)
	point.Reach("relay.accept.answered")
	return it, nil
}
