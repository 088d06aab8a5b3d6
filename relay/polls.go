package relay

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// newPoll makes a carrier of the request under way, which an agent has sent.
func (v *visitor) newPoll(o ptth.PollOptions) *ptth.Poll {
	o.Gone, o.Addr = v.gone, v.source.clientAddr()
	return ptth.NewPoll(v.x, o)
}

// pool puts a poll among the links of a claim. enter, if not nil, is called
// with the link before that, and may refuse.
func (v *visitor) pool(p *ptth.Poll, c *claim, t *tokenRecord, enter func(*link) *refusal) (*link, *refusal) {
	if err := c.reserve(); err != nil {
		return nil, asRefusal(err)
	}
	l := v.relay.newLink(p, c)
	l.poll = v.end
	if enter != nil {
		if ref := enter(l); ref != nil {
			c.unreserve()
			return nil, ref
		}
	}
	if err := v.relay.dir.admit(l, t); err != nil {
		return l, asRefusal(err)
	}
	return l, nil
}

// hold is how long polls wait, unless the relay's owner has set it.
func (r *Relay) hold(usual time.Duration) time.Duration {
	if r.opts.Hold > 0 {
		return r.opts.Hold
	}
	return usual
}

// grantPolls says in an answer to a poll what the agent's wishes came to.
func grantPolls(w *http1.Writer, o ptth.Offer, links int) {
	if o.Ours {
		w.Field("PTTH-Max-Conns", strconv.Itoa(links))
	}
}

// newMessageID makes an id that no other exchange has, before a restart either.
func newMessageID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// badReply finds the answer to an agent whose reply could not be used.
func (v *visitor) badReply(err error) *refusal {
	var e *http1.Error
	if !errors.As(err, &e) {
		v.x.CloseAfter()
		return errCutShort
	}
	status := 400
	if e.Status == 413 || e.Status == 408 {
		status = e.Status
		v.x.CloseAfter()
	}
	return refuse(status, e.Detail)
}
