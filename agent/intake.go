package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"homehook/agent/history"
	"homehook/faults/point"
	"homehook/http1"
	"homehook/routes"
	"homehook/routes/signature"
)

// arrival is a delivery on its way into the journal.
type arrival struct {
	k     *keeper
	x     *http1.Exchange
	n     *note
	route *routes.Route // nil with no
	d     *routes.Delivery
	no    *rejection
	rec   *history.Record
	began time.Time
	later bool // nobody waits for the answer of the handler

	unchecked bool // a credential for the check is missing
}

// receive takes in a delivery that has to be written down before its handler
// runs, and answers: with the answer of the handler as long as the sender waits
// for it, and else when the journal has it. A relay that gets neither an answer
// nor Homehook-Accepted keeps what it has.
func (in *inbox) receive(a *arrival) {
	// Who waits for the one before it must hold nothing that this one needs.
	seq := in.sequenceOf(a.k.claim.Name)
	// Of one that comes while the agent stops the next agent finds out what is
	// before it.
	seq.wait(in.stopping, a.n.after, in.journal.Known)
	p := senderPace
	if a.n.stored() {
		p = relayPace
	}
	b, no := in.readBody(a.k, a.x, p)
	if b.broken {
		incomplete(a.x, no, a.n.stored())
		return // nothing is written down of half a delivery
	}
	// The journal and the job have what they need of the body once receive is
	// through, or account for it themselves.
	defer b.share.end()
	if a.no == nil {
		a.no = no
	}
	in.describe(a, &b)
	if a.no == nil && a.route.Verifies() {
		in.checkSender(a, b.bytes)
	}
	if a.no != nil {
		in.came(a, seq)
		in.turnDown(a)
		return
	}
	in.takeIn(a, seq)
}

// incomplete answers for a delivery whose body did not come whole. What the
// relay has is sent again, unless it is the sender who left.
func incomplete(x *http1.Exchange, no *rejection, stored bool) {
	switch {
	case no.status == 503 || no == errTooSlow && stored:
		unavailable(x, no.text)
	default:
		x.CloseAfter()
		say(x, no.status, no.text, "", 0)
	}
}

// came lets go what waits for a delivery to have its place.
func (in *inbox) came(a *arrival, seq *sequence) {
	seq.came(a.rec.ID)
	in.executor.came(a.rec.Claim, a.rec.ID)
}

// checkSender checks who sent a delivery. One that cannot be checked for want of
// a credential waits for that.
func (in *inbox) checkSender(a *arrival, body []byte) {
	v := in.verify(a.route, *a.d, a.n, body, time.Now())
	a.no, a.unchecked, a.rec.Reason = v.no, v.missing != nil, v.mark
	if v.missing == nil {
		return
	}
	pause, _ := pauseUnchecked(a.began, a.began)
	a.rec.State, a.rec.Reason, a.rec.Due = history.Waiting, v.missing.Error(), a.began.Add(pause)
	in.log.Warn("sender cannot be checked, the delivery waits", "delivery", a.rec.ID, "claim", a.rec.Claim, "error", v.missing)
}

// describe fills in the record of a delivery.
func (in *inbox) describe(a *arrival, b *body) {
	path, query := a.x.Request.PathQuery()
	raw := a.x.Request.Raw()
	head := append(make([]byte, 0, len(raw)+2), raw...)
	a.rec = &history.Record{
		Delivery: history.Delivery{
			ID: a.n.id, Claim: a.k.claim.Name, Relay: a.k.claim.Relay, State: history.Received,
			Method: string(a.x.Request.Method), Path: string(path), Query: string(query), Remote: a.n.remote,
			Received: a.n.time(a.began), Size: int64(len(b.bytes)), BodySHA256: b.sum, Route: a.d.Route,
			SenderID: signature.SenderID(a.k.claim.Sender, a.x.Request.Values, b.bytes),
			Answer:   a.n.answer,
		},
		Head: append(head, "\r\n"...), Body: b.bytes,
	}
	if a.rec.Answer == "" {
		a.rec.Answer = answerThrough
	}
	a.later = a.n.backlog || a.rec.Answer != answerHold || a.route != nil && a.route.Background()
}

// takeIn gives a delivery its place among the others, writes it down and
// answers.
func (in *inbox) takeIn(a *arrival, seq *sequence) {
	j := &job{id: a.rec.ID, claim: a.rec.Claim, route: a.rec.Route, unchecked: a.unchecked, remark: a.rec.Reason}
	rule := a.route.WhileRunning()
	result := in.executor.place(j, laneOf(a.route, a.rec.Claim, a.rec.Method), rule == routes.WhileRunningSkip)
	in.came(a, seq)
	switch result {
	case placedFull:
		unavailable(a.x, "too many deliveries wait here")
		return
	case placedBusy:
		a.no = &rejection{acceptedStatus(&a.k.claim), "skipped", "skipped: the route was running when it came (while_running: skip)"}
		in.turnDown(a)
		return
	}
	// One that is not checked yet is not answered as another one was.
	leave, twin := func() {}, (*history.Delivery)(nil)
	if !a.unchecked {
		leave, twin = in.findTwin(a.rec, a.route)
	}
	defer leave()
	if twin != nil {
		in.executor.withdraw(j)
		in.duplicate(a, twin)
		return
	}
	a.rec.DurationMS = milliseconds(time.Since(a.began))
	if a.later || a.unchecked {
		a.rec.Status = acceptedStatus(&a.k.claim)
	} else {
		j.live = newLive(a.x, a.began, time.Duration(a.k.claim.Hold))
	}
	if !in.write(a) {
		in.executor.withdraw(j)
		return
	}
	leave()
	in.begin(a, j, rule == routes.WhileRunningLatest)
}

// write writes a delivery down for good, or answers why not.
func (in *inbox) write(a *arrival) bool {
	err := in.journal.Begin(a.rec, true)
	switch {
	case err == nil:
		point.Reach("agent.journaled")
		return true
	case errors.Is(err, history.ErrExists):
		in.repeated(a)
	default:
		in.log.Error("delivery cannot be written down, the relay keeps it", "delivery", a.rec.ID, "claim", a.rec.Claim, "error", err)
		unavailable(a.x, "the journal cannot be written just now")
	}
	return false
}

// begin lets the handler of a delivery run that is written down, and answers.
func (in *inbox) begin(a *arrival, j *job, latest bool) {
	if size := int64(len(a.rec.Body) + len(a.rec.Head)); in.kept.try(size) {
		j.rec, j.held = a.rec, size
	}
	live := j.live
	j.status, j.waited = a.rec.Status, milliseconds(time.Since(a.began))
	if j.unchecked {
		in.executor.withdraw(j)
		in.executor.schedule(j, j.line.lane, a.rec.Due) // the line goes on without it
	} else {
		in.supersede(in.executor.ready(j, latest), j.id)
	}
	if live == nil || !live.wait() {
		accept(a.x, &a.k.claim, j.id)
	}
	point.Reach("agent.answered")
}

// turnDown writes down a delivery that gets no handler, and answers why.
func (in *inbox) turnDown(a *arrival) {
	a.rec.State, a.rec.Reason, a.rec.Status = history.Rejected, a.no.reason, a.no.status
	a.rec.DurationMS = milliseconds(time.Since(a.began))
	if !in.write(a) {
		return
	}
	if a.no.status == 413 {
		a.x.CloseAfter() // the rest of the body is not waited for
	}
	if a.no.status < 300 || a.n.backlog {
		accept(a.x, &a.k.claim, a.rec.ID)
	} else {
		say(a.x, a.no.status, a.no.text, a.rec.ID, 0)
	}
	point.Reach("agent.answered")
}

// laneOf is the line in which a delivery waits for its turn. What its route says
// of turns counts for all methods: a GET may do as much as a POST there.
func laneOf(route *routes.Route, claim, method string) lane {
	switch {
	case route != nil && route.Parallel() > 0:
		return lane{claim: claim, kind: laneRoute, route: route.Name}
	case isSafe(method) && (route == nil || route.WhileRunning() == routes.WhileRunningWait):
		return lane{claim: claim, kind: laneSafe}
	}
	return lane{claim: claim}
}

// sumOf is the SHA-256 of a body, in hex.
func sumOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// sequenceOf is the order in which a claim's deliveries come from the relay's
// queue.
func (in *inbox) sequenceOf(claim string) *sequence {
	s, ok := in.sequences.Load(claim)
	if !ok {
		s, _ = in.sequences.LoadOrStore(claim, &sequence{})
	}
	return s.(*sequence)
}
