package relay

import "errors"

// refusal is an answer other than the one asked for: a status and a sentence
// for the person at the other end, which names no one else's secrets.
type refusal struct {
	status int
	retry  int // seconds for Retry-After; 0 for none
	detail string
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
	errNoClaim  = refuse(404, "this token holds no claim of that name")

	// errUnknown is what a sender hears of every name without a claim, so
	// that nobody can tell unknown from deleted and malformed.
	errUnknown = refuse(404, "there is nothing at this address")

	errAway    = refuseFor(503, 30, "the receiver is not connected at the moment; try again later")
	errBusy    = refuseFor(503, 5, "the receiver is busy; try again later")
	errCrowded = refuseFor(503, 5, "too many requests wait for the receiver; try again later")
	errLinks   = refuseFor(429, 10, "the claim has as many links as it may have")

	errNotNow = refuseFor(503, 5, "the relay cannot read its data at the moment; try again later")
)
