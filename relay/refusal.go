package relay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
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
	r.write(x, wantsProblem(x.Request))
}

// write ends the head of a refusal and writes its body.
func (r *refusal) write(x *http1.Exchange, asProblem bool) error {
	x.Field("Cache-Control", "no-store") // the next answer may be the home's
	x.Field("Vary", "Accept")
	contentType, body := r.render(asProblem)
	x.Field("Content-Type", contentType)
	x.EndLength(int64(len(body)))
	x.Write(body)
	return x.Finish()
}

// refuseUnread answers a request that could not be read.
func (v *visitor) refuseUnread(x *http1.Exchange, e *http1.Error, head []byte) error {
	x.Start(e.Status, nil)
	return refuse(e.Status, e.Detail).write(x, prefersProblem(unreadValues(head, "accept")))
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

// problem is a problem document (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// render returns the body of a refusal: a problem document, or a line of text.
func (r *refusal) render(asProblem bool) (contentType string, body []byte) {
	if asProblem {
		if b, err := json.Marshal(problem{http.StatusText(r.status), r.status, r.detail}); err == nil {
			return "application/problem+json", append(b, '\n')
		}
	}
	return "text/plain; charset=utf-8", append([]byte(r.detail), '\n')
}

// wantsProblem reports whether a client asks for JSON by name, and for no text
// with more weight. A client that takes anything gets text, as a person may be
// the one who reads it.
func wantsProblem(r *http1.Request) bool { return prefersProblem(r.Values("Accept")) }

// prefersProblem is wantsProblem for the values of Accept.
func prefersProblem(accept iter.Seq[[]byte]) bool {
	jsonWeight, textWeight := 0, 0
	for value := range accept {
		for item := range bytes.SplitSeq(value, []byte{','}) {
			media, params, _ := bytes.Cut(item, []byte{';'})
			switch media = bytes.TrimSpace(media); {
			case foldedEqual(media, "application/problem+json"), foldedEqual(media, "application/json"):
				jsonWeight = max(jsonWeight, weight(params))
			case foldedEqual(media, "text/plain"), foldedEqual(media, "text/html"), foldedEqual(media, "text/*"):
				textWeight = max(textWeight, weight(params))
			}
		}
	}
	return jsonWeight > 0 && jsonWeight >= textWeight
}

// weight reads the parameter q of a media type, in thousandths. What makes no
// sense counts in full.
func weight(params []byte) int {
	for param := range bytes.SplitSeq(params, []byte{';'}) {
		name, value, _ := bytes.Cut(bytes.TrimSpace(param), []byte{'='})
		if !foldedEqual(name, "q") {
			continue
		}
		if q, err := strconv.ParseFloat(string(value), 64); err == nil && q >= 0 && q <= 1 {
			return int(q * 1000)
		}
	}
	return 1000
}
