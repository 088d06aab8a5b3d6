package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"strconv"
	"time"
)

// lingerMax is how much of an unwanted request body is read to keep a
// connection in use rather than close it.
const lingerMax = 256 << 10

// Exchange is one request that a server reads and the response it writes.
// A handler calls Start, Field or CopyFields, one of the End methods, Write
// and Finish; or Reply for all of that. It is valid until the handler returns.
type Exchange struct {
	*Writer
	Request *Request

	c        *Conn // nil when the exchange is not on a connection
	Status   int   // of the final response once started, else 0
	ended    bool
	finished bool
	hijacked bool
	mustEnd  bool // the connection cannot be used after this exchange
}

// NewExchange returns an exchange for a stored request whose response goes to
// w instead of a connection.
func NewExchange(r *Request, w io.Writer) *Exchange {
	return &Exchange{Writer: NewWriter(w), Request: r}
}

// SetTap shows the response to t while it is written.
func (x *Exchange) SetTap(t Tap) { x.Writer.tap = t }

// Conn returns the connection, nil when there is none.
func (x *Exchange) Conn() *Conn { return x.c }

// Started reports whether a final response was begun, so that no other can be.
func (x *Exchange) Started() bool { return x.Status != 0 }

// Finished reports whether the response was sent whole.
func (x *Exchange) Finished() bool { return x.finished }

// CloseAfter ends the connection behind this exchange. It must be called
// before an End method for the peer to be told.
func (x *Exchange) CloseAfter() { x.mustEnd = true }

// Start begins the response. An informational status other than 101 leaves
// the final response still to be started.
func (x *Exchange) Start(status int, reason []byte) {
	x.StartResponse(status, reason)
	if status >= 200 || status == 101 {
		x.Status = status
		x.discard = x.Request.IsMethod("HEAD")
	}
}

// EndLength ends the head of a response with a body of n bytes. To a HEAD
// request it announces n and sends none.
func (x *Exchange) EndLength(n int64) {
	if x.bodiless() {
		x.EndEmpty()
		return
	}
	x.common(true)
	x.Writer.EndLength(n)
}

// EndStream ends the head of a response with a body of unknown length:
// chunked, or until the connection closes for a client of HTTP/1.0.
func (x *Exchange) EndStream() {
	if x.bodiless() {
		x.EndEmpty()
		return
	}
	if x.Request.Minor == 0 {
		x.mustEnd = true
		x.common(false)
		x.Writer.EndUntilClose()
		return
	}
	x.common(true)
	x.Writer.EndChunked()
}

// EndEmpty ends the head of a response that has no body and states no length:
// 204, 304, 101, or one to HEAD.
func (x *Exchange) EndEmpty() {
	x.common(true)
	x.Writer.EndEmpty()
}

func (x *Exchange) bodiless() bool { return x.Status == 204 || x.Status == 304 || x.Status == 101 }

// common writes the fields that every response of this server needs.
func (x *Exchange) common(framed bool) {
	x.ended = true
	if x.Status == 0 || x.Status == 101 {
		return
	}
	if !x.hasDate {
		x.FieldBytes("Date", []byte(dates.get(time.Now())))
	}
	if x.closes() {
		x.mustEnd = true
		x.buf = append(x.buf, "Connection: close\r\n"...)
	} else if x.Request.Minor == 0 && framed {
		x.buf = append(x.buf, "Connection: keep-alive\r\n"...)
	}
}

// closes decides whether the connection ends behind this exchange.
func (x *Exchange) closes() bool {
	if x.c == nil {
		return false
	}
	if x.mustEnd || !x.Request.keepsAlive() || x.c.isDraining() {
		return true
	}
	// A body that is still unread may yet be read while the response goes
	// out, unless the client was never told to send it.
	b := x.Request.Body
	return b.expect || !b.ended() && b.err != nil
}

// Finish ends the response and sends it.
func (x *Exchange) Finish() error {
	err := x.Writer.Finish()
	x.finished = err == nil && x.Started() // an interim response ends nothing
	return err
}

// Reply sends a whole response with a short body.
func (x *Exchange) Reply(status int, contentType, body string) error {
	x.Start(status, nil)
	if contentType != "" {
		x.Field("Content-Type", contentType)
	}
	x.EndLength(int64(len(body)))
	io.WriteString(x.Writer, body)
	return x.Finish()
}

// Text replies with a line of plain text.
func (x *Exchange) Text(status int, line string) error {
	return x.Reply(status, "text/plain; charset=utf-8", line+"\n")
}

// Forward sends a response that was read elsewhere: its head as it came but
// for the kinds in drop, its body as it streams. extra, if not nil, may add
// fields before the head ends. The error is a [*CopyError] when the body
// broke: the caller must then end the connection, which tells the client that
// the body is not whole.
func (x *Exchange) Forward(r *Response, drop Kinds, extra func(*Writer)) error {
	x.Start(r.Status, r.Reason)
	x.CopyFields(&r.Head, drop|HopByHop)
	if extra != nil {
		extra(x.Writer)
	}
	x.frame(r)
	if err := x.Copy(r.Body); err != nil {
		x.mustEnd = true
		return err
	}
	if err := x.Finish(); err != nil {
		return &CopyError{Err: err}
	}
	return nil
}

// frame ends the head of a forwarded response. HEAD and 304 keep the length
// that the body would have had.
func (x *Exchange) frame(r *Response) {
	switch n := r.Body.Length(); {
	case x.bodiless() || x.discard || r.Status < 200:
		if r.length >= 0 && r.Status != 204 && (x.discard || r.Status == 304) {
			x.FieldBytes("Content-Length", strconv.AppendInt(nil, r.length, 10))
		}
		x.EndEmpty()
	case n >= 0:
		x.EndLength(n)
	default:
		x.EndStream()
	}
}

// Raw sends a response that is in its wire form already, for peers that
// compare bytes. The status is for the record.
func (x *Exchange) Raw(status int, response string) error {
	x.start()
	x.buf = append(x.buf, response...)
	x.mode, x.Status, x.ended = writeNone, status, true
	err := x.Writer.Flush()
	x.finished = err == nil
	return err
}

// Hijack takes the connection away from Serve, which returns [ErrHijacked]
// once the handler returns and touches the connection no more.
func (x *Exchange) Hijack() *Conn {
	x.hijacked = true
	return x.c
}

// Serve reads requests and calls handle for each, until the peer closes, an
// error occurs, or ctx ends, which lets a running exchange finish. It answers
// bad requests itself. It returns nil when the connection ended as
// connections do, and closes it unless it was hijacked.
func (c *Conn) Serve(ctx context.Context, handle func(context.Context, *Exchange)) error {
	defer c.watchDrain(ctx)()
	err := c.serveAll(ctx, handle)
	if err == ErrHijacked {
		return err
	}
	c.nc.Close()
	c.Release()
	if errors.Is(err, ErrIdleClosed) || errors.Is(err, ErrIdleTimeout) {
		return nil
	}
	return err
}

func (c *Conn) serveAll(ctx context.Context, handle func(context.Context, *Exchange)) error {
	for {
		c.ReadWithin(c.lim.IdleTimeout)
		if !c.setIdle(true) {
			return nil
		}
		r, err := c.ReadRequest()
		goOn := c.setIdle(false)
		if err != nil {
			if !goOn && c.r == c.w {
				return nil
			}
			return c.refuse(err)
		}
		c.x = Exchange{Writer: &c.out, Request: r, c: c}
		if again, err := c.serveOne(ctx, &c.x, handle); !again {
			return err
		}
	}
}

// refuse answers a request that could not be read and ends the connection
// such that the answer arrives.
func (c *Conn) refuse(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	c.req.Minor = 1
	c.x = Exchange{Writer: &c.out, Request: &c.req, c: c, mustEnd: true}
	c.body.reset()
	c.req.Body = &c.body
	c.req.Method = nil
	if c.answerRefused(&c.x, e) == nil {
		c.linger()
	}
	return err
}

// answerRefused writes the answer to a request that is not handled.
func (c *Conn) answerRefused(x *Exchange, e *Error) error {
	if c.refused == nil {
		return x.Text(e.Status, e.Detail)
	}
	head := c.req.raw
	if len(head) == 0 {
		head = c.Buffered() // not even its end was found
	}
	return c.refused(x, e, head)
}

// serveOne runs one exchange and reports whether another may follow.
func (c *Conn) serveOne(ctx context.Context, x *Exchange, handle func(context.Context, *Exchange)) (bool, error) {
	if !c.expectation(x) {
		return false, c.linger()
	}
	handle(ctx, x)
	if x.hijacked {
		return false, ErrHijacked
	}
	if !x.finished {
		if !x.Started() {
			x.mustEnd = true
			x.Text(500, "the handler gave no answer")
		} else {
			c.out.Flush()
			c.cut()
			return false, nil
		}
	}
	if c.out.err != nil {
		return false, c.out.err
	}
	if x.mustEnd || x.Status == 101 || !x.Request.keepsAlive() {
		return false, c.linger()
	}
	if !x.Request.Body.Drain(lingerMax) {
		return false, c.linger()
	}
	return true, nil
}

// cut resets the connection behind a body that broke, if its plain end would
// mean to the client that the body is whole.
func (c *Conn) cut() {
	nc := c.nc
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	if l, ok := nc.(interface{ SetLinger(int) error }); ok && c.out.mode == writeUntilClose && l.SetLinger(0) == nil {
		nc.Close()
	}
}

// expectation prepares 100 Continue, or refuses any other expectation.
func (c *Conn) expectation(x *Exchange) bool {
	v, ok := x.Request.GetKind(Expect)
	if !ok || x.Request.Minor == 0 {
		return true
	}
	if !equalFold(v, "100-continue") || x.Request.Count("Expect") > 1 {
		x.mustEnd = true
		c.answerRefused(x, badf(417, "the only expectation understood is 100-continue"))
		return false
	}
	b := x.Request.Body
	b.expect = b.kind != bodyNone && c.r == c.w
	return true
}

// linger ends the sending side and reads on for a moment, because closing
// with unread bytes would destroy an answer that is still under way
// (RFC 9112, section 9.6).
func (c *Conn) linger() error {
	half, ok := c.nc.(interface{ CloseWrite() error })
	if c.out.err != nil || !ok || half.CloseWrite() != nil {
		return nil
	}
	c.nc.SetReadDeadline(time.Now().Add(time.Second))
	buf := getSmall()
	defer putSmall(buf)
	for n := 0; n < lingerMax; {
		m, err := c.nc.Read(buf)
		if n += m; err != nil {
			return nil
		}
	}
	return nil
}
