package routes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"homehook/http1"
)

// forwardTimeout is how long a response may take to begin unless a route says
// otherwise.
const forwardTimeout = 5 * time.Minute

// forwarder sends deliveries on to an HTTP server and its responses back.
// The exchange with the server runs on the calling goroutine; only a body
// that is long, or of unknown length, is sent by a second one.
type forwarder struct {
	pool    *pool
	timeout time.Duration
	retries int // of a connection that could not be opened
	strip   string
	host    string   // for the Host field; empty keeps the sender's
	fields  []header // configured
}

var _ handler = (*forwarder)(nil)

func (c *compiler) forward(path string, s *ForwardSpec, route *Route) *forwarder {
	f := &forwarder{timeout: cmp.Or(time.Duration(s.Timeout), forwardTimeout)}
	t, err := parseTarget(s.To)
	if s.To == "" {
		c.report(path+".to", "the target is missing", `write where to, such as "http://127.0.0.1:8123"`)
	} else if err != nil {
		c.report(path+".to", fmt.Sprintf("the target %q cannot be used: %s", shownAddress(s.To), err), remedyOf(err))
	}
	if s.Timeout < 0 {
		c.report(path+".timeout", "a timeout cannot be negative", "leave it out for "+Duration(forwardTimeout).String())
	}
	f.strip = strings.TrimRight(s.Strip, "/")
	if s.Strip != "" && (s.Strip[0] != '/' || checkPath(s.Strip) != nil) {
		c.report(path+".strip", fmt.Sprintf("%q is not a path", s.Strip), "write the beginning of a path, such as /ha")
	}
	switch s.Host {
	case "", "keep":
	case "target":
		f.host = t.host
	default:
		if f.host = s.Host; strings.Trim(s.Host, hostChars) != "" {
			c.report(path+".host", fmt.Sprintf("%q is not a host", s.Host), "write keep, target, or a host with or without a port")
		}
	}
	f.fields = c.checkHeaders(path+".headers", s.Headers, route)
	for _, h := range f.fields {
		if strings.EqualFold(h.name, "Host") {
			c.report(path+".headers."+h.name, "the field Host is set by the key host", "write host: beside headers:")
		}
	}
	f.retries = c.retries(path+".retries", s.Retries)
	f.pool = newPool(t, c.trust(path+".tls", s.TLS, &t), s.LAN, f.timeout)
	return f
}

const hostChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]"

func (f *forwarder) close() { f.pool.close() }

func (f *forwarder) serve(ctx context.Context, d *Delivery, x *http1.Exchange) Result {
	r := d.Request
	fields, unfit := fillHeaders(f.fields, d)
	if unfit != nil {
		x.CloseAfter()
		return unfit.reply(x)
	}
	if asksWebSocket(r) {
		return f.webSocket(ctx, x, r, fields)
	}
	if refused := refuse(r); refused != nil {
		x.CloseAfter()
		return refused.reply(x)
	}
	whole, err := r.Body.Fill(maxWhole)
	if err != nil {
		return failBody(x, err)
	}
	var first []byte
	length := r.Body.Length()
	if !whole {
		if first, err = prime(r); err != nil {
			return failBody(x, err)
		}
	}
	for fresh := false; ; fresh = true {
		u, err := f.connect(ctx, x, fresh)
		if err != nil {
			return asFault(err).reply(x)
		}
		f.writeHead(u, r, fields)
		if !whole {
			return f.stream(ctx, x, u, r, first, length)
		}
		if again, res := f.whole(ctx, x, u, r); !again {
			return res
		}
	}
}

// refuse says what no target is asked for.
func refuse(r *http1.Request) *fault {
	if r.IsMethod("CONNECT") {
		return &fault{501, "CONNECT is not available here", errors.New("a tunnel (CONNECT) was asked for, which forward does not do"), FailedRequest}
	}
	if !r.WantsUpgrade() {
		return nil
	}
	for v := range r.Values("Upgrade") {
		// HTTP/2 on an open connection is offered by some clients with every
		// request, and may be left unanswered.
		if v := strings.ToLower(string(v)); v != "" && v != "h2c" {
			return &fault{
				501, "the only switch of protocols that is carried here is a GET for websocket",
				fmt.Errorf("a switch of protocols (Upgrade: %.40q) was asked for, other than a GET for websocket", v),
				FailedRequest,
			}
		}
	}
	return nil
}

// whole runs the exchange for a request that is in memory: one write, then
// the response. It reports whether the request may be sent again, because the
// connection was stale and repeating does no harm.
func (f *forwarder) whole(ctx context.Context, x *http1.Exchange, u *upstream, r *http1.Request) (again bool, _ Result) {
	w := u.conn.Writer()
	body := r.Body.Peek()
	if len(body) > 0 || r.ContentLength() >= 0 {
		w.EndLength(int64(len(body)))
	} else {
		w.EndEmpty()
	}
	u.watch.begin(ctx, x.Conn(), f.timeout, false)
	w.Write(body)
	sent := w.Finish()
	if err := discard(r.Body, len(body)); err != nil {
		return false, f.fail(x, u, bodyFault(err))
	}
	res, err := f.response(x, u, r)
	if err == nil {
		return false, f.answer(x, u, res)
	}
	if u.reused && !u.watch.hasLooked() && isBroken(err) {
		f.pool.distrust()
		if again = len(body) == 0 && isIdempotent(r); again {
			u.watch.end()
			u.conn.Close()
			return true, Result{}
		}
	}
	return false, f.fail(x, u, cmp.Or(u.watch.reason(), f.broken(cmp.Or(sent, err))))
}

// discard consumes what Peek has shown.
func discard(b *http1.Body, n int) error {
	if n == 0 {
		return nil
	}
	return b.Discard(n)
}

// stream runs the exchange for a request whose body is sent by a goroutine of
// its own, so that the answer may come, and go, before the body has ended.
func (f *forwarder) stream(ctx context.Context, x *http1.Exchange, u *upstream, r *http1.Request, first []byte, length int64) Result {
	w, up := u.conn.Writer(), &u.upload
	if length >= 0 {
		w.EndLength(length)
	} else {
		w.EndChunked()
	}
	u.watch.begin(ctx, x.Conn(), f.timeout, true)
	up.start(func(read func()) error { return send(u.conn, first, r.Body, read) }, u.watch.uploaded)
	res, err := f.response(x, u, r)
	settled := up.settle(10 * time.Millisecond)
	if !settled {
		x.CloseAfter() // the rest of the body cannot be told from a next request
	}
	if err == nil {
		return f.answer(x, u, res)
	}
	u.conn.Close()
	sent := up.join(x.Conn())
	if !settled {
		sent = nil // it is join that broke the body off
	}
	return f.fail(x, u, cmp.Or(u.watch.reason(), readFault(sent), f.broken(err)))
}

// send copies a request body to the target. When the body breaks, the
// connection is closed, so that the target never takes it for whole.
func send(c *http1.Conn, first []byte, b *http1.Body, read func()) error {
	w := c.Writer()
	if _, err := w.Write(first); err != nil {
		return &http1.CopyError{Err: err}
	}
	if err := w.Copy(b); err != nil {
		if readFault(err) != nil {
			c.Close()
		}
		return err
	}
	read()
	return w.Finish()
}

// maxInterim is how many informational responses may come before a final one.
const maxInterim = 100

// response reads up to the head of the final response. Early hints go to
// callers that can take them.
func (f *forwarder) response(x *http1.Exchange, u *upstream, r *http1.Request) (*http1.Response, error) {
	for range maxInterim {
		res, err := u.conn.ReadResponse(r.Method)
		switch {
		case err != nil:
			return nil, err
		case res.Status >= 200:
			u.watch.answered()
			return res, nil
		case res.Status == 101 && asksWebSocket(r):
			return res, nil
		case res.Status == 101:
			return nil, errors.New("it switched protocols unasked")
		case res.Status == 103 && r.Minor >= 1:
			x.Start(103, res.Reason)
			x.CopyFields(&res.Head, dropResponse)
			x.Writer.EndEmpty()
			if err := x.Flush(); err != nil {
				return nil, fmt.Errorf("write response: %w", err)
			}
		}
	}
	return nil, errors.New("it sent informational responses without end")
}

// dropResponse are the fields of a response that end here. What the relay is
// told of a delivery comes from the agent, never from a target.
var dropResponse = http1.HopByHop | http1.KindsOf(http1.Homehook, http1.PTTH)

// answer passes the response on and puts the connection back if it is in
// order.
func (f *forwarder) answer(x *http1.Exchange, u *upstream, res *http1.Response) Result {
	err := x.Forward(res, dropResponse, nil)
	came := answered(res) // res belongs to the next exchange once the connection is put back
	keep := err == nil
	if up := &u.upload; up.running() {
		if keep = keep && up.finish(uploadGrace); !keep {
			u.conn.Close()
		}
		keep = up.join(x.Conn()) == nil && keep
	}
	why := u.watch.end()
	if len(u.conn.Buffered()) > 0 {
		f.pool.distrust()
	}
	if keep && why == nil && u.conn.Reusable() && !mayTrail(x, res) {
		f.pool.put(u)
	} else {
		u.conn.Close()
	}
	switch {
	case err == nil:
		return came
	case why != nil:
		return why.result()
	}
	return f.copyFault(err).result()
}

// mayTrail reports whether a response is of a kind that careless servers send
// a body with although it has none: what comes late must not meet a request.
func mayTrail(x *http1.Exchange, res *http1.Response) bool {
	return x.Request.IsMethod("HEAD") || res.Status == 204 || res.Status == 304
}

// copyFault says which side broke a response half way.
func (f *forwarder) copyFault(err error) *fault {
	var c *http1.CopyError
	if errors.As(err, &c) && c.Reading {
		return &fault{err: fmt.Errorf("the response of %s broke off: %w", f.pool.target.address, cause(c.Err)), kind: FailedUnreachable}
	}
	return &fault{err: fmt.Errorf("the sender did not take the whole response: %w", cause(errors.Unwrap(err))), kind: FailedAnswer}
}

// fail ends an exchange that got no response and answers in its place.
func (f *forwarder) fail(x *http1.Exchange, u *upstream, why *fault) Result {
	u.watch.end()
	u.conn.Close()
	return why.reply(x)
}

// broken says what was wrong with a target's response.
func (f *forwarder) broken(err error) *fault {
	if errors.Is(err, http1.ErrIdleClosed) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it closed the connection")
	}
	return &fault{
		502, "the server behind this route gave no valid answer",
		fmt.Errorf("no valid response from %s: %w", f.pool.target.address, cause(err)),
		FailedUnreachable,
	}
}

// isBroken tells a connection that ended from a response that is wrong.
func isBroken(err error) bool {
	var e *http1.Error
	return !errors.As(err, &e)
}

// isIdempotent reports whether sending a request twice does what sending it
// once does (RFC 9110, section 9.2.2).
func isIdempotent(r *http1.Request) bool {
	switch string(r.Method) {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

func asFault(err error) *fault {
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{502, "the server behind this route cannot be reached", err, FailedUnreachable}
	}
	return f
}
