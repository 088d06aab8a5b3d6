package routes

import (
	"errors"
	"fmt"
	"strings"

	"homehook/http1"
)

// redirecting runs a program, and once more each time it says where in this
// server the request is to go on (RFC 3875, section 6.2.2). run returns that, or
// an empty text when it has answered.
func redirecting(d *Delivery, x *http1.Exchange, g *gateway, kind Failure, run func(*Delivery) (Result, string)) Result {
	d, done, why := measured(d)
	defer done()
	if why != nil {
		x.CloseAfter()
		return why.reply(x)
	}
	var to string
	for range 1 + maxLocal {
		var res Result
		if res, to = run(d); to == "" {
			return res
		}
		next, err := redirected(d, to, g)
		if err != nil {
			return elsewhere(d, x, to)
		}
		d = next
	}
	f := &fault{
		502, "the program behind this route gave no valid answer",
		fmt.Errorf("it redirected the request more than %d times, last to %.200q", maxLocal, to), kind,
	}
	return f.reply(x)
}

// errElsewhere reports a path that another route would have to take.
var errElsewhere = errors.New("the path is not of this route")

// redirected returns the delivery as a request for another path, if that is one
// of the same route. It may begin as the public URL does, or below the claim.
func redirected(d *Delivery, to string, g *gateway) (*Delivery, error) {
	if rest, ok := strings.CutPrefix(to, d.Prefix); ok && strings.HasPrefix(rest, "/") {
		to = rest
	}
	r, err := http1.HeadRequest(func(w *http1.Writer) {
		w.StartRequest([]byte("GET"), []byte(to))
		w.CopyFields(&d.Request.Head, http1.KindsOf(http1.Expect))
	}, http1.Limits{Target: 64 << 10, Head: 128 << 10, Fields: 256})
	if err != nil {
		return nil, err
	}
	if path := r.Path(); !g.pattern.match([]byte(g.pattern.method), path) {
		return nil, errElsewhere
	}
	next := *d
	next.Request, next.Body = r, nil
	return &next, nil
}

// elsewhere sends the sender to a path that another route takes. One that does not
// begin as the public URL does is below it.
func elsewhere(d *Delivery, x *http1.Exchange, to string) Result {
	if rest, ok := strings.CutPrefix(to, d.Prefix); !ok || rest != "" && !strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "?") {
		to = d.Prefix + to
	}
	x.Start(302, nil)
	x.Field("Location", to)
	x.EndLength(0)
	if err := x.Finish(); err != nil {
		return Result{Exit: -1, Err: fmt.Errorf("write response: %w", err), Failure: FailedAnswer}
	}
	return Result{Exit: -1}
}
