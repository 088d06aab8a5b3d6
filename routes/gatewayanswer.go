package routes

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"homehook/http1"
)

const (
	gatewayOutput = 32 << 20 // bytes of an answer, unless a route says otherwise
	gatewayHold   = 16 << 10 // bytes that wait for the end, or for the patience
	gatewaySample = 4 << 10  // bytes kept of an answer that makes no sense

	// gatewayPatience is how long a short answer waits for its end, and a piece
	// of one that has begun for the next piece.
	gatewayPatience = 100 * time.Millisecond
	gatewayPause    = 5 * time.Millisecond
)

// gatewayAnswer makes an answer of what a program writes, as it is written. An
// answer that is short, and there at once, goes out with its length, and not at
// all when the program fails behind it.
type gatewayAnswer struct {
	x      *http1.Exchange
	kind   Failure // of an answer that makes no sense
	limit  int64   // bytes of the body
	before func()  // is called before anything of the answer is written

	patience time.Duration // with an answer whose end is not there yet

	raw    []byte       // the head, as far as it has come
	head   *gatewayHead // once it is whole
	held   []byte       // of the body, until it is known how it goes out
	size   int64        // of the body so far
	begun  bool         // the head has been sent
	unsent bool         // something of the body may not have gone out yet
	lost   error        // why the sender does not take the answer
	first  []byte       // what came first, for the history
}

// bad is the fault of an answer that makes no sense.
func (a *gatewayAnswer) bad(err error) *fault {
	return &fault{502, "the program behind this route gave no valid answer", fmt.Errorf("no valid answer: %w", err), a.kind}
}

// write takes what the program has written.
func (a *gatewayAnswer) write(p []byte) *fault {
	if n := min(len(p), gatewaySample-len(a.first)); n > 0 {
		a.first = append(a.first, p[:n]...)
	}
	if a.head == nil {
		a.raw = append(a.raw, p...)
		end := endOfGatewayHead(a.raw)
		switch {
		case end == 0 && len(a.raw) <= maxGatewayHead:
			return nil
		case end == 0 || end > maxGatewayHead:
			return a.bad(fmt.Errorf("its header does not end within %d bytes", maxGatewayHead))
		}
		head, err := parseGatewayHead(a.raw[:end])
		if err != nil {
			return a.bad(err)
		}
		a.head, p, a.raw = head, a.raw[end:], nil
	}
	return a.body(p)
}

// body takes a piece of the body.
func (a *gatewayAnswer) body(p []byte) *fault {
	if a.local() != "" {
		return nil
	}
	a.size += int64(len(p))
	length := a.head.length
	switch {
	case a.size > a.limit || length > a.limit:
		return a.bad(fmt.Errorf("it is larger than %s", Size(a.limit).words()))
	case a.bodiless():
		return nil
	case length >= 0 && a.size > length:
		return a.bad(fmt.Errorf("it is longer than its Content-Length, %d", length))
	case !a.begun && length > maxWhole:
		a.begin()
	}
	if !a.begun {
		a.held = append(a.held, p...)
		if length < 0 && len(a.held) > gatewayHold {
			a.begin()
		}
		return nil
	}
	a.send(p)
	return nil
}

// local is where in this server the request is to go on, empty if nowhere.
func (a *gatewayAnswer) local() string {
	if a.head == nil {
		return ""
	}
	return a.head.local()
}

// bodiless reports whether no body goes out, whatever the program writes.
func (a *gatewayAnswer) bodiless() bool {
	status := a.head.code()
	return status == 204 || status == 304 || a.x.Request.IsMethod("HEAD")
}

// waits reports whether there is something that flush would send.
func (a *gatewayAnswer) waits() bool {
	if a.head == nil || a.local() != "" || a.bodiless() {
		return false
	}
	return a.unsent || !a.begun && a.head.length < 0
}

// pause is how long flush waits for more.
func (a *gatewayAnswer) pause() time.Duration {
	if a.begun {
		return gatewayPause
	}
	return a.patience
}

// flush sends what there is: the program takes its time with the rest.
func (a *gatewayAnswer) flush() {
	if !a.waits() {
		return
	}
	if a.begin(); a.lost == nil {
		a.lost = a.x.Flush()
	}
	a.unsent = false
}

// begin sends the head of an answer whose end is not known yet, and what is held
// of its body.
func (a *gatewayAnswer) begin() {
	if a.begun {
		return
	}
	a.start()
	if a.head.length >= 0 {
		a.x.EndLength(a.head.length)
	} else {
		a.x.EndStream()
	}
	a.send(a.held)
	a.held = nil
}

// start writes the head but for what frames the body.
func (a *gatewayAnswer) start() {
	a.begun = true
	if a.before != nil {
		a.before()
	}
	a.x.Start(a.head.code(), []byte(a.head.reason))
	for _, f := range a.head.fields {
		a.x.Field(f.Name, f.Value)
	}
}

func (a *gatewayAnswer) send(p []byte) {
	if a.lost == nil && len(p) > 0 {
		_, a.lost = a.x.Write(p)
		a.unsent = true
	}
}

// end ends an answer whose program has written all.
func (a *gatewayAnswer) end() *fault {
	switch {
	case a.head == nil && len(a.raw) == 0:
		return a.bad(errors.New("it is empty"))
	case a.head == nil:
		return a.bad(errors.New("its header has no blank line at its end"))
	case a.bodiless():
		a.endBodiless()
	case a.head.length >= 0 && a.size != a.head.length:
		return a.bad(fmt.Errorf("it is shorter than its Content-Length: %d bytes of %d", a.size, a.head.length))
	case !a.begun:
		a.start()
		a.x.EndLength(int64(len(a.held)))
		a.send(a.held)
	}
	if err := a.x.Finish(); a.lost == nil && err != nil {
		a.lost = err
	}
	return nil
}

// endBodiless writes a head without a body. That to HEAD has the length that the
// body would have had, if the program has told.
func (a *gatewayAnswer) endBodiless() {
	a.start()
	length := a.head.length
	if length < 0 && a.size > 0 {
		length = a.size
	}
	if status := a.head.code(); length >= 0 && status != 204 && status != 304 {
		a.x.FieldBytes("Content-Length", strconv.AppendInt(nil, length, 10))
	}
	a.x.EndEmpty()
}

// result is what the attempt came to, after end.
func (a *gatewayAnswer) result() Result {
	if a.lost != nil {
		return Result{Exit: -1, Err: fmt.Errorf("the program has done its work, but the sender did not take the answer: %w", cause(a.lost)), Failure: FailedAnswer}
	}
	return a.head.result()
}
