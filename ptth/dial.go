package ptth

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"homehook/http1"
)

// agentLimits are those of the agent's end: the relay paces its senders, so a
// request body may pause; the time between requests is bounded by pings. A head
// may be larger than at the relay's edge, since the relay adds to it.
var agentLimits = http1.Limits{Target: http1.GrownTarget, Head: http1.GrownHead, Fields: http1.GrownFields, HeadTimeout: 10 * time.Second, IdleTimeout: -1, BodyRate: -1, BodyWindow: 2 * time.Minute}

const (
	// defaultDialTimeout bounds a Dial in a dialect that is known, and the
	// opening of any connection.
	defaultDialTimeout = 10 * time.Second

	// searchTimeout bounds each attempt while the dialect is not known: a
	// relay that takes an upgrade request for a poll holds it for up to 30 s.
	searchTimeout = defaultDialTimeout + 40*time.Second

	// silence is how many ping intervals may pass without one.
	silence = 2.25
)

// Dialer opens links from an agent to one relay. Its fields must not change
// while it is in use, nor may it be copied then; its methods may be called by
// several goroutines.
type Dialer struct {
	// Relay is the relay's address, http or https. Links are asked for at
	// /ptth/{name}, /comet/{name}, or /reversehttp below its path; a path with
	// "{name}" in it is used as it is, with the name filled in. The query
	// stays.
	Relay *url.URL

	// Token is sent as a bearer token, to this host only; "" sends none. The
	// dialect reversehttp sends it in the form of its claim.
	Token string

	// TLS is the configuration for https; nil means the system's roots.
	TLS *tls.Config

	// Dialect is the one to use; "" tries them all and remembers which one
	// the relay takes.
	Dialect string

	// Ping is the interval to ask for, whole seconds; 0 asks for none.
	Ping time.Duration

	// MaxLinks is the number of links wished for; 0 leaves it unsaid.
	MaxLinks int

	// Agent is the User-Agent to send; "" sends none.
	Agent string

	// Timeout bounds an attempt to open a link; default 10 s, and 50 s while
	// it is not known which dialect the relay takes.
	Timeout time.Duration

	// Proxy returns the proxy for an address, nil for none. Without it the
	// environment's are used: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
	Proxy func(*url.URL) (*url.URL, error)

	// Guard refuses addresses behind the look-up of a name; nil refuses none. It
	// is not asked about a proxy, nor about what that connects to.
	Guard func(netip.AddrPort) error

	// Trace is told of each step of opening a connection, on the goroutine
	// that opens it; nil tells nobody.
	Trace func(Step)

	choice      choice
	secret      secret
	room        room
	connections connections
	now         func() time.Time // nil for the clock
}

// Dial opens a link for a name. It returns a [*RefusedError] when the relay
// refuses, a [*NoDialectError] when it takes none of the dialects, and a
// [*ConnectError] when it cannot be reached.
func (d *Dialer) Dial(ctx context.Context, name string) (AgentLink, error) {
	if d.Dialect != "" {
		return d.attempt(ctx, d.Dialect, name, defaultDialTimeout)
	}
	return d.choose(ctx, name)
}

// attempt opens a link in one dialect, within the given time unless the
// dialer's own is set.
func (d *Dialer) attempt(ctx context.Context, dialect, name string, within time.Duration) (AgentLink, error) {
	if d.Timeout > 0 {
		within = d.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	switch dialect {
	case Dialect10:
		return d.dial10(ctx, name)
	case DialectPTTH:
		return d.dialPTTH(ctx, name)
	case Dialect09:
		return d.dial09(ctx, name)
	case DialectComet:
		return d.dialComet(ctx, name)
	case DialectReverseHTTP:
		return d.dialReverseHTTP(ctx, name)
	}
	return nil, fmt.Errorf("dialect %q is none of %s", dialect, strings.Join(preference, ", "))
}

// endpoint is where links of a name are asked for: below the relay's path at
// the given place, unless the path says itself where.
func (d *Dialer) endpoint(place, name string) *url.URL {
	u := *d.Relay
	if strings.Contains(u.Path, "{name}") {
		u.Path, u.RawPath = strings.ReplaceAll(u.Path, "{name}", name), ""
		return &u
	}
	if u.Path == "" {
		u.Path = "/" // JoinPath makes a relative path of an empty one
	}
	return u.JoinPath(place, name)
}

// wishes writes the fields that ask a relay of ours for more than the dialect
// has.
func (d *Dialer) wishes(w *http1.Writer) {
	if d.Ping > 0 {
		w.Field("PTTH-Ping", strconv.Itoa(int(d.Ping/time.Second)))
	}
	if d.MaxLinks > 0 {
		w.Field("PTTH-Max-Conns", strconv.Itoa(d.MaxLinks))
	}
}

// granted notes what a relay says to the wishes.
func (a *About) granted(h *http1.Head) {
	if n, ok := number(h, "PTTH-Ping", 3600); ok {
		a.Ping = time.Duration(n) * time.Second
	}
	if n, ok := number(h, "PTTH-Max-Conns", 1<<16); ok {
		a.MaxLinks = n
	}
	a.Negotiated = a.Ping > 0 || a.MaxLinks > 0
}
