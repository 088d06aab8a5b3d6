package ptth

import (
	"context"
	"errors"
	"slices"

	"homehook/http1"
)

// Attempt is what asking a relay for a link in one dialect came to.
type Attempt struct {
	Dialect string

	// Link is what is known of the link that was opened, its zero value for
	// none. Its dialect is another one where the relay took an upgrade
	// request for a poll.
	Link About

	// Err is why there is no link, a [*RefusedError] for an answer; nil when
	// the dialect is offered.
	Err error
}

// Probe asks a relay for a link in each dialect, or in the dialer's own if it
// has one, and reports each attempt when it is done. The links are closed at
// once, and nothing is remembered. It returns the dialect that Dial would use;
// the error is what ends the attempts early, or a [*NoDialectError]. A relay
// that takes upgrade requests for polls may hold them for up to 30 s.
func (d *Dialer) Probe(ctx context.Context, name string, report func(Attempt)) (string, error) {
	t := &trial{d: d, name: name, left: slices.Clone(preference)}
	if d.Dialect != "" {
		t.left = []string{d.Dialect}
	}
	chosen := ""
	for len(t.left) > 0 {
		dialect := t.left[0]
		link, err := d.attempt(ctx, dialect, name, searchTimeout)
		a := Attempt{Dialect: dialect, Err: err}
		if link != nil {
			a.Link = link.About()
			turnAway(ctx, link)
		}
		report(a)
		var e *RefusedError
		switch {
		case err == nil:
			t.left = t.left[1:]
			if chosen == "" {
				chosen = a.Link.Dialect
			}
			if a.Link.Dialect == DialectComet { // other upgrade requests would be polls as well
				t.left = slices.DeleteFunc(t.left, func(s string) bool { return Token(s) != "" || s == DialectComet })
			}
		case errors.As(err, &e) && e.notOffered():
			t.refused(a, e)
		default:
			return chosen, err
		}
	}
	if chosen == "" {
		return "", &NoDialectError{Attempts: t.attempts, Note: t.note}
	}
	return chosen, nil
}

// turnAway closes a link that is not wanted. A request that came with it is
// told to come again.
func turnAway(ctx context.Context, link AgentLink) {
	defer link.Close()
	if _, ok := link.(*cometLink); !ok {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	link.Serve(ctx, func(_ context.Context, x *http1.Exchange) {
		x.Start(503, nil)
		x.Field("Retry-After", "1")
		x.EndLength(0)
		x.Finish()
	})
}
