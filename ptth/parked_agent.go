package ptth

import (
	"context"
	"time"

	"homehook/http1"
)

// senderLimits are those of a link that is joined to a sender's own
// connection: nobody has paced that one.
var senderLimits = http1.Limits{Target: http1.GrownTarget, Head: http1.GrownHead, Fields: http1.GrownFields, HeadTimeout: 10 * time.Second}

// isHeartbeat knows the answer by which a relay says that it has parked the
// request: a bare 204, so that a web server's is not taken for it.
func isHeartbeat(res *http1.Response) bool {
	return res.Status == 204 && res.Minor == 1 && (len(res.Reason) == 0 || res.Len() == 0) &&
		!res.HasToken("Connection", "close")
}

// parkedLink asks for the same switch again and again, until the 101 says that
// a sender is there. From then on it is that sender's connection.
type parkedLink struct {
	d       *Dialer
	again   question
	about   About
	line    line
	engaged func()
}

var _ Engager = (*parkedLink)(nil)

func newParkedLink(d *Dialer, q question, a *answered) *parkedLink {
	q.target, q.token = a.target, a.token
	return &parkedLink{
		d: d, again: q, line: line{conn: a.conn},
		about: About{Dialect: Dialect10, RoundTrip: a.took, Whole: true, Parked: true},
	}
}

// About tells what is known of the link.
func (l *parkedLink) About() About { return l.about }

// Engaged names the function to call when a sender is there.
func (l *parkedLink) Engaged(f func()) { l.engaged = f }

// Leave gives the link up at the relay's next sign of life.
func (l *parkedLink) Leave() { l.line.leave.Store(true) }

// Close closes the link at once.
func (l *parkedLink) Close() error { return l.line.close() }

// Serve waits for a sender and calls handle for each of its requests. It
// returns nil when the relay or the sender ended the link or fell silent, or
// ctx ended, and a [*RefusedError] when the relay does not park it any more.
func (l *parkedLink) Serve(ctx context.Context, handle func(context.Context, *http1.Exchange)) error {
	defer l.Close()
	if err := l.park(ctx); err != nil {
		return ordinary(err)
	}
	if l.engaged != nil {
		l.engaged()
	}
	c := l.line.conn
	c.SetLimits(senderLimits)
	c.SetReadTimeout(0)
	return c.Serve(ctx, handle)
}

// park returns nil when a sender is there.
func (l *parkedLink) park(ctx context.Context) error {
	defer context.AfterFunc(ctx, l.line.end)()
	for !l.line.ended() && !l.line.leave.Load() {
		l.line.pace(ctx)
		if err := l.d.send(l.line.conn, &l.again); err != nil {
			return err
		}
		res, err := l.line.await(l.again.method, pollSilence)
		switch {
		case err != nil:
			return err
		case switchedTo(res, "1.0"):
			return nil
		case res.Status != 204 || res.HasToken("Connection", "close"):
			return refused(res, Dialect10)
		}
	}
	return errOver
}
