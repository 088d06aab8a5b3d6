package relay

import (
	"bytes"
	"cmp"
	"errors"
	"iter"
	"strconv"

	"homehook/http1"
)

// refusal is an answer other than the one asked for: a status and a sentence
// for the person at the other end, which names no one else's secrets.
type refusal struct {
	status int
	retry  int // seconds for Retry-After; 0 for none
	detail string
	allow  string // for 405, the methods that there are; "" for those of a claim
}

// Error returns the sentence.
func (r *refusal) Error() string { return r.detail }

func refuse(status int, detail string) *refusal { return &refusal{status: status, detail: detail} }

func refuseFor(status, retry int, detail string) *refusal {
	return &refusal{status: status, retry: retry, detail: detail}
}

var (
	// ErrTokenExists reports a name that a good token has.
	ErrTokenExists = errors.New("there is a token of that name; revoke it first, or choose another name")

	// ErrNoToken reports a name that no good token has.
	ErrNoToken = errors.New("there is no token of that name, or it is revoked already; \"token list\" shows all")
)

var (
	errBadToken = refuse(401, "the token is missing, unknown or revoked")
	errNotYours = refuse(403, "the name belongs to another token; choose another")
	// errRelayEnds is what everybody hears while running exchanges finish.
	errRelayEnds = refuseFor(503, 1, "the relay is about to end; try again")

	errNoClaim = refuse(404, "this token holds no claim of that name")

	// errUnknown is what a sender hears of every name without a claim, so
	// that nobody can tell unknown from deleted and malformed.
	errUnknown = refuse(404, "there is nothing at this address")

	errAway    = refuseFor(503, 30, "the receiver is not connected at the moment; try again later")
	errBusy    = refuseFor(503, 5, "the receiver is busy; try again later")
	errCrowded = refuseFor(503, 5, "too many requests wait for the receiver; try again later")
	errLinks   = refuseFor(429, 10, "the claim has as many links as it may have")

	errNoPoller = refuse(504, "the receiver has not come for the request in time; try again later")
	errNoTunnel = refuse(501, "the receiver is connected in a way that carries no WebSocket connections")
	errCannot   = refuse(501, "the receiver is connected in a way that cannot carry this request")

	errNotNow = refuseFor(503, 5, "the relay cannot read its data at the moment; try again later")
)

// refuse answers with a refusal, unless an answer has begun.
func (v *visitor) refuse(r *refusal) {
	x := v.x
	if x.Started() {
		return
	}
	if r.status == 400 || r.status == 421 || r == errConnect {
		x.CloseAfter() // what follows from such a sender is not trusted either
	}
	x.Start(r.status, nil)
	if r.retry > 0 {
		x.Field("Retry-After", strconv.Itoa(r.retry))
	}
	switch r.status {
	case 401:
		x.Field("WWW-Authenticate", "Bearer")
	case 405:
		x.Field("Allow", cmp.Or(r.allow, allMethods))
	case 426:
		if v.relay.advertised != "" {
			x.Field("Upgrade", v.relay.advertised)
			x.Field("Connection", "Upgrade")
		}
	}
	if k := v.place.kind; k == placeComet || k == placeReverseHTTP {
		openToPages(x.Writer)
	}
	r.write(x, x.Request.Values("Accept"))
}

// write ends the head of a refusal and writes its body, in the form that the
// values of Accept ask for.
func (r *refusal) write(x *http1.Exchange, accept iter.Seq[[]byte]) error {
	x.Field("Cache-Control", "no-store") // the next answer may be the home's
	x.Field("Vary", "Accept")
	contentType, body := http1.Problem(r.status, r.detail, accept)
	x.Field("Content-Type", contentType)
	x.EndLength(int64(len(body)))
	x.Write(body)
	return x.Finish()
}

// refuseUnread answers a request that could not be read.
func (v *visitor) refuseUnread(x *http1.Exchange, e *http1.Error, head []byte) error {
	x.Start(e.Status, nil)
	return refuse(e.Status, e.Detail).write(x, unreadValues(head, "accept"))
}

// unreadValues yields the values of a field in a head that was refused, as far
// as its lines can be told apart.
func unreadValues(head []byte, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for line := range bytes.SplitSeq(head, []byte{'\n'}) {
			n, value, ok := bytes.Cut(line, []byte{':'})
			if ok && foldedEqual(n, name) && !yield(bytes.TrimSpace(value)) || len(bytes.TrimSpace(line)) == 0 {
				return // a blank line ends the head
			}
		}
	}
}
