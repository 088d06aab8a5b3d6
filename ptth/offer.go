package ptth

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"homehook/http1"
)

// Version is the upgrade token of the dialect in this package.
const Version = "PTTH/1.0"

// ErrNoOffer reports a request that does not ask for a link.
var ErrNoOffer = errors.New("not a request for a reverse connection")

// Offer is what an agent's upgrade request asks for.
type Offer struct {
	Version  string        // the token to echo
	Ping     time.Duration // idle time after which to ping; 0 when the agent did not ask for pings
	MaxLinks int           // how many links the agent wishes for; 0 when not stated
	Ours     bool          // the agent knows the negotiated fields
}

// ParseOffer reads the offer of a request. It returns [ErrNoOffer] when the
// request does not ask for any reversal, and an [*http1.Error] with status
// 400 or 426 when it asks for one that cannot be granted.
func ParseOffer(r *http1.Request) (Offer, error) {
	named, known := false, false
	for v := range r.Values("Upgrade") {
		for token := range bytes.SplitSeq(v, []byte{','}) {
			name, version, _ := bytes.Cut(bytes.TrimSpace(token), []byte{'/'})
			if bytes.EqualFold(name, []byte("PTTH")) {
				named = true
				known = known || string(version) == "1.0"
			}
		}
	}
	switch {
	case !named:
		return Offer{}, ErrNoOffer
	case !known:
		return Offer{}, &http1.Error{Status: 426, Detail: "the relay speaks " + Version}
	case !r.WantsUpgrade():
		return Offer{}, &http1.Error{Status: 400, Detail: "an upgrade needs \"Connection: Upgrade\""}
	}
	return readWishes(r), nil
}

func readWishes(r *http1.Request) Offer {
	o := Offer{Version: Version}
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
