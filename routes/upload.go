package routes

import (
	"errors"
	"io"
	"sync"
	"time"

	"homehook/http1"
)

const (
	// maxWhole is the longest body that is read before anything is sent or
	// started, so that it goes out in one piece.
	maxWhole = 64 << 10

	// uploadGrace is how long a request body may go on when its answer has
	// come whole.
	uploadGrace = 50 * time.Millisecond
)

// upload copies a request body that is long, or of unknown length, while the
// calling goroutine waits for the answer. The answer may come before the body
// has ended; the caller of an upload always joins it.
type upload struct {
	readDone chan struct{} // closed when the body is read no more
	done     chan struct{} // closed when the copy has ended
	err      error         // of the copy, after done
}

// prime reads the first piece of a body whose sender waits for 100 Continue.
// That answer goes out through the writer of the response, which belongs to
// the calling goroutine.
func prime(r *http1.Request) ([]byte, error) {
	if _, ok := r.GetKind(http1.Expect); !ok || r.Body.Empty() {
		return nil, nil
	}
	p := make([]byte, 4<<10)
	n, err := r.Body.Read(p)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return p[:n], nil
}

// start runs copy on a goroutine. copy calls its argument when it has read
// the body to its end; what is left to do then must not wait for the sender.
// onRead is called there, or else when copy returns.
func (u *upload) start(copy func(read func()) error, onRead func()) {
	u.readDone, u.done, u.err = make(chan struct{}), make(chan struct{}), nil
	read := sync.OnceFunc(func() {
		if onRead != nil {
			onRead()
		}
		close(u.readDone)
	})
	go func() {
		defer close(u.done)
		defer read()
		u.err = copy(read)
	}()
}

// running reports whether an upload was started.
func (u *upload) running() bool { return u.done != nil }

// settle waits up to d for the body to have been read, and reports whether it
// was. Until then the connection to the caller cannot be judged or kept.
func (u *upload) settle(d time.Duration) bool { return within(d, u.readDone) }

// settleFor makes sure that x can be answered: the upload, if there is one, has read
// the body, or else the connection ends behind the answer.
func (u *upload) settleFor(x *http1.Exchange) {
	if u.running() && !u.settle(uploadGrace) {
		x.CloseAfter()
	}
}

// finish waits up to d for the copy to end.
func (u *upload) finish(d time.Duration) bool { return within(d, u.done) }

// within reports whether c is closed within d.
func within(d time.Duration, c <-chan struct{}) bool {
	if isClosed(c) {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c:
		return true
	case <-t.C:
		return false
	}
}

// join ends the copy and waits for it. The destination must be closed, or
// its writes must fail, before; reading from the caller is ended here, after
// which its connection serves no further request.
func (u *upload) join(caller *http1.Conn) error {
	for !isClosed(u.done) {
		if caller != nil && !isClosed(u.readDone) {
			// The copy may set a deadline of its own behind this one's back,
			// so that once is not enough.
			caller.NetConn().SetReadDeadline(time.Unix(1, 0))
		}
		u.finish(5 * time.Millisecond)
	}
	err := u.err
	*u = upload{}
	return err
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// readFault returns what is wrong with the body that was copied, nil if it
// was not the body that failed.
func readFault(err error) *fault {
	var c *http1.CopyError
	if errors.As(err, &c) && c.Reading {
		return bodyFault(c.Err)
	}
	return nil
}
