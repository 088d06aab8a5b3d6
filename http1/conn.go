package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is one connection that carries HTTP/1.1 messages, in either role.
// It is made by [NewConn].
type Conn struct {
	nc  net.Conn
	lim Limits

	in   []byte // lent while bytes are expected; in[r:w] is unread
	r, w int

	out  Writer
	req  Request
	res  Response
	body Body
	x    Exchange

	refused func(*Exchange, *Error, []byte) error // see OnRefused

	look    *looker     // made by the first probe
	aborted atomic.Bool // reads of the body are to fail; set by another goroutine

	readBy, writeBy time.Time // deadlines in force, so that they are not set anew each time

	mu       sync.Mutex // guards what follows
	idle     bool       // Serve waits for a request
	draining bool       // no further request is to be taken
	tunnel   bool       // the protocol was switched
}

// NewConn returns a Conn over nc. It does not read or write yet.
func NewConn(nc net.Conn, lim Limits) *Conn {
	c := &Conn{nc: nc, lim: lim.withDefaults()}
	c.out.dst = (*deadlineWriter)(c)
	c.out.vectored = isVectored(nc)
	c.body.c = c
	return c
}

// isVectored tells whether net.Buffers becomes one writev on nc.
func isVectored(nc net.Conn) bool {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// NetConn returns the connection below. Reading from it misses what
// [Conn.Buffered] returns.
func (c *Conn) NetConn() net.Conn { return c.nc }

// Limits returns the limits in force, defaults filled in.
func (c *Conn) Limits() Limits { return c.lim }

// SetLimits replaces the limits, from the next message on.
func (c *Conn) SetLimits(l Limits) { c.lim = l.withDefaults() }

// OnRefused sets what answers requests that [Conn.Serve] refuses by itself,
// because they cannot be read or are not allowed. It is given the head as far as
// it came, unchecked and cut off anywhere, and must answer at once; the exchange
// has no body, and the connection ends behind it.
func (c *Conn) OnRefused(f func(x *Exchange, e *Error, head []byte) error) { c.refused = f }

// Buffered returns bytes that were read from the peer and belong to no
// message yet: the beginning of the next one, or what follows a switch of
// protocols. The slice is valid until the next read.
func (c *Conn) Buffered() []byte { return c.in[c.r:c.w] }

// Writer returns the writer of this connection's own messages.
func (c *Conn) Writer() *Writer { return &c.out }

// Close closes the connection at once.
func (c *Conn) Close() error { return c.nc.Close() }

// SetReadTimeout bounds the reads that follow, from now; zero or less means
// no bound.
func (c *Conn) SetReadTimeout(d time.Duration) error {
	var t time.Time
	if d > 0 {
		t = time.Now().Add(d)
	}
	c.readBy = t
	return c.nc.SetReadDeadline(t)
}

// ReadWithin makes sure that a read fails between three quarters of d and d
// from now. Most messages find a deadline that will do, and skip setting one.
func (c *Conn) ReadWithin(d time.Duration) {
	if d <= 0 {
		if !c.readBy.IsZero() {
			c.SetReadTimeout(0)
		}
		return
	}
	if left := time.Until(c.readBy); left < d-d/4 || left > d {
		c.SetReadTimeout(d)
	}
}

// fill reads more bytes into the buffer, which grows as far as max.
func (c *Conn) fill(max int) error {
	c.room(max)
	if c.w == len(c.in) {
		return io.ErrShortBuffer
	}
	n, err := c.nc.Read(c.in[c.w:])
	c.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// room makes space at the end of the buffer, if max allows.
func (c *Conn) room(max int) {
	switch {
	case c.in == nil:
		c.in = getSmall()
	case c.r == c.w:
		c.r, c.w = 0, 0
	case c.w < len(c.in):
	case c.r > 0:
		c.w = copy(c.in, c.in[c.r:c.w])
		c.r = 0
	case len(c.in) < max:
		grown := make([]byte, min(max, 2*len(c.in)))
		copy(grown, c.in[:c.w])
		putSmall(c.in)
		c.in = grown
	}
}

// Release gives buffers back while nothing is expected on the connection.
// It does nothing while bytes are unread or unsent.
func (c *Conn) Release() {
	c.releaseIn()
	c.out.release()
}

func (c *Conn) releaseIn() {
	if c.in != nil && c.r == c.w {
		putSmall(c.in)
		c.in, c.r, c.w = nil, 0, 0
	}
}

// PeerState looks at an idle connection without taking bytes from it.
func (c *Conn) PeerState() PeerState {
	if c.r < c.w {
		return PeerSpoke
	}
	return c.probe()
}

// PeerState is what a connection's peer has done while it should be silent.
type PeerState uint8

// The states of a silent peer.
const (
	PeerSilent PeerState = iota // nothing came: the connection is as it should be
	PeerSpoke                   // there are bytes that nobody asked for
	PeerGone                    // the peer closed, or the connection broke
)

// readHead reads up to the blank line that ends a head and returns the head.
// Its first byte may take as long as the read deadline allows, the rest
// Limits.HeadTimeout.
func (c *Conn) readHead(strict bool) ([]byte, error) {
	scanned, begun := 0, false
	for {
		if c.r < c.w {
			end, next, err := endOfHead(c.in[c.r:c.w], scanned, strict)
			if err != nil {
				return nil, err
			}
			if end > c.lim.Head {
				return nil, c.tooLong()
			}
			if end > 0 {
				head := c.in[c.r : c.r+end]
				c.r += end
				return head, nil
			}
			if scanned = next; scanned == 0 && c.w-c.r > c.lim.Target+64 {
				return nil, c.tooLong()
			}
			if !begun {
				begun = true // the patience for a first byte is over
				c.SetReadTimeout(c.lim.HeadTimeout)
			}
		}
		if err := c.fill(c.lim.Head + 1); err != nil {
			return nil, c.headError(err, begun)
		}
	}
}

// tooLong says which limit an unfinished head has passed.
func (c *Conn) tooLong() error {
	line := c.in[c.r:c.w]
	for i, b := range line {
		if b == '\n' {
			line = line[:i]
			break
		}
	}
	if len(line) > c.lim.Target {
		return badf(414, "the request target is longer than %d bytes", c.lim.Target)
	}
	return badf(431, "the head is longer than %d bytes", c.lim.Head)
}

func (c *Conn) headError(err error, begun bool) error {
	switch {
	case errors.Is(err, io.ErrShortBuffer):
		return c.tooLong()
	case !begun && errors.Is(err, io.EOF):
		return ErrIdleClosed
	case !begun && errors.Is(err, os.ErrDeadlineExceeded):
		return ErrIdleTimeout
	case errors.Is(err, os.ErrDeadlineExceeded):
		return badf(408, "the head took longer than %s", c.lim.HeadTimeout)
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}

// ReadRequest reads the head of the next request. The request and its body
// are valid until the next call. Errors are [ErrIdleClosed], an [*Error] that
// says what to answer, or those of the connection.
func (c *Conn) ReadRequest() (*Request, error) {
	head, err := c.readHead(true)
	if err != nil {
		c.req.reset()
		return nil, err
	}
	r := &c.req
	r.loadStrict(head)
	r.Body = &c.body
	if err := r.parse(&c.lim); err != nil {
		return nil, err
	}
	c.body.reset()
	switch {
	case r.chunked:
		c.body.kind = bodyChunked
	case r.length > 0:
		c.body.kind, c.body.left = bodyLength, r.length
	}
	return r, nil
}

// ReadResponse reads the head of the response to a request with the given
// method; informational responses are returned like others. The response and
// its body are valid until the next call.
func (c *Conn) ReadResponse(method []byte) (*Response, error) {
	head, err := c.readHead(false)
	if e, ok := err.(*Error); ok {
		e.Status = 502
	}
	if err != nil {
		return nil, err
	}
	r := &c.res
	r.load(head)
	r.Body = &c.body
	if err := r.parse(&c.lim); err != nil {
		return nil, err
	}
	c.body.reset()
	switch {
	case r.Status < 200 || r.Status == 204 || r.Status == 304 || string(method) == "HEAD":
	case r.chunked:
		c.body.kind = bodyChunked
	case r.length > 0:
		c.body.kind, c.body.left = bodyLength, r.length
	case r.length < 0:
		c.body.kind = bodyUntilClose
	}
	return r, nil
}

// Reusable reports whether, after the response read last, a further request
// may be sent: its body was read to the end, neither side asked to close,
// and no byte came behind it.
func (c *Conn) Reusable() bool {
	return c.res.keepsAlive() && c.body.ended() && c.body.kind != bodyUntilClose &&
		c.out.err == nil && c.r == c.w
}

// watchDrain makes ctx's end stop Serve: at once while it waits for a
// request, else behind the exchange that runs. A tunnel, which has no end of
// its own, is cut.
func (c *Conn) watchDrain(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.draining = true
		if c.tunnel {
			c.nc.Close()
		}
		if c.idle {
			c.nc.SetReadDeadline(time.Unix(1, 0))
		}
	})
}

// setIdle marks the wait for a request and reports whether to go on.
func (c *Conn) setIdle(idle bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = idle
	if c.draining && !idle {
		c.readBy = time.Time{}
		c.nc.SetReadDeadline(time.Time{})
	}
	return !c.draining
}

// enterTunnel makes the end of Serve's context end the connection.
func (c *Conn) enterTunnel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tunnel = true; c.draining {
		c.nc.Close()
	}
}

func (c *Conn) isDraining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.draining
}

// deadlineWriter is the connection as the writer's destination: each write is
// bounded by Limits.WriteTimeout.
type deadlineWriter Conn

func (d *deadlineWriter) extend() {
	if limit := d.lim.WriteTimeout; limit > 0 && time.Until(d.writeBy) < limit-limit/4 {
		d.writeBy = time.Now().Add(limit)
		d.nc.SetWriteDeadline(d.writeBy)
	}
}

func (d *deadlineWriter) Write(p []byte) (int, error) {
	d.extend()
	return d.nc.Write(p)
}

func (d *deadlineWriter) writeVector(v *net.Buffers) (int64, error) {
	d.extend()
	return v.WriteTo(d.nc)
}
