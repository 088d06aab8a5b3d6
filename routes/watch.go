package routes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"time"

	"homehook/http1"
)

// glance is how often a watch looks at the caller.
const glance = time.Second

// watch ends an exchange whose caller has gone, whose response takes too long
// to begin, or whose context has ended, by closing the connection to the
// target. It is a timer that runs only while an exchange does, so an exchange
// of less than a second pays for starting and stopping it, and no read needs
// a deadline.
type watch struct {
	conn  net.Conn // to the target
	timer *time.Timer

	mu        sync.Mutex // guards all below
	on        bool
	ctx       context.Context
	caller    *http1.Conn // nil when there is none to look at
	timeout   time.Duration
	start     time.Time // of the wait for the response
	began     bool      // the response has begun
	uploading bool      // another goroutine reads from the caller
	looked    bool
	why       *fault
}

// begin starts the watch over one exchange.
func (w *watch) begin(ctx context.Context, caller *http1.Conn, timeout time.Duration, uploading bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on, w.ctx, w.caller, w.timeout, w.start = true, ctx, caller, timeout, time.Now()
	w.began, w.uploading, w.looked, w.why = false, uploading, false, nil
	if first := min(timeout, glance); w.timer == nil {
		w.timer = time.AfterFunc(first, w.look)
	} else {
		w.timer.Reset(first)
	}
}

// end stops the watch and waits for a look that is under way. It returns why
// the watch closed the connection, nil if it did not.
func (w *watch) end() *fault {
	w.timer.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on, w.ctx, w.caller = false, nil, nil
	return w.why
}

// answered notes that the response has begun.
func (w *watch) answered() {
	w.mu.Lock()
	w.began = true
	w.mu.Unlock()
}

// uploaded notes that nobody else reads from the caller any more, and that
// the target has all it needs for its answer.
func (w *watch) uploaded() {
	w.mu.Lock()
	w.uploading, w.start = false, time.Now()
	w.mu.Unlock()
}

// hasLooked reports whether the exchange has lasted, so that a connection that
// broke was not stale, and the caller's buffer may have been used again.
func (w *watch) hasLooked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.looked
}

// reason returns why the watch closed the connection, nil if it did not.
func (w *watch) reason() *fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.why
}

func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.on || w.why != nil {
		return
	}
	w.looked = true
	waited := time.Since(w.start)
	waiting := !w.began && !w.uploading
	switch {
	case w.ctx.Err() != nil:
		w.why = &fault{503, textStopped, errStopped, FailedStopped}
	case waiting && waited >= w.timeout:
		w.why = &fault{504, "the server behind this route did not answer in time", fmt.Errorf("no answer within %s", Duration(w.timeout)), FailedUnreachable}
	case w.callerGone():
		w.why = &fault{502, "the sender is gone", errors.New("the sender went away before it had the answer"), FailedAnswer}
	}
	if w.why != nil {
		w.conn.Close()
		return
	}
	next := glance
	if waiting {
		next = min(next, w.timeout-waited)
	}
	w.timer.Reset(next)
}

// canPeek says that looking at a connection takes nothing from it, so that it may
// be done while another goroutine writes there. On Windows a look is a read of a
// millisecond.
const canPeek = runtime.GOOS != "windows"

// callerGone looks at the caller's connection. Where a look has to read
// (see canPeek), it is taken only while no one else uses the connection.
func (w *watch) callerGone() bool {
	if w.caller == nil || w.uploading || w.began && !canPeek {
		return false
	}
	return w.caller.PeerState() == http1.PeerGone
}
