package ptth

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"homehook/http1"
)

const (
	// pollSilence is how long a relay of which nothing is known may hold a
	// poll. They do so for 25 to 60 s.
	pollSilence = 75 * time.Second

	// A relay that answers polls at once rather than to hold them is polled
	// once in a while.
	hasty    = 100 * time.Millisecond
	tolerant = 10 // hasty answers before that
	slowed   = time.Second

	// parting is how long a connection stays open behind the last message, lest
	// closing it destroy what is still under way.
	parting = 250 * time.Millisecond
)

// errOver reports that no more polls are to be sent.
var errOver = errors.New("the link is being given up")

// line is the connection of a link by polls. It may be replaced, and the wait
// for an answer to a poll can be called off. All methods but end, ended and
// close are for the goroutine that serves the link.
type line struct {
	leave atomic.Bool // no poll is to follow that need not
	quick int         // hasty answers in a row
	blank bool        // nothing was read from the connection yet

	mu      sync.Mutex // guards the rest; the serving goroutine may read conn without it
	conn    *http1.Conn
	reply   *http1.Conn // that a reply goes out on, if that is another one
	waiting bool        // for an answer to begin
	over    bool        // no further wait
	closed  bool
}

// end calls off the wait for an answer, and those that would follow.
func (l *line) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.waiting {
		l.conn.NetConn().SetReadDeadline(time.Unix(1, 0))
	}
}

// ended reports whether the link is to end rather than to poll again.
func (l *line) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over || l.closed
}

func (l *line) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// close closes the connection at once, and those that would replace it.
func (l *line) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.reply != nil {
		l.reply.Close()
	}
	return l.conn.Close()
}

// replyOn notes the connection of a reply, for close to close it. It reports
// false, and closes it at once, when the line is closed.
func (l *line) replyOn(c *http1.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reply = c; l.closed {
		c.Close()
	}
	return !l.closed
}

// replace puts another connection in the place of the one in use, which is
// closed.
func (l *line) replace(c *http1.Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		c.Close()
		return net.ErrClosed
	}
	if c != l.conn {
		l.conn.Close()
		l.conn = c
	}
	return nil
}

// await reads the answer to a poll, which must begin within the time of
// silence. It returns errOver when the wait was called off.
func (l *line) await(method string, silence time.Duration) (*http1.Response, error) {
	began := time.Now()
	if !l.wait(true, silence) {
		return nil, errOver
	}
	l.blank = false
	res, err := readAnswer(l.conn, method)
	if goOn := l.wait(false, 0); !goOn && err != nil {
		return nil, errOver
	}
	if l.quick++; time.Since(began) >= hasty {
		l.quick = 0
	}
	return res, err
}

// wait marks the beginning or the end of a wait and reports whether to go on.
func (l *line) wait(on bool, silence time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if on && !l.over {
		l.conn.SetReadTimeout(silence)
	}
	l.waiting = on
	return !l.over
}

// pace rests before the next poll of a relay that does not hold them.
func (l *line) pace(ctx context.Context) {
	if l.quick < tolerant {
		return
	}
	t := time.NewTimer(slowed)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// stale reports whether the connection cannot take another request: the relay
// has closed it, or said that it would, or said something unasked.
func (l *line) stale() bool {
	return !l.blank && !l.conn.Reusable() || l.conn.PeerState() != http1.PeerSilent
}

// ordinary turns the ways in which links end into nil.
func ordinary(err error) error {
	for _, e := range []error{errOver, http1.ErrIdleClosed, http1.ErrIdleTimeout} {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}

// reopen replaces the connection by one to where q leads. It takes 10 s at
// most, also when ctx has ended: what is to be sent may be an answer.
func (l *line) reopen(ctx context.Context, d *Dialer, q *question) error {
	if l.isClosed() {
		return net.ErrClosed
	}
	c, err := d.open(context.WithoutCancel(ctx), q.target)
	if err != nil {
		return err
	}
	l.blank = true
	return l.replace(c)
}

// part ends the connection behind a message such that it arrives, although the
// answer to it is not awaited.
func (l *line) part() {
	nc := l.conn.NetConn()
	half, ok := nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	nc.SetReadDeadline(time.Now().Add(parting))
	io.Copy(io.Discard, io.LimitReader(nc, 64<<10))
}
