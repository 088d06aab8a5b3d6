package agent

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"homehook/agent/config"
	"homehook/agent/history"
	"homehook/http1"
	"homehook/ptth"
	"homehook/routes"
)

// rejection is why a request gets no handler, and what its sender gets instead.
// It is recorded, unlike what no relay may send.
type rejection struct {
	status int
	text   string // for the sender; that of the claim for a status below 300
	reason string // for the history

	refused bool // the sender is not who it should be
	fields  []http1.Field
	retry   time.Duration  // that the sender is asked to wait; 0 for nothing
	answer  *routes.Answer // to a sender who had only asked for one; it is no refusal then
}

// state is that of a delivery that got no handler.
func (r *rejection) state() string {
	if r.answer != nil {
		return history.Succeeded
	}
	return history.Rejected
}

var (
	errNoRoute  = &rejection{status: 404, text: "no route at home takes this request", reason: "no route"}
	errTooLarge = &rejection{status: 413, text: "the request body is larger than this address accepts", reason: "the body is larger than max_body of the claim"}
)

// warnEvery spaces the warnings of a relay that mixes names up.
const warnEvery = time.Minute

// admit decides whether a request is for the claim and within its limits, and
// takes the prefix of path mode off its target. It returns nil to let it pass.
func (in *inbox) admit(k *keeper, about ptth.About, r *http1.Request, n *note) *rejection {
	prefix, other := k.locate(r, about, n.prefix)
	n.prefix = prefix
	if other != "" {
		other = printable(other)
		in.warnStranger(k, other)
		return &rejection{status: 404, text: "nothing here has this address", reason: fmt.Sprintf("the relay sent it for %s, which you have not claimed", other)}
	}
	if k.claim.MaxBody > 0 {
		r.Body.SetLimit(int64(k.claim.MaxBody))
		if r.Body.TooLarge() {
			return errTooLarge
		}
	}
	return nil
}

// boundWhole bounds a body that has to be in memory whole, where the claim sets
// no bound.
func (k *keeper) boundWhole(r *http1.Request) {
	if k.claim.MaxBody == 0 {
		r.Body.SetLimit(int64(config.DefaultMaxBody))
	}
}

// seldom spaces warnings of one kind: a relay could give rise to many of them.
// The zero value is ready, for several goroutines.
type seldom struct {
	last atomic.Int64 // Unix seconds
}

// due reports whether to warn now.
func (s *seldom) due() bool {
	now, last := time.Now().Unix(), s.last.Load()
	return now-last >= int64(warnEvery/time.Second) && s.last.CompareAndSwap(last, now)
}

// warnStranger logs that a relay sends what belongs to others.
func (in *inbox) warnStranger(k *keeper, other string) {
	if !k.stranger.due() {
		return
	}
	in.log.Warn(fmt.Sprintf("relay sent a request for %s, which you have not claimed", other), "claim", k.claim.Name, "relay", k.claim.Relay)
}

// printable keeps a message readable whatever a relay puts into it.
func printable(s string) string {
	const most = 100
	b := []byte(s[:min(len(s), most)])
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

// overlong reads a body of unknown length as far as its limit, for handlers
// that answer without having seen its end.
func overlong(r *http1.Request) *rejection {
	if r.Body.Length() >= 0 {
		return nil
	}
	if _, err := io.Copy(io.Discard, r.Body); errors.Is(err, http1.ErrBodyTooLarge) {
		return errTooLarge
	}
	return nil // what else is wrong with it is for the handler to say
}
