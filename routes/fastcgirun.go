package routes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"homehook/http1"
	"homehook/routes/fastcgi"
)

// fastCGIRun is one request to a responder, and the answer that it makes.
type fastCGIRun struct {
	h      *fastCGI
	x      *http1.Exchange
	conn   *fastcgi.Conn
	watch  watch
	upload upload
	answer gatewayAnswer
	said   []byte // on standard error
	cut    bool   // more was said than kept
	status int    // of the responder's application
	failed *fault // why there is no answer
}

// run asks the responder once. It returns where in this server the request is to
// go on, if that is what the responder says.
func (h *fastCGI) run(ctx context.Context, d *Delivery, x *http1.Exchange) (Result, string) {
	at, file, why := h.place(d)
	if why != nil {
		if err := consume(d.Request.Body, consumeMax); err != nil {
			return failBody(x, err), ""
		}
		return why.reply(x), ""
	}
	whole, first, err := takeBody(d.Request)
	if err != nil {
		return failBody(x, err), ""
	}
	params := h.params(d, at, file)
	for fresh := false; ; fresh = true {
		conn, err := h.pool.Get(ctx, fresh)
		if err != nil {
			return h.unreachable(ctx, err).reply(x), ""
		}
		r := &fastCGIRun{h: h, x: x, conn: conn}
		r.answer = gatewayAnswer{x: x, kind: FailedUnreachable, limit: 1 << 62, before: r.settle, patience: gatewayPatience}
		r.watch.conn = conn.NetConn()
		r.watch.begin(ctx, x.Conn(), h.timeout, !whole)
		again := r.ask(d.Request, params, first, whole)
		if again {
			continue
		}
		return r.finish()
	}
}

// ask sends the request and reads the answer. It reports whether the request may
// be sent again, because the connection was stale and repeating does no harm.
func (r *fastCGIRun) ask(q *http1.Request, params []fastcgi.Param, first []byte, whole bool) (again bool) {
	if whole {
		first = q.Body.Peek()
	}
	sent := r.conn.Begin(params, first, whole)
	switch {
	case whole:
		if err := discard(q.Body, len(first)); err != nil {
			r.fail(bodyFault(err))
			return false
		}
	case sent == nil:
		r.upload.start(func(read func()) error { return r.send(q.Body, read) }, r.watch.uploaded)
	}
	err := r.read()
	if err == nil {
		return false
	}
	stale := r.conn.Reused() && !r.conn.Heard() && !r.watch.hasLooked() && whole
	if stale && len(first) == 0 && isIdempotent(q) && r.watch.end() == nil {
		r.conn.Close()
		return true
	}
	var why *fault
	if errors.As(err, &why) {
		r.fail(why)
	} else {
		r.fail(cmp.Or(r.watch.reason(), r.brokenBody(), r.h.broken(cmp.Or(sent, err))))
	}
	return false
}

// send copies the body. When it breaks, the connection is closed, so that the
// responder never takes it for whole.
func (r *fastCGIRun) send(b *http1.Body, read func()) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := b.Read(buf)
		if _, failed := r.conn.Write(buf[:n]); failed != nil {
			return &http1.CopyError{Err: failed}
		}
		if err != nil && err != io.EOF {
			r.conn.Close()
			return &http1.CopyError{Reading: true, Err: err}
		} else if err != nil {
			read()
			return r.conn.EndBody()
		}
	}
}

// brokenBody returns what is wrong with the body that was copied, nil if it was
// not the body that failed. Nothing is copied any more behind it.
func (r *fastCGIRun) brokenBody() *fault {
	if !r.upload.running() {
		return nil
	}
	settled := r.upload.settle(10 * time.Millisecond)
	r.conn.Close()
	if !settled {
		r.x.CloseAfter()
	}
	if err := r.upload.join(r.x.Conn()); settled {
		return readFault(err)
	}
	return nil
}

// settle makes sure that an answer can be written.
func (r *fastCGIRun) settle() { r.upload.settleFor(r.x) }

// read reads the answer to its end. The error is a fault, or of the connection.
func (r *fastCGIRun) read() error {
	for {
		if r.answer.waits() && !r.conn.Waits(r.answer.pause()) {
			r.answer.flush()
		}
		p, err := r.conn.Next()
		if err != nil {
			return err
		}
		switch p.Kind {
		case fastcgi.Stderr:
			n := min(len(p.Data), maxErrors-len(r.said))
			r.said, r.cut = append(r.said, p.Data[:n]...), r.cut || n < len(p.Data)
		case fastcgi.End:
			r.status = p.Status
			return nil
		default:
			if why := r.answer.write(p.Data); why != nil {
				return why
			}
			if r.answer.head != nil {
				r.watch.answered()
			}
		}
	}
}

// fail ends a request that got no answer; finish answers in its place.
func (r *fastCGIRun) fail(why *fault) {
	r.watch.end()
	r.conn.Close()
	r.failed = why
}

// finish answers, unless the request goes on elsewhere in this server, and gives
// the connection back.
func (r *fastCGIRun) finish() (Result, string) {
	why, to := r.failed, r.answer.local()
	if why == nil && to == "" {
		if why = r.answer.end(); why != nil && r.status != 0 {
			why.err = fmt.Errorf("%w (it ended with the status %d)", why.err, r.status)
		}
	}
	if r.upload.running() {
		if !r.upload.finish(uploadGrace) {
			r.settle()
			r.conn.Close()
		}
		r.upload.join(r.x.Conn())
	}
	gone := r.failed == nil && r.watch.end() != nil
	if why == nil && !gone {
		r.h.pool.Put(r.conn)
	} else {
		r.conn.Close()
	}
	switch {
	case why != nil:
		return r.result(why.reply(r.x)), ""
	case to != "":
		return Result{}, to
	}
	return r.result(r.answer.result()), ""
}

// result completes what the attempt came to.
func (r *fastCGIRun) result(res Result) Result {
	res = res.withOutput(r.answer.first, r.said, r.cut)
	if r.status != 0 {
		res.Exit = r.status
	}
	return res
}

// unreachable says why there is no connection.
func (h *fastCGI) unreachable(ctx context.Context, err error) *fault {
	if ctx.Err() != nil {
		return &fault{503, textStopped, errStopped, FailedStopped}
	}
	return &fault{502, "the program behind this route cannot be reached", fmt.Errorf("connect to %s: %w", h.address, cause(err)), FailedUnreachable}
}

// broken says what was wrong with an answer.
func (h *fastCGI) broken(err error) *fault {
	if errors.Is(err, fastcgi.ErrOverloaded) {
		return &fault{503, "the program behind this route has too much to do; try again later", fmt.Errorf("%s: %w", h.address, err), FailedUnreachable}
	}
	return &fault{502, "the program behind this route gave no valid answer", fmt.Errorf("no valid answer from %s: %w", h.address, cause(err)), FailedUnreachable}
}
