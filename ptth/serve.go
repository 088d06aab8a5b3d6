package ptth

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"homehook/http1"
)

// AgentLink is the agent's end of a link: it serves the requests that the
// relay sends. Leave and Close may be called by any goroutine.
type AgentLink interface {
	// About tells what is known of the link. Any goroutine may call it.
	About() About

	// Serve calls handle for each request of the relay but its pings, which
	// it answers itself. It returns nil when the relay ended the link or fell
	// silent, or when ctx ended, which lets running exchanges finish. A link
	// that carries several exchanges calls handle on several goroutines.
	// What is known of a link by polls may grow while it is served.
	Serve(ctx context.Context, handle func(context.Context, *http1.Exchange)) error

	// Leave gives the link up at the next moment at which no request can be
	// on its way.
	Leave()

	// Close closes the link at once.
	Close() error
}

// Engager is an [AgentLink] that waits for one sender and belongs to it from
// then on until it ends: a parked link. While it waits, About().Parked is set
// and no exchange can run; once engaged, the link counts as busy between
// exchanges too, since no other sender can reach it, and another link has to
// be opened in its place.
type Engager interface {
	AgentLink

	// Engaged names the function to call, once, on Serve's goroutine, when the
	// sender is there. It must be called before Serve.
	Engaged(func())
}

// About is what an agent knows of one of its links.
type About struct {
	Dialect string

	// Ping is the interval at which the relay pings, 0 if it does not.
	Ping time.Duration

	// MaxLinks is the relay's limit on links for the name, 0 if not stated.
	MaxLinks int

	// RoundTrip is how long the relay took to answer when the link was opened.
	// Where the answer is a poll that the relay holds, it is how long the
	// connection took.
	RoundTrip time.Duration

	// Negotiated reports whether the relay knows the fields that Homehook
	// adds, and so is one of ours: what it says about a delivery then comes
	// from the relay, and not from whoever sent the request.
	Negotiated bool

	// Shared says that the link carries many exchanges at once, so that one
	// will do.
	Shared bool

	// Whole says that targets come with the prefix of path mode.
	Whole bool

	// Public is the claim's public URL where the relay has told it with the
	// link, else "".
	Public string

	// Parked says that the link waits for a sender to be its own: see
	// [Engager]. What it says then comes from that sender and not from the
	// relay.
	Parked bool

	// Note says what stood in the way of a better dialect, a sentence for the
	// owner of the agent; "" for nothing.
	Note string
}

// directLink is a link in HTTP/1.1.
type directLink struct {
	about   About
	conn    *http1.Conn
	asked   bool // for pings
	leaving atomic.Bool
}

var _ AgentLink = (*directLink)(nil)

func newDirectLink(c *http1.Conn, res *http1.Response, dialect string, roundTrip time.Duration) *directLink {
	l := &directLink{conn: c, about: About{Dialect: dialect, RoundTrip: roundTrip}}
	lim := agentLimits
	if l.about.granted(&res.Head); l.about.Ping > 0 {
		lim.IdleTimeout = time.Duration(silence * float64(l.about.Ping))
	}
	l.asked = l.about.Ping > 0
	c.SetLimits(lim)
	c.SetReadTimeout(0)
	return l
}

// pinged notes that pings at the given interval were asked for: a relay may send
// them although its answer did not say so.
func (l *directLink) pinged(every time.Duration) *directLink {
	l.asked = l.asked || every > 0
	return l
}

// About tells what is known of the link.
func (l *directLink) About() About { return l.about }

// Serve calls handle for each request of the relay but its pings, which it
// answers itself. It returns nil when the relay closed the link or fell
// silent, when ctx ended, which lets a running exchange finish, or when a
// handler has switched protocols.
func (l *directLink) Serve(ctx context.Context, handle func(context.Context, *http1.Exchange)) error {
	err := l.conn.Serve(ctx, func(ctx context.Context, x *http1.Exchange) {
		if l.asked && x.Request.IsMethod("OPTIONS") && string(x.Request.Target) == "*" {
			l.pong(x)
			return
		}
		handle(ctx, x)
	})
	if errors.Is(err, http1.ErrHijacked) {
		return nil // a switch of protocols has used the link up
	}
	return err
}

func (l *directLink) pong(x *http1.Exchange) {
	if l.leaving.Load() {
		x.CloseAfter()
	}
	x.Start(200, nil)
	x.EndLength(0)
	x.Finish()
}

// Leave gives the link up at the next ping, which is the one moment at which
// no request can be on its way. It may be called by any goroutine.
func (l *directLink) Leave() { l.leaving.Store(true) }

// Close closes the link at once.
func (l *directLink) Close() error { return l.conn.Close() }
