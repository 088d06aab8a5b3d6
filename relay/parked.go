package relay

import (
	"bytes"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

const (
	// parkedFor is how long an upgrade request is held. Agents take 75 s of
	// silence for a broken connection.
	parkedFor = 30 * time.Second

	// parkedAgain is how soon to look again at a held request that somebody has
	// just taken from the pool, and may give back.
	parkedAgain = 10 * time.Millisecond
)

// asksToPark reports whether a link is asked for in the parked form, by a query
// with the name park.
func asksToPark(r *http1.Request) bool {
	_, query := r.PathQuery()
	for param := range bytes.SplitSeq(query, []byte{'&'}) {
		if name, _, _ := bytes.Cut(param, []byte{'='}); string(name) == "park" {
			return true
		}
	}
	return false
}

// park answers a request for a link of PTTH/1.0 parked, for which a place is
// reserved. The first one on a connection is told at once that it is accepted.
// Those behind it are held until a sender comes, or for a while.
func (v *visitor) park(o ptth.Offer, c *claim, t *tokenRecord, granted func(*http1.Writer)) *refusal {
	if !v.parking {
		v.parking = true
		c.unreserve()
		ptth.Unpark(v.x)
		return nil
	}
	p := ptth.Park(v.x, o, granted)
	l := v.relay.newLink(p, c)
	if err := v.relay.dir.admit(l, t); err != nil {
		return asRefusal(err)
	}
	if v.held(p, l) {
		ptth.Unpark(v.x)
		return nil
	}
	v.parked = p
	if !p.Switch() {
		v.parked = nil
		v.left = true // the agent is gone, or the relay is going
		v.x.CloseAfter()
		return nil
	}
	v.relay.log.Info("link opened", keyClaim, c.name, keyLink, l.id, keyAddr, l.RemoteAddr(), keyDialect, l.traits.Dialect)
	return nil
}

// held holds a request in the pool of its claim. It reports whether nobody
// wanted it in all that time; else Switch tells what is to be done.
func (v *visitor) held(p *ptth.Parked, l *link) bool {
	hold := v.relay.opts.Hold
	if hold <= 0 {
		hold = parkedFor
	}
	late := time.NewTimer(hold)
	defer late.Stop()
	for {
		select {
		case <-p.Wanted():
			return false
		case <-late.C:
		}
		if l.claim.withdraw(l) {
			return true
		}
		late.Reset(parkedAgain)
	}
}
