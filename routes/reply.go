package routes

import (
	"errors"
	"fmt"
	"io"

	"homehook/http1"
)

// fault is why an attempt got no answer from its target: what the sender is
// told, and what the history keeps. The sender is a stranger, so its text
// names no address and no path of this machine.
type fault struct {
	status int
	text   string
	err    error
	kind   Failure
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// reply answers with the fault unless an answer was begun.
func (f *fault) reply(x *http1.Exchange) Result {
	if !x.Started() {
		Refuse(x, f.status, f.text)
	}
	return f.result()
}

// result is what an attempt that ended in the fault came to.
func (f *fault) result() Result {
	return Result{Exit: -1, Err: f.err, Failure: f.kind, Retry: f.kind.mayPass()}
}

// failBody answers a request whose body could not be read.
func failBody(x *http1.Exchange, err error) Result {
	x.CloseAfter()
	return bodyFault(err).reply(x)
}

// bodyFault says what is wrong with a request's body.
func bodyFault(err error) *fault {
	f := &fault{status: 400, text: "the body of the request is not whole", err: fmt.Errorf("read request: %w", err), kind: FailedRequest}
	var e *http1.Error
	switch {
	case errors.As(err, &e):
		f.status, f.text = e.Status, e.Detail
	case errors.Is(err, io.ErrUnexpectedEOF):
		f.err = errors.New("the sender went away before its request was whole")
	}
	return f
}
