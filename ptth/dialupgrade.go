package ptth

import (
	"bytes"
	"context"
	"strings"

	"homehook/http1"
)

// upgradePlace is where switches to PTTH/1.0 and PTTH/0.9 are asked for.
const upgradePlace = "ptth"

// dial10 asks for a switch to PTTH/1.0. A relay may switch at once, or park
// the request until a sender comes.
func (d *Dialer) dial10(ctx context.Context, name string) (AgentLink, error) {
	q := d.upgrade(Dialect10, name)
	a, err := d.ask(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case switchedTo(a.res, "1.0"):
		return newDirectLink(a.conn, a.res, Dialect10, a.took).pinged(d.Ping), nil
	case isHeartbeat(a.res):
		return newParkedLink(d, q, a), nil
	}
	return d.otherwise(ctx, a, Dialect10, upgradePlace)
}

// dial09 asks for a switch to PTTH/0.9, the first form, which knows no field
// Connection. Some relays answer with the version that followed.
func (d *Dialer) dial09(ctx context.Context, name string) (AgentLink, error) {
	a, err := d.ask(ctx, d.upgrade(Dialect09, name))
	switch {
	case err != nil:
		return nil, err
	case switchedTo(a.res, "0.9"), switchedTo(a.res, "1.0"):
		return newDirectLink(a.conn, a.res, Dialect09, a.took).pinged(d.Ping), nil
	}
	return d.otherwise(ctx, a, Dialect09, upgradePlace)
}

// upgrade is the question that asks for a switch.
func (d *Dialer) upgrade(dialect, name string) question {
	return question{
		method: "POST", target: d.endpoint(upgradePlace, name), token: d.Token,
		fields: func(w *http1.Writer) {
			w.Field("Upgrade", Token(dialect))
			if dialect != Dialect09 {
				w.Field("Connection", "Upgrade")
			}
			d.wishes(w)
		},
	}
}

// otherwise makes what can be made of an answer that did not switch: a relay
// that does not know the dialect may have taken the request for a poll, and
// have answered with an event.
func (d *Dialer) otherwise(ctx context.Context, a *answered, dialect, place string) (AgentLink, error) {
	var link AgentLink
	err := guard(ctx, a.conn, func() error {
		if a.res.Status == 200 && hasType(a.res, cometType) {
			if e, err := d.readEvent(ctx, a.res); err == nil {
				l := newCometLink(d, a, place)
				l.event = e
				l.learn(a.res)
				link = l
				return nil
			}
		}
		return refused(a.res, dialect)
	})
	if err != nil {
		a.conn.Close()
		return nil, err
	}
	return link, nil
}

// switchedTo reports whether an answer switches to a version of PTTH.
func switchedTo(res *http1.Response, version string) bool {
	v, _ := res.Get("Upgrade")
	name, got, _ := bytes.Cut(v, []byte("/"))
	return res.Status == 101 && strings.EqualFold(string(name), "PTTH") && string(got) == version
}
