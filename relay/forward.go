package relay

import (
	"bytes"
	"errors"
	"net"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// smallBody is the longest request body that is read in full before a link is
// taken, so that a slow sender holds no link.
const smallBody = 64 << 10

var (
	errTooLarge = refuse(413, "the request body is larger than this address accepts")
	errCutShort = refuse(400, "the request body ended early")
	errBadReply = refuse(502, "the receiver gave no valid answer; it may have seen the request")
	errUnsent   = refuseFor(503, 5, "the connection to the receiver broke before the request was sent; try again")
	errNoRoom   = refuseFor(503, 5, "the relay has no memory for so long a body at the moment; try again later")
	errTooSlow  = refuse(504, "the receiver did not answer in time; it may have seen the request")
)

// forward carries the request to the claim's agent and the answer back, or has it
// kept.
func (v *visitor) forward() *refusal {
	r := v.x.Request
	if ref := v.mayForward(r); ref != nil {
		return ref
	}
	if r.IsMethod("OPTIONS") && !v.countForwards(r) {
		return v.options(allMethods)
	}
	p := v.claim.plan()
	if p.maxBody > 0 {
		r.Body.SetLimit(p.maxBody)
	}
	if r.Body.TooLarge() {
		return errTooLarge
	}
	if p.answer != answerThrough && !v.switches {
		v.mode = p.mode
		return v.keepOrSend(p)
	}
	v.mode = throughMode
	if !r.Body.Empty() {
		if v.claim.away() {
			return errAway
		}
		whole, err := r.Body.Fill(smallBody)
		if err != nil {
			return v.senderBroke(err)
		}
		if !whole {
			return v.sendFrom(v.claim.uploads)
		}
	}
	if v.switches {
		return v.sendFrom(v.claim.tunnels)
	}
	return v.send()
}

// sendFrom sends a request that may hold a link for long, once there is one of
// the claim's places for it.
func (v *visitor) sendFrom(places chan struct{}) *refusal {
	late := time.NewTimer(v.claim.pool.wait)
	defer late.Stop()
	select {
	case places <- struct{}{}:
	case <-late.C:
		return errBusy
	}
	defer func() { <-places }()
	return v.send()
}

// mayForward refuses what cannot be passed on.
func (v *visitor) mayForward(r *http1.Request) *refusal {
	v.drop, v.forwards = droppedFromSender, -1
	if v.loops(r) {
		return errLoop
	}
	if v.switches = asksWebSocket(r); v.switches && v.x.Conn() == nil {
		return errStream
	}
	return nil
}

// loops reports whether the relay's own name stands in Via twice: once is a
// claim whose home sends to another claim here.
func (v *visitor) loops(r *http1.Request) bool {
	pseudonym := v.relay.via[len("1.1 "):]
	seen := 0
	for i := range r.Len() {
		if _, value, kind := r.At(i); kind == http1.Via {
			seen += bytes.Count(value, pseudonym)
		}
	}
	return seen >= 2
}

// countForwards counts Max-Forwards down (RFC 9110, section 7.6.2). It reports
// false when the count is at its end, so that the relay is the one to answer.
func (v *visitor) countForwards(r *http1.Request) bool {
	value, ok := r.GetKind(http1.MaxForwards)
	if !ok || len(value) == 0 || len(value) > 9 {
		return true
	}
	n := 0
	for _, c := range value {
		if c < '0' || c > '9' {
			return true
		}
		n = n*10 + int(c-'0')
	}
	v.drop |= 1 << http1.MaxForwards
	v.forwards = n - 1
	return n > 0
}

// send carries the request home while the sender waits for the answer, however
// long it takes.
func (v *visitor) send() *refusal {
	v.wait.reset()
	v.wait.tunnel = v.switches
	res, err := v.carry()
	if err != nil {
		return v.failed(err)
	}
	return v.respond(res)
}

// respond passes the home's answer on to the sender and gives the link back.
func (v *visitor) respond(res *http1.Response) *refusal {
	if res.Status == 101 {
		return v.tunnel(res)
	}
	x := v.x
	if v.link.Uploading() {
		x.CloseAfter()
	}
	if res.Chunked() && x.Conn() != nil && !takesTrailers(x.Request) {
		res.Body.DropTrailer()
	}
	var err error
	switch hazards := v.hazards(res); {
	case hazards&foreignCookies != 0:
		err = v.forwardConfined(res, hazards)
	case hazards&activeContent != 0:
		err = x.Forward(res, droppedFromHome, v.addViaSandbox)
	default:
		err = x.Forward(res, droppedFromHome, v.addVia)
	}
	var broken *http1.CopyError
	if errors.As(err, &broken) && broken.Reading {
		v.relay.log.Debug("answer broke off", keyClaim, v.claim.name, keyLink, v.link.id, keyError, err)
		v.reset()
	}
	v.returnLink()
	return nil
}

// reset makes the connection end such that the sender cannot take a part of
// an answer for the whole.
func (v *visitor) reset() {
	if v.conn == nil {
		return // a stream that is left unfinished is reset
	}
	if tcp, ok := v.conn.NetConn().(*net.TCPConn); ok && v.x.Request.Minor == 0 {
		tcp.SetLinger(0)
	}
}

// failed finds the answer to a request whose exchange broke.
func (v *visitor) failed(err error) *refusal {
	var broken *http1.CopyError
	switch ref, _ := err.(*refusal); {
	case ref != nil:
		return ref
	case errors.As(err, &broken) && broken.Reading:
		return v.senderBroke(broken.Err)
	case errors.Is(err, ptth.ErrSenderGone):
		v.left = true
		v.hangUp()
		return nil
	}
	v.relay.log.Warn("exchange failed", keyClaim, v.claim.name, keyDelivery, v.id.String(), keyError, err)
	v.x.CloseAfter() // an upload may have left the request's body half read
	if errors.Is(err, ptth.ErrAnswerTimeout) {
		return errTooSlow
	}
	return errBadReply
}

// senderBroke finds the answer to a request whose body could not be read.
func (v *visitor) senderBroke(err error) *refusal {
	v.x.CloseAfter()
	var e *http1.Error
	switch {
	case errors.Is(err, http1.ErrBodyTooLarge):
		return errTooLarge
	case errors.As(err, &e):
		return refuse(e.Status, e.Detail)
	}
	return errCutShort
}

// early passes a 103 on to senders that understand it.
func (v *visitor) early(res *http1.Response) {
	if v.x.Request.Minor == 0 || v.hazards(res)&foreignCookies != 0 {
		return
	}
	v.x.Start(res.Status, res.Reason)
	v.x.CopyFields(&res.Head, droppedFromHome|http1.HopByHop)
	v.x.EndEmpty()
	v.x.Flush()
}
