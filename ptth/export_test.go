package ptth

import (
	"time"

	"homehook/http1"
)

// SetClock makes a dialer take the time from f.
func (d *Dialer) SetClock(f func() time.Time) { d.now = f }

// NewTestLink is an agent's link that asked for pings at the given interval.
func NewTestLink(c *http1.Conn, res *http1.Response, ping time.Duration) AgentLink {
	return newDirectLink(c, res, Dialect10, 0).pinged(ping)
}
