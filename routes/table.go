package routes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homehook/http1"
	"homehook/routes/expression"
)

// Table is a compiled list of routes. It is immutable, but for what its rates
// count, and safe for concurrent use.
type Table struct {
	claims map[string][]*Route // in the order of the file
}

// Route is one compiled route.
type Route struct {
	Name, Claim, Match string

	pattern   pattern
	handlers  []placed  // the first one makes the answer
	verifier  *verifier // nil when the sender is not checked
	checkKey  string
	token     string                // the credential that a challenge is answered with
	events    *events               // nil for all
	when      *expression.Condition // nil for none
	continues bool
	rate      *rate // nil for none
	transform *transform
	accepted  *responder // nil for the claim's
	rules     rules
	needsBody bool // a handler or a condition looks into the body
	templated bool // a handler has a template
}

// placed is a handler at its place in a route, and what it is called.
type placed struct {
	kind string
	handler
}

// handler is what a route does with a delivery.
type handler interface {
	// serve answers x, unless the response broke half way.
	serve(ctx context.Context, d *Delivery, x *http1.Exchange) Result
	// plan says what serve would do, without doing any of it.
	plan(d *Delivery) Plan
	close()
}

// Params are what the wildcards of a pattern stand for in a path,
// percent-decoded, in their order.
type Params []Param

// Param is one wildcard's name and value.
type Param struct{ Name, Value string }

// Get returns the value of a wildcard, empty when there is none of that name.
func (p Params) Get(name string) string {
	for _, v := range p {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// Delivery is one request on its way through a route.
type Delivery struct {
	ID, Claim, Route string
	Received         time.Time
	Attempt          int    // counted from 1
	Remote           string // the sender's address, as the relay saw it
	Prefix           string // X-Forwarded-Prefix: what the relay took off the path
	Params           Params

	// Body is the whole body, and Input what expressions see of the delivery,
	// where the caller has read it: it has to if NeedsBody says so. Request has
	// the body to read all the same.
	Body  []byte
	Input *expression.Input

	// Host is what handlers need of the program that runs them; nil is a host
	// that has nothing.
	Host Host

	// Request is valid during Serve only. Its body may be read, and its tap
	// called, by a goroutine that Serve waits for.
	Request *http1.Request
}

// Host is what handlers need of the program that runs them. Its methods are safe
// for concurrent use.
type Host interface {
	// Secret returns the value of a credential.
	Secret(name string) ([]byte, error)
	// Notify shows a notification to the user on the desktop, or says why it
	// cannot.
	Notify(ctx context.Context, n Notification) error
}

// Notification is what a person is told on the desktop.
type Notification struct {
	Delivery string `json:"delivery"` // id
	Claim    string `json:"claim"`
	Route    string `json:"route"`
	Title    string `json:"title"` // plain text, as Text is
	Text     string `json:"text"`
	Link     string `json:"link"` // http or https, to be opened by a click; empty for none
	Urgent   bool   `json:"urgent"`
}

// Result is what an attempt came to; the response itself went to the exchange.
type Result struct {
	Handler string // one of HandlerKeys

	// Exit is the exit status of a script, 128 and the number of the signal
	// that ended it, or -1 when no process ran.
	Exit int

	// Output is what a script wrote to its standard error, 64 KiB at most. Of
	// one that failed, the end of its standard output is before that, 16 KiB at
	// most: it is no answer then. Of save it is what was written, of notify what
	// was left out.
	Output []byte

	// OutputTruncated says that a script wrote more, there or as its answer,
	// than was kept.
	OutputTruncated bool

	// TunnelIn and TunnelOut count the bytes that came from the sender, and
	// went to it, behind a switch of protocols (status 101).
	TunnelIn, TunnelOut int64

	// Err says why the attempt failed, in words fit for the history.
	Err error

	// Failure is the kind of failure, empty when there was none. A target's or
	// a configured answer of 400 and more is one, although Err is nil then.
	Failure Failure

	// Retry says that the same delivery may succeed later. RetryAfter is how
	// long the handler asked to wait for that, 0 when it did not say, 24 hours
	// at most.
	Retry      bool
	RetryAfter time.Duration
}

// Find returns the first route, in the order of the file, that takes a
// request for a claim. The path is the raw one, without the query. Find does
// not allocate unless the pattern captures something.
func (t *Table) Find(claim string, method, rawPath []byte) (*Route, Params, bool) {
	for _, r := range t.claims[claim] {
		if r.pattern.match(method, rawPath) {
			return r, r.pattern.capture(rawPath), true
		}
	}
	return nil, nil, false
}

// Close closes idle upstream connections. Attempts that run are not
// disturbed, and close theirs when they end.
func (t *Table) Close() {
	for _, list := range t.claims {
		for _, r := range list {
			r.close()
		}
	}
}

func (r *Route) close() {
	for _, h := range r.handlers {
		h.close()
	}
}

// Kinds returns the names of the route's handlers by their place: "forward",
// "script", "cgi", "fastcgi", "save", "notify" or "respond". The first one makes
// the answer.
func (r *Route) Kinds() []string {
	names := make([]string, len(r.handlers))
	for i, h := range r.handlers {
		names[i] = h.kind
	}
	return names
}

// Kind returns the name of the handler that makes the answer.
func (r *Route) Kind() string { return r.handlers[0].kind }

// NeedsBody reports whether Delivery.Body and Input have to be set for the
// route's handlers, or for finding out whether it takes a delivery.
func (r *Route) NeedsBody() bool {
	return r.needsBody || r.verifier != nil || r.continues || r.when != nil || r.events != nil || len(r.handlers) > 1
}

// Serve runs the handler that makes the answer; see ServeAt.
func (r *Route) Serve(ctx context.Context, d *Delivery, x *http1.Exchange) Result {
	return r.ServeAt(ctx, 0, d, x)
}

// ServeAt runs the handler at a place on the calling goroutine. It always
// answers x; when the response breaks half way it leaves x unfinished, and the
// caller must end the connection for the sender to see it. The end of ctx gives
// the attempt up: it is not the wish to stop taking requests, which lets running
// ones finish. Nothing that ServeAt has started is left when it returns.
func (r *Route) ServeAt(ctx context.Context, place int, d *Delivery, x *http1.Exchange) (res Result) {
	h := r.handlers[place]
	defer func() {
		if p := recover(); p != nil {
			res = crashed(h.kind, p, x)
		}
	}()
	d, err := r.ready(d)
	if err != nil {
		consume(d.Request.Body, consumeMax)
		return notTransformed(err).reply(x).of(h.kind)
	}
	res = h.serve(ctx, d, x).of(h.kind)
	if r.rules.background && res.Failure == FailedScript {
		res.Retry = true // nobody else would ever run it again
	}
	return res
}

// of says whose result it is.
func (r Result) of(kind string) Result {
	r.Handler = kind
	return r
}

// crashed answers for a handler that panicked.
func crashed(kind string, cause any, x *http1.Exchange) Result {
	x.CloseAfter()
	if !x.Started() {
		x.Reset()
		Refuse(x, 500, "this route is broken")
	}
	return Result{Handler: kind, Exit: -1, Err: fmt.Errorf("the %s handler has a fault: %v", kind, cause), Failure: FailedFault}
}

// ErrAtOnce, as the cause that the context of Route.Serve ended with, leaves a
// running script no time to end by itself.
var ErrAtOnce = errors.New("handlers are to end at once")

// errStopped is the result of an attempt whose context ended.
var errStopped = errors.New("given up because the agent stops")

// textStopped is what the sender reads then.
const textStopped = "this service is stopping; try again later"
