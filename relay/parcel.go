package relay

import (
	"errors"
	"net"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// parcel is one request on its way home: all that the relay writes about it, and
// the link that it travels on. A visitor has one in it for the request under way.
// A courier has its own, and so has each delivery that leaves the queue, so that
// all of them are written by the same code.
type parcel struct {
	relay   *Relay
	request *http1.Request
	source  source
	place   place

	id       deliveryID
	received time.Time
	sent     int         // how often it was sent home already
	mode     []byte      // the answer mode that it came under
	drop     http1.Kinds // fields of the sender that are not passed on
	forwards int         // Max-Forwards to pass on; -1 for none
	switches bool        // the request asks for WebSocket, and gets a link for it
	order    *turn       // among those that must not overtake each other; nil for others

	// Of one that leaves the queue, for agents of ours.
	after  []byte // the id of the one before it in line, or "none"; nil otherwise
	behind int    // how many of the queue have not left yet
	more   int    // how many of those would go at once if there were links

	claim *claim
	link  *link
	given *link // the link to try first; it has been taken already
	kept  *link // a link that stays with the sender, or with the line
	own   bool  // links that stay may be kept
	whole bool  // the link's dialect takes targets with their prefix
	call  ptth.Call
	wait  waiter

	scratch []byte
}

// source is where a request came from, by its socket.
type source struct {
	forwardedFor []byte // for=192.0.2.1
	addr         []byte // 192.0.2.1
	proto        []byte // http or https
	two          bool   // it came in HTTP/2

	client string   // address and port; "" until it is asked for
	peer   net.Addr // what that is made of; nil where client is set
}

// clientAddr returns the sender's address and port. It is put together for the
// dialects only that tell it.
func (s *source) clientAddr() string {
	if s.client == "" && s.peer != nil {
		s.client = s.peer.String()
	}
	return s.client
}

// carry tries links until one has taken the request, and returns the home's
// answer, which is read from p.link. Behind an error there is no link: it is a
// [*refusal] when none would take the request, and else what broke on the way.
func (p *parcel) carry() (*http1.Response, error) {
	var unsent time.Time // since when links have not taken the request
	for {
		l, err := p.next()
		if err != nil {
			return nil, err
		}
		if p.order != nil && p.claim.hasBacklog(p.relay) {
			p.claim.putUnused(l)
			return nil, errOvertakes
		}
		p.order.end()
		p.link = l
		p.prepareCall(l)
		res, err := l.Do(&p.call)
		if err == nil {
			return res, nil
		}
		p.returnLink() // the end of one stream does the link no harm
		if errors.Is(err, ptth.ErrNoRoom) {
			return nil, errNoRoom
		}
		cannot, again := errors.AsType[*ptth.CannotError](err)
		if !again && !errors.Is(err, ptth.ErrNotSent) {
			return nil, err
		}
		switch {
		case again && (p.wait.not != "" || p.request.Body.Consumed() > 0):
			return nil, refuse(501, "the request cannot be passed on: "+cannot.Reason)
		case again:
			p.wait.not = l.traits.Dialect
			if !p.claim.serves(&p.wait) {
				return nil, refuse(501, "the request cannot be passed on: "+cannot.Reason)
			}
		case p.request.Body.Consumed() > 0:
			return nil, errUnsent
		case unsent.IsZero():
			unsent = time.Now()
		case time.Since(unsent) > p.claim.pool.wait:
			return nil, errUnsent // some links take seconds to say so
		}
	}
}

// errOvertakes sends a delivery into the queue: while it waited for a link, one
// that came before it got there.
var errOvertakes = refuseFor(503, 5, "others wait for the receiver; try again later")

// hasBacklog reports whether deliveries of the claim are in the queue.
func (c *claim) hasBacklog(r *Relay) bool {
	n, _, _ := r.queue().Count(c.name)
	return n > 0
}

// putUnused gives back a link that was taken and not used.
func (c *claim) putUnused(l *link) {
	if l.traits.Stays {
		c.drop(l)
		return
	}
	c.put(l)
}

// next returns the link that was given or kept for the request, or else any one
// that will do.
func (p *parcel) next() (*link, error) {
	if l := p.given; l != nil {
		p.given = nil
		return l, nil
	}
	l := p.kept
	if l == nil {
		return p.claim.take(&p.wait)
	}
	p.kept = nil
	if l.claim == p.claim && p.claim.resume(l) && l.sound() {
		return l, nil
	}
	l.claim.drop(l)
	return p.claim.take(&p.wait)
}

// prepareCall fills in what depends on the link.
func (p *parcel) prepareCall(l *link) {
	p.call.Request = p.request
	p.call.Switch, p.whole = p.switches, l.traits.Whole
	p.call.Wait = p.relay.opts.AnswerTimeout
	if most := l.traits.MaxWait; most > 0 {
		p.call.Wait = min(p.call.Wait, most)
	}
	if l.traits.Once && !l.traits.Stays {
		p.call.Client = p.source.clientAddr()
	}
}

// returnLink ends the exchange on its link, which goes back to the pool if it
// is still good, or stays with the sender's connection that it belongs to.
func (p *parcel) returnLink() {
	l := p.link
	if !l.Done() {
		p.loseLink()
		return
	}
	p.link = nil
	switch {
	case !l.traits.Stays:
		p.claim.put(l)
	case p.own && p.claim.keep(l):
		p.kept = l
	default:
		p.claim.drop(l)
	}
}

// loseLink drops the link of an exchange that has ended.
func (p *parcel) loseLink() {
	l := p.link
	p.link = nil
	p.claim.drop(l)
}

// unkeep closes the link that belongs to the sender, who has gone.
func (p *parcel) unkeep() {
	if l := p.kept; l != nil {
		p.kept = nil
		l.claim.drop(l)
	}
}

// ends reports whether an answer of the home is the end of the delivery: from an
// agent of ours, when it has said that the delivery is in its journal.
func (p *parcel) ends(res *http1.Response) bool {
	return !p.link.traits.Ours || p.acceptedBy(res)
}

// acceptedBy reports whether an answer says that the delivery is in the journal at
// home.
func (p *parcel) acceptedBy(res *http1.Response) bool {
	id, ok := res.Get("Homehook-Accepted")
	return ok && string(id) == string(p.id[:])
}
