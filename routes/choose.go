package routes

import (
	"errors"
	"iter"
	"strings"
	"time"

	"homehook/http1"
	"homehook/routes/expression"
)

// Choice is which routes take a delivery, and why others do not.
type Choice struct {
	// Taken are the routes that take it, in their order. The first one makes
	// the answer; there are more only where routes continue.
	Taken []Taken

	// Refused is why the sender is refused by the first route that would have
	// taken the delivery: a [*signature.Failure], or a [*SecretError] if it
	// could not be checked. RefusedBy is that route. Nothing is taken then.
	Refused   error
	RefusedBy *Route

	// Answer is what the sender is to get at once, with no handler having run,
	// by the first route that takes the delivery: it asks whether the address
	// is the user's. AnsweredBy is that route. nil for all others.
	Answer     *Answer
	AnsweredBy *Route

	// Trace is what each route that fits the path said, in their order.
	Trace []Trace

	// input is the delivery as the last route saw it that looked into it, so
	// that the body is read once for all.
	input *expression.Input
}

// Taken is a route that takes a delivery.
type Taken struct {
	Route  *Route
	Params Params
}

// Answer is an answer that needs no handler.
type Answer struct {
	Status int
	Fields []http1.Field
	Body   []byte
	Why    string // for the history: "answered the challenge of Slack"
}

// Trace is what one route said of a delivery that fits its pattern.
type Trace struct {
	Route string `json:"route"`
	Took  bool   `json:"took"`
	// Verified is "ok", or why the sender is refused; empty for a route that
	// checks nobody, and where it was not asked.
	Verified string `json:"verified,omitempty"`
	// Event is the event that the sender says it is about, where the route
	// takes only some.
	Event string `json:"event,omitempty"`
	// Parts are the parts of its condition.
	Parts []expression.Part `json:"parts,omitempty"`
	// Note says what else decided: "wants the events push"; empty for nothing.
	Note string `json:"note,omitempty"`
}

// ChooseOptions are what choosing needs besides the delivery.
type ChooseOptions struct {
	// Secret returns the value of a credential.
	Secret func(name string) ([]byte, error)

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
	a, err := r.challenge(d, o, false)
	if a == nil && err == nil {
		if err = r.check(d, o); err == nil {
			a, err = r.challenge(d, o, true)
		}
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
	return r.Verify(d, d.Body, o.Secret)
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

// Unwanted says in one line why no route took a delivery that fits some; empty
// where that is not so.
func (c *Choice) Unwanted() string {
	if len(c.Taken) > 0 || c.Refused != nil || c.Answer != nil || len(c.Trace) == 0 {
		return ""
	}
	var why []string
	for _, tr := range c.Trace {
		why = append(why, tr.Route+": "+tr.reason())
	}
	return "no route wanted it: " + strings.Join(why, "; ")
}

// reason says why a route did not take a delivery.
func (tr *Trace) reason() string {
	for _, p := range tr.Parts {
		if p.Value == "false" && p.Note != "" {
			return p.Text + " is false (" + p.Note + ")"
		} else if p.Value == "false" {
			return p.Text + " is false"
		}
	}
	if tr.Event != "" {
		return tr.Note + ", not " + tr.Event
	}
	return tr.Note
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
		{"header", s.Header}, {"hash", s.Hash}, {"encoding", s.Encoding}, {"prefix", s.Prefix}, {"signed", s.Signed},
		{"time", s.Time}, {"user", s.User}, {"url", s.URL}, {"from", strings.Join(s.From, ",")}, {"covers", strings.Join(s.Covers, ",")},
	} {
		if o.value != "" {
			key += ";" + o.name + "=" + o.value
		}
	}
	return strings.ReplaceAll(key, "\n", " ")
}
