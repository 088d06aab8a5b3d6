package ptth

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"time"

	"homehook/http1"
)

const (
	// Version is the upgrade token of PTTH/1.0, to the letter: agents compare
	// it so.
	Version = "PTTH/1.0"

	// Advertised is the value of Upgrade in an answer 426.
	Advertised = "ptth, PTTH/1.0"
)

// ErrNoOffer reports a request that does not ask for a link.
var ErrNoOffer = errors.New("not a request for a reverse connection")

// ErrNoConnection reports a request that asks for a link, but not this hop.
var ErrNoConnection error = &http1.Error{
	Status: 426,
	Detail: "an upgrade needs \"Connection: Upgrade\" too; if it was sent, a proxy in between has removed it",
}

// Offer is what an agent's upgrade request asks for.
type Offer struct {
	Dialect  string
	Version  string        // the token to echo
	Ping     time.Duration // idle time after which to ping; 0 when the agent did not ask for pings
	MaxLinks int           // how many links the agent wishes for; 0 when not stated
	Ours     bool          // the agent knows the negotiated fields
}

// ParseOffer reads the offer of a request: the first token in its Upgrade
// fields that is of one of the given dialects, or of any where none is given.
// It returns [ErrNoOffer] when the request does not ask for any reversal, and
// an [*http1.Error] with status 426 when it asks for one that cannot be
// granted.
func ParseOffer(r *http1.Request, dialects ...string) (Offer, error) {
	if r.Minor == 0 {
		return Offer{}, ErrNoOffer // HTTP/1.0 has no Upgrade (RFC 9110, section 7.8)
	}
	named := false
	for v := range r.Values("Upgrade") {
		for token := range bytes.SplitSeq(v, []byte{','}) {
			token = bytes.TrimSpace(token)
			name, version, versioned := bytes.Cut(token, []byte{'/'})
			if !bytes.EqualFold(name, []byte("PTTH")) {
				continue
			}
			named = true
			dialect := dialectOf(string(version), versioned)
			if dialect == "" || len(dialects) > 0 && !slices.Contains(dialects, dialect) {
				continue
			}
			// The first draft had no Connection field yet.
			if dialect != Dialect09 && !r.WantsUpgrade() {
				return Offer{}, ErrNoConnection
			}
			return readWishes(r, dialect), nil
		}
	}
	if named {
		return Offer{}, &http1.Error{Status: 426, Detail: "none of the ways to open a link that were asked for is offered here"}
	}
	return Offer{}, ErrNoOffer
}

// dialectOf returns the dialect of an upgrade token PTTH, "" for one that is
// not known.
func dialectOf(version string, versioned bool) string {
	switch {
	case !versioned:
		return DialectPTTH
	case version == "1.0":
		return Dialect10
	case version == "0.9":
		return Dialect09
	}
	return ""
}

// Token is the upgrade token of a dialect, to the letter; "" for one that has
// none.
func Token(dialect string) string {
	switch dialect {
	case DialectPTTH:
		return "ptth"
	case Dialect10:
		return Version
	case Dialect09:
		return "PTTH/0.9"
	}
	return ""
}

func readWishes(r *http1.Request, dialect string) Offer {
	o := Offer{Dialect: dialect, Version: Token(dialect)}
	if n, ok := number(&r.Head, "PTTH-Ping", 3600); ok {
		o.Ping = time.Duration(max(n, 5)) * time.Second
	}
	if n, ok := number(&r.Head, "PTTH-Max-Conns", 1<<16); ok {
		o.MaxLinks, o.Ours = n, true
	}
	return o
}

// number reads a field that holds a positive decimal number up to max.
func number(h *http1.Head, name string, max int) (int, bool) {
	v, ok := h.Get(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 1 || n > max {
		return 0, false
	}
	return n, true
}
