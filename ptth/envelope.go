package ptth

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"homehook/http1"
)

const (
	// A response goes out with its length where the whole of it is there soon
	// and small, since the relays of others like that best.
	soon  = 200 * time.Millisecond
	small = 64 << 10
)

var (
	errBrokeOff = errors.New("the handler's answer broke off")
	errUnwanted = errors.New("the relay takes no more of the answer")
)

// envelope carries a response as the body of a request to the relay.
type envelope struct {
	d      *Dialer
	line   *line // of the link
	at     *url.URL
	method []byte // of the request that is answered

	mu     sync.Mutex // guards the rest, which the timer uses too
	ctx    context.Context
	conn   *http1.Conn   // to send on; nil opens one
	out    *http1.Writer // nil until the response is on its way
	head   []byte
	length int64  // of the response's body; -1 when not known
	body   []byte // what waits
	timer  *time.Timer
	ended  bool // the response is whole
	over   bool // nothing is to be sent any more
	err    error
}

var _ http1.Sink = (*envelope)(nil)

// carryOut calls handle for a request and sends what it answers.
func (e *envelope) carryOut(ctx context.Context, r *http1.Request, handle func(context.Context, *http1.Exchange)) error {
	e.ctx, e.method = ctx, r.Method
	handle(ctx, http1.NewSinkExchange(r, e))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	if e.timer != nil {
		e.timer.Stop()
	}
	switch {
	case e.err != nil || e.ended:
		return e.settle()
	case e.out != nil: // the relay must not take a part for the whole
		e.conn.Close()
		return errBrokeOff
	}
	status, detail := 500, "the handler gave no answer"
	if e.head != nil {
		status, detail = 502, errBrokeOff.Error()
	}
	again := &envelope{d: e.d, line: e.line, at: e.at, method: e.method, conn: e.conn}
	defer func() { e.conn = again.conn }()
	return again.refuse(ctx, status, detail)
}

// refuse sends a response in place of the handler's.
func (e *envelope) refuse(ctx context.Context, status int, detail string) error {
	return e.carryOut(ctx, &http1.Request{Method: e.method}, func(_ context.Context, x *http1.Exchange) { x.Text(status, detail) })
}

// settle sends a response that is whole, unless it is on its way, and reads
// what the relay says to it, which counts for the connection only. One that
// was kept whole is tried once more.
func (e *envelope) settle() error {
	kept := e.out == nil
	err := e.err
	if err == nil {
		err = e.post()
	}
	if kept && isLost(err) && !e.line.isClosed() {
		if e.conn != nil {
			e.conn.Close()
		}
		e.conn, e.out, e.err = nil, nil, nil
		err = e.post()
	}
	return err
}

func (e *envelope) post() error {
	if e.out == nil {
		e.begin()
	}
	if e.err != nil {
		return e.err
	}
	if err := e.out.Finish(); err != nil {
		return err
	}
	e.conn.SetReadTimeout(replyTimeout)
	res, err := readAnswer(e.conn, "POST")
	if err != nil {
		return err
	}
	res.Body.Drain(maxDrain)
	return nil
}

// Head keeps the head of the final response.
func (e *envelope) Head(res *http1.Response, length int64) error {
	if res.Status < 200 {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.head, e.length = responseHead(res, length, e.method), length
	e.timer = time.AfterFunc(soon, e.hurry)
	return nil
}

// Body keeps a piece of the body, or sends it when they get too many.
func (e *envelope) Body(p []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.out == nil && len(e.body)+len(p) <= small {
		e.body = append(e.body, p...)
		return nil
	}
	if e.out == nil {
		e.begin()
	}
	if e.err == nil {
		_, e.err = e.out.Write(p)
	}
	return e.err
}

// Flush sends what there is, once the response is on its way.
func (e *envelope) Flush() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flush()
	return e.err
}

// End says that the response is whole. There is no place for its trailer.
func (e *envelope) End(*http1.Head) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = true
	if e.length < 0 && e.out == nil {
		e.length = int64(len(e.body))
		end := len(e.head) - len("\r\n")
		e.head = slices.Insert(e.head, end, []byte("Content-Length: "+strconv.Itoa(len(e.body))+"\r\n")...)
	}
	return e.err
}

// hurry sends what there is of a response that takes its time.
func (e *envelope) hurry() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over || e.ended || e.err != nil {
		return
	}
	if e.out == nil {
		e.begin()
	}
	e.flush()
}

// flush also looks whether the relay has answered already, or is gone: nobody
// waits for the rest then.
func (e *envelope) flush() {
	if e.out == nil || e.err != nil {
		return
	}
	if e.err = e.out.Flush(); e.err == nil && e.conn.PeerState() != http1.PeerSilent {
		e.err = errUnwanted
	}
}

// begin starts the request to the relay, on a connection of its own where the
// one in use has been closed, or still brings the request that is answered.
func (e *envelope) begin() {
	if e.conn == nil || e.conn.PeerState() != http1.PeerSilent {
		if e.conn, e.err = e.d.open(context.WithoutCancel(e.ctx), e.at); e.err != nil {
			e.conn = nil
			return
		}
		if !e.line.replyOn(e.conn) {
			e.err = net.ErrClosed
			return
		}
		e.conn.SetLimits(pollLimits)
	}
	e.out = e.conn.Writer()
	e.d.startRequest(e.out, "POST", e.at, "")
	e.out.Field("Content-Type", messageType)
	if e.length >= 0 {
		e.out.EndLength(int64(len(e.head)) + e.length)
	} else {
		e.out.EndChunked()
	}
	e.out.Write(e.head)
	e.out.Write(e.body)
}
