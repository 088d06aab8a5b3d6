package ptth

import (
	"context"
	"sync/atomic"
	"time"

	"homehook/http1"
)

// AgentLink is the agent's end of a link: it serves the requests that the
// relay sends.
type AgentLink struct {
	// Ping is the interval at which the relay pings, 0 if it does not.
	Ping time.Duration

	// MaxLinks is the relay's limit on links for the name, 0 if not stated.
	MaxLinks int

	// RoundTrip is how long the relay took to answer the upgrade request.
	RoundTrip time.Duration

	conn    *http1.Conn
	leaving atomic.Bool
}

func newAgentLink(c *http1.Conn, res *http1.Response, roundTrip time.Duration) *AgentLink {
	l := &AgentLink{conn: c, RoundTrip: roundTrip}
	lim := agentLimits
	if n, ok := number(&res.Head, "PTTH-Ping", 3600); ok {
		l.Ping = time.Duration(n) * time.Second
		lim.IdleTimeout = time.Duration(silence * float64(l.Ping))
	}
	if n, ok := number(&res.Head, "PTTH-Max-Conns", 1<<16); ok {
		l.MaxLinks = n
	}
	c.SetLimits(lim)
	c.SetReadTimeout(0)
	return l
}

// Negotiated reports whether the relay knows the fields that Homehook adds to
// PTTH/1.0, and so is one of ours: what it says about a delivery then comes
// from the relay, and not from whoever sent the request.
func (l *AgentLink) Negotiated() bool { return l.Ping > 0 || l.MaxLinks > 0 }

// Serve calls handle for each request of the relay but its pings, which it
// answers itself. It returns nil when the relay closed the link or fell
// silent, or ctx ended, which lets a running exchange finish.
func (l *AgentLink) Serve(ctx context.Context, handle func(context.Context, *http1.Exchange)) error {
	return l.conn.Serve(ctx, func(ctx context.Context, x *http1.Exchange) {
		if l.Ping > 0 && x.Request.IsMethod("OPTIONS") && string(x.Request.Target) == "*" {
			l.pong(x)
			return
		}
		handle(ctx, x)
	})
}

func (l *AgentLink) pong(x *http1.Exchange) {
	if l.leaving.Load() {
		x.CloseAfter()
	}
	x.Start(200, nil)
	x.EndLength(0)
	x.Finish()
}

// Leave gives the link up at the next ping, which is the one moment at which
// no request can be on its way. It may be called by any goroutine.
func (l *AgentLink) Leave() { l.leaving.Store(true) }

// Close closes the link at once.
func (l *AgentLink) Close() error { return l.conn.Close() }
