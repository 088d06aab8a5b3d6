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
	table *routes.Table
	route *routes.Route // that takes it, as far as that is known; nil for none
	whole bool          // the routes are asked once its body is here
	d     *routes.Delivery
	no    *rejection
	rec   *history.Record
	began time.Time
	later bool // nobody waits for the answer of the handler

	accepted  *routes.Answer // to one that runs later, nil for that of the claim
	unchecked bool           // a credential for the check is missing
	placed    *job           // that has its place in a line; nil for none
}

// receive takes in a delivery that has to be written down before its handler
// runs, and answers: with the answer of the handler as long as the sender waits
// for it, and else when the journal has it. A relay that gets neither an answer
// nor Homehook-Accepted keeps what it has.
func (in *inbox) receive(a *arrival) {
	// Who waits for the one before it must hold nothing that this one needs.
	// Of one that comes while the agent stops the next agent finds out what is
	// before it.
	in.sequenceOf(a.k.claim.Name).wait(in.stopping, a.n.after, in.journal.Known)
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
	if a.no == nil && a.whole {
		a.d.Body = b.bytes
		in.reserve(a)
		in.choosing(a)
	}
	in.enter(a)
}

// enter is receive for a delivery of which it is known what the routes say.
func (in *inbox) enter(a *arrival) {
	a.later = a.n.backlog || a.rec.Answer != answerHold || a.route != nil && a.route.Background()
	seq := in.sequenceOf(a.k.claim.Name)
	if a.no != nil {
		if a.placed != nil {
			in.executor.withdraw(a.placed)
			a.placed = nil
		}
		in.came(a, seq)
		in.turnDown(a)
		return
	}
	if a.later && !a.unchecked {
		a.d.Body = a.rec.Body
		a.accepted = a.route.Accepted(a.d)
	}
	in.takeIn(a, seq)
}

// choosing asks the routes about a delivery whose body is here.
func (in *inbox) choosing(a *arrival) {
	c := in.choose(&question{table: a.table, claim: &a.k.claim, d: *a.d, n: a.n, now: time.Now()})
	in.chosen(a, &c)
}

// chosen takes in what the routes say of a delivery. One that cannot be checked
// for want of a credential waits for that.
func (in *inbox) chosen(a *arrival, c *decision) {
	a.route, a.no, a.unchecked = c.route, c.no, c.missing != nil
	a.rec.Reason, a.rec.Checked, a.rec.Trace = c.mark, c.checked, c.trace
	if a.d.Route = ""; c.route != nil {
		a.d.Route = c.route.Name
	}
	if len(c.taken) > 0 {
		a.d.Params = c.taken[0].Params
	}
	a.rec.Route = a.d.Route
	if c.missing == nil {
		return
	}
	pause, _ := pauseUnchecked(a.began, a.began)
	a.rec.State, a.rec.Reason, a.rec.Due = history.Waiting, c.missing.Error(), a.began.Add(pause)
	in.log.Warn("sender cannot be checked, the delivery waits", "delivery", a.rec.ID, "claim", a.rec.Claim, "error", c.missing)
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
}

// takeIn gives a delivery its place among the others, writes it down and
// answers.
func (in *inbox) takeIn(a *arrival, seq *sequence) {
	rule := a.route.WhileRunning()
	j, result := in.placing(a, rule == routes.WhileRunningSkip)
	if result == placedFull {
		unavailable(a.x, "too many deliveries wait here")
		return // those behind it wait for it to come again
	}
	// What is behind it may be written down beside it.
	in.came(a, seq)
	if result == placedBusy {
		a.no = &rejection{status: acceptedStatus(&a.k.claim), reason: "skipped: the route was running when it came (while_running: skip)"}
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
	if !a.later && !a.unchecked {
		if a.no = in.overRate(a.route); a.no != nil {
			in.executor.withdraw(j)
			in.turnDown(a)
			return
		}
		j.admitted = a.route.Name
	}
	a.rec.DurationMS = milliseconds(time.Since(a.began))
	if a.later || a.unchecked {
		a.rec.Status = a.acceptedStatus()
	} else {
		j.live = newLive(a.x, a.began, time.Duration(a.k.claim.Hold))
	}
	a.placed = j
	if !in.write(a) {
		if a.placed != nil {
			in.executor.withdraw(j)
		}
		return
	}
	leave()
	in.begin(a, j, rule == routes.WhileRunningLatest)
}

// missed takes back the place of a delivery that the journal did not take: it
// comes again, and those that came behind it have to wait for that.
func (in *inbox) missed(a *arrival) {
	if j := a.placed; j != nil {
		in.sequenceOf(j.claim).missed(j.id)
		in.executor.missed(j)
		a.placed = nil
	}
}

// acceptedStatus is the status of the answer to a delivery that runs later.
func (a *arrival) acceptedStatus() int {
	if a.accepted != nil {
		return a.accepted.Status
	}
	return acceptedStatus(&a.k.claim)
}

// accept answers for a delivery that the journal holds and that runs later.
func (a *arrival) accept() {
	if a.accepted != nil {
		give(a.x, a.accepted, a.rec.ID)
		return
	}
	accept(a.x, &a.k.claim, a.rec.ID)
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
		in.missed(a) // before the relay knows, and goes on
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
		a.accept()
	}
	point.Reach("agent.answered")
}

// turnDown writes down a delivery that gets no handler, and answers why.
func (in *inbox) turnDown(a *arrival) {
	a.rec.State, a.rec.Reason, a.rec.Status = a.no.state(), a.no.reason, a.no.status
	a.rec.Due, a.rec.DurationMS = time.Time{}, milliseconds(time.Since(a.began))
	if !in.write(a) {
		return
	}
	if a.n.backlog {
		if a.no.status == 413 {
			a.x.CloseAfter() // the rest of the body is not waited for
		}
		accept(a.x, &a.k.claim, a.rec.ID)
	} else {
		a.no.tell(a.x, &a.k.claim, a.rec.ID)
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
