package routes

import (
	"errors"
	"iter"
	"strings"
	"time"
)

// ChooseOptions are what choosing needs besides the delivery.
type ChooseOptions struct {
	// Secrets returns the values of a credential that are valid, newest first, at
	// least one.
	Secrets func(name string) ([][]byte, error)

	// Checked reports whether the delivery has passed the check of that key
	// (see [Route.CheckKey]) before; it is not made again. nil is never.
	Checked func(key string) bool

	// Sender is the sender that the claim is set up for, such as "slack"; empty
	// for none.
	Sender string

	// Now is the time. Nothing is judged by it that d.Received can judge.
	Now time.Time
}

// Fits yields the routes whose claim and pattern fit a request, in the order of
// the file. The path is the raw one, without the query.
func (t *Table) Fits(claim string, method, rawPath []byte) iter.Seq2[*Route, Params] {
	return func(yield func(*Route, Params) bool) {
		for _, r := range t.claims[claim] {
			if r.pattern.match(method, rawPath) && !yield(r, r.pattern.capture(rawPath)) {
				return
			}
		}
	}
}

// Plain reports whether a route takes every delivery that fits it, without a
// look at the body and with no other route being asked behind it: what Choose
// has to say of it is known beforehand.
func (t *Table) Plain(r *Route) bool { return r.plain() }

// plain reports whether the route takes whatever fits it, and reads nothing.
func (r *Route) plain() bool {
	return !r.NeedsBody() && r.rate == nil
}

// conditional reports whether the route may leave a delivery to later ones.
func (r *Route) conditional() bool { return r.when != nil || r.events != nil }

// Choose asks the routes that fit a delivery in their order: its sender is
// checked first, a challenge of the sender is answered, then the route's events
// and its condition count. d.Body is the whole body if any route that is asked
// needs it (see [Route.NeedsBody]), and d.Received the time at which the relay
// received the delivery. Choose leaves d as it is, and counts nothing against a
// route's rate: see [Route.Take].
func (t *Table) Choose(d *Delivery, o ChooseOptions) (c Choice) {
	path, _ := d.Request.PathQuery()
	for r, params := range t.Fits(d.Claim, d.Request.Method, path) {
		at := *d
		at.Route, at.Params, at.Input = r.Name, params, nil
		if !c.ask(r, &at, o) {
			break
		}
	}
	return c
}

// ask asks one route, and reports whether the next one is asked too.
func (c *Choice) ask(r *Route, d *Delivery, o ChooseOptions) (next bool) {
	tr := Trace{Route: r.Name}
	defer func() { c.Trace = append(c.Trace, tr) }()
	a, unsigned, err := c.challenge(r, d, o)
	if err == nil && !unsigned {
		err = r.check(d, o)
	}
	switch {
	case err != nil:
		tr.Verified = err.Error()
		return c.refuse(r, &tr, err)
	case a != nil && len(c.Taken) == 0:
		tr.Took, tr.Note = true, a.Why
		c.Answer, c.AnsweredBy = a, r
		return false
	case a != nil:
		tr.Note = "not run: the sender asks only whether the address is the user's"
		return true
	case r.verifier != nil:
		tr.Verified = "ok"
	}
	if r.conditional() {
		c.look(r, d)
		if !r.wants(d, &tr) {
			return true
		}
	}
	tr.Took = true
	c.Taken = append(c.Taken, Taken{r, d.Params})
	return r.continues
}

// refuse notes that a route's check failed, and reports whether the next route
// is asked. Where another one has taken the delivery already, this one just does
// not run; but if it cannot tell yet, all wait for it.
func (c *Choice) refuse(r *Route, tr *Trace, err error) (next bool) {
	if _, ours := errors.AsType[*SecretError](err); len(c.Taken) > 0 && !ours {
		tr.Note = "not run: its check failed"
		return r.continues
	}
	c.Taken, c.Refused, c.RefusedBy = nil, err, r
	return false
}

// check checks the sender, unless that has been done.
func (r *Route) check(d *Delivery, o ChooseOptions) error {
	if r.verifier == nil || o.Checked != nil && o.Checked(r.checkKey) {
		return nil
	}
	return r.Verify(d, d.Body, o.Secrets)
}

// look sets d.Input for a route.
func (c *Choice) look(r *Route, d *Delivery) {
	if c.input == nil {
		r.Input(d)
	} else {
		d.Input = c.input.For(r.Name, params(d.Params))
	}
	c.input = d.Input
}

// wants reports whether the route's events and its condition let it take a
// delivery.
func (r *Route) wants(d *Delivery, tr *Trace) bool {
	if r.events != nil {
		var wanted bool
		if tr.Event, wanted = r.events.wants(d.Input); !wanted {
			tr.Note = "wants the events " + strings.Join(r.events.patterns, ", ")
			if tr.Event == "" {
				tr.Note += ", and the delivery names no event"
			}
			return false
		}
	}
	if r.when == nil {
		return true
	}
	met, parts := r.when.Eval(d.Input)
	tr.Parts = parts
	if !met {
		tr.Note = "its condition is not met"
	}
	return met
}

// CheckKey names what the route's check of the sender trusts, such as
// "github:deploy,deploy-old"; empty for a route that checks nobody. It is one
// line. A delivery that has passed a check has passed all of the same key.
func (r *Route) CheckKey() string { return r.checkKey }

// checkKey names what a check trusts: all that would make another check of it
// but for how old a signature may be.
func checkKey(s *VerifySpec) string {
	names := s.Secrets
	if s.Secret != "" {
		names = append([]string{s.Secret}, names...)
	}
	key := s.Scheme + ":" + strings.Join(names, ",")
	for _, o := range []struct{ name, value string }{
		{"header", s.Header},
		{"hash", s.Hash},
		{"encoding", s.Encoding},
		{"prefix", s.Prefix},
		{"signed", s.Signed},
		{"time", s.Time},
		{"user", s.User},
		{"url", s.URL},
		{"from", strings.Join(s.From, ",")},
		{"covers", strings.Join(s.Covers, ",")},
	} {
		if o.value != "" {
			key += ";" + o.name + "=" + o.value
		}
	}
	return strings.ReplaceAll(key, "\n", " ")
}
