package routes

import (
	"strings"

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
