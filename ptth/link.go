package ptth

import (
	"errors"
	"io"
	"time"

	"homehook/http1"
)

const (
	// maxInterim is how many informational responses may come before a final
	// one.
	maxInterim = 100

	// smallBody is the longest request body that is sent in one piece with
	// its head. It is also read whole before the link is used.
	smallBody = 64 << 10

	// settle is how long a link of an old agent rests behind the 101, lest
	// the first request arrive in the same read.
	settle = 50 * time.Millisecond

	// aliveMargin is subtracted from what an agent's Keep-Alive field
	// promises.
	aliveMargin = time.Second
)

var (
	// ErrNotSent reports an exchange of which no byte reached the link: it
	// may be tried on another one.
	ErrNotSent = errors.New("the request was not sent")

	// ErrAnswerTimeout reports that no response began within Call.Wait.
	ErrAnswerTimeout = errors.New("no answer came in time")

	// ErrSenderGone reports that Call.Gone told so.
	ErrSenderGone = errors.New("the sender went away")

	// ErrChatter reports informational responses without end.
	ErrChatter = errors.New("the agent sent too many informational responses")

	// ErrSwitched reports a 101 that nobody asked for.
	ErrSwitched = errors.New("the agent switched protocols unasked")
)

// linkLimits are those of the relay's end: an agent's answer may pause for as
// long as the application behind it likes, and its head may be larger than what
// the agent took from the application, since the agent adds to it.
var linkLimits = http1.Limits{Target: http1.GrownTarget, Head: http1.GrownHead, Fields: http1.GrownFields, HeadTimeout: 10 * time.Second, IdleTimeout: -1, BodyRate: -1, BodyWindow: -1}

// Link is the relay's end of a link in HTTP/1.1: it sends requests and reads
// responses, one exchange at a time. It must not be used by two goroutines at
// once, except for Close.
type Link struct {
	// Offer is what the agent asked for when it opened the link.
	Offer Offer

	conn     *http1.Conn
	upload   *upload
	open     bool      // a request was begun and its response has not come
	ready    time.Time // not to be used before
	idle     time.Time // since when nothing is under way
	used     bool      // has carried an exchange
	mayTrail bool      // a careless agent may yet send a body that the last response cannot have
	promised time.Time // when the agent may close, from its Keep-Alive field
}

var _ Carrier = (*Link)(nil)

// Traits tells what the link can do.
func (l *Link) Traits() Traits {
	return Traits{Dialect: l.Offer.Dialect, Ours: l.Offer.Ours, Ping: l.Offer.Ping, Tunnels: true, Streams: true}
}

// Accept answers an upgrade request with 101 and returns the link. fields may
// add fields to the 101. On an error the exchange has been answered, or its
// connection is broken.
func Accept(x *http1.Exchange, o Offer, fields func(*http1.Writer)) (*Link, error) {
	if !x.Request.Body.Drain(smallBody) {
		x.CloseAfter()
		x.Text(413, "an upgrade request has no use for a body")
		return nil, http1.ErrBodyTooLarge
	}
	x.Start(101, nil)
	x.Field("Upgrade", o.Version)
	if o.Dialect != Dialect09 { // which knows no Connection field
		x.Field("Connection", "Upgrade")
	}
	if fields != nil {
		fields(x.Writer)
	}
	x.EndEmpty()
	if err := x.Finish(); err != nil {
		return nil, err
	}
	l := &Link{Offer: o, conn: x.Hijack(), idle: time.Now()}
	if !o.Ours {
		l.ready = l.idle.Add(settle)
	}
	return l, nil
}

// Start prepares the link for its first exchange. It must be called when
// [http1.Conn.Serve] has returned, since until then the connection is in use.
func (l *Link) Start() error {
	l.conn.SetLimits(linkLimits)
	if err := l.conn.SetReadTimeout(0); err != nil { // writes renew their own deadline
		return err
	}
	l.conn.Release()
	return nil
}

// Call is one exchange to be carried over a link.
type Call struct {
	// Request is the sender's: its method and its body are used.
	Request *http1.Request

	// Head writes the start line and the end-to-end fields. Framing is added
	// behind them.
	Head func(*http1.Writer)

	// Wait bounds the time from the end of the request until the final
	// response begins; 0 for no bound. It is looked at once a second.
	Wait time.Duration

	// Gone, if not nil, is asked about once a second while the response is
	// awaited or its body pauses, and never while the request's body is still
	// being uploaded.
	Gone func() bool

	// Early, if not nil, is shown each 103.
	Early func(*http1.Response)

	// Client is the sender's address and port, for dialects that tell it.
	Client string

	// Switch says that the sender asks for another protocol, so that a 101
	// may come. Head writes Connection and Upgrade then.
	Switch bool
}

// Do sends a request and returns the response, whose body is read from the
// link: see [Carrier].
func (l *Link) Do(c *Call) (*http1.Response, error) {
	if !l.ready.IsZero() {
		time.Sleep(time.Until(l.ready))
		l.ready = time.Time{}
	}
	if err := l.send(c); err != nil {
		return nil, err
	}
	return l.receive(c)
}

func (l *Link) send(c *Call) error {
	body := c.Request.Body
	whole, err := body.Fill(smallBody)
	if err == nil {
		err = body.Continue() // not from the upload: an answer may be under way by then
	}
	if err != nil {
		return &http1.CopyError{Reading: true, Err: err}
	}
	l.open = true
	w := l.conn.Writer()
	c.Head(w)
	switch n := body.Length(); {
	case whole && n == 0 && c.Request.ContentLength() < 0:
		w.EndEmpty()
	case n >= 0:
		w.EndLength(n)
	default:
		w.EndChunked()
	}
	if !whole {
		l.upload = startUpload(l.conn, body)
		return nil
	}
	p := body.Peek()
	w.Write(p)
	if err := w.Finish(); err != nil {
		if w.Sent() == 0 {
			return ErrNotSent // the body is still there for another link
		}
		return err
	}
	if len(p) == 0 {
		return nil
	}
	if err := body.Discard(len(p)); err != nil {
		return &http1.CopyError{Reading: true, Err: err}
	}
	return nil
}

func (l *Link) receive(c *Call) (*http1.Response, error) {
	asked := time.Now()
	for interim := 0; ; {
		l.conn.ReadWithin(time.Second)
		res, err := l.conn.ReadResponse(c.Request.Method)
		switch {
		case errors.Is(err, http1.ErrIdleTimeout):
			if l.upload != nil && !l.upload.finished() {
				asked = time.Now() // the bounds are on the body for now
			} else if err := l.stillWorthWaiting(c, asked); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, l.uploadErrorOr(err)
		case res.Status == 101 && c.Switch && res.Upgrades():
			return res, nil // still open: the link is spent
		case res.Status == 101:
			return nil, ErrSwitched
		case res.Status < 200:
			if res.Status == 103 && c.Early != nil {
				c.Early(res)
			}
			interim++
			if err := l.afterInterim(c, asked, interim); err != nil {
				return nil, err
			}
		default:
			l.open = false
			l.mayTrail = !l.Offer.Ours && (res.Status == 204 || res.Status == 304 || c.Request.IsMethod("HEAD"))
			l.noteKeepAlive(res)
			if c.Gone != nil {
				res.Body.Watch(time.Second, func() bool { return l.stillTaken(c) })
			}
			return res, nil
		}
	}
}

// afterInterim judges an agent that answers, but does not come to the point.
func (l *Link) afterInterim(c *Call, asked time.Time, n int) error {
	if n > maxInterim {
		return ErrChatter
	}
	if l.upload != nil && !l.upload.finished() {
		return nil
	}
	return l.stillWorthWaiting(c, asked)
}

// stillTaken reports whether there is somebody to take the body of an answer
// that pauses.
func (l *Link) stillTaken(c *Call) bool {
	if l.upload != nil && !l.upload.finished() {
		return true // the upload sees to it
	}
	return l.uploadErrorOr(nil) == nil && !c.Gone()
}

func (l *Link) stillWorthWaiting(c *Call, asked time.Time) error {
	if err := l.uploadErrorOr(nil); err != nil {
		return err
	}
	if c.Wait > 0 && time.Since(asked) > c.Wait {
		return ErrAnswerTimeout
	}
	if c.Gone != nil && c.Gone() {
		return ErrSenderGone
	}
	return nil
}

// uploadErrorOr prefers the reason why an upload ended to what followed.
func (l *Link) uploadErrorOr(err error) error {
	if l.upload != nil && l.upload.finished() && l.upload.err != nil {
		return l.upload.err
	}
	return err
}

// Uploading reports whether the sender's body is still on its way although
// the response has begun. The connection to the sender must then be closed
// behind the response.
func (l *Link) Uploading() bool {
	return l.upload != nil && !l.upload.finishedSoon()
}

// Done ends an exchange and reports whether the link can carry another one.
// If not, the caller closes it.
func (l *Link) Done() bool {
	if u := l.upload; u != nil {
		l.upload = nil
		if !u.finishedSoon() {
			u.abort(l.conn)
			return false
		}
		if u.err != nil {
			return false
		}
	}
	if l.open || l.mayTrail || !l.conn.Reusable() {
		return false
	}
	l.conn.Release()
	l.idle, l.used = time.Now(), true
	return true
}

// Switched gives away the connection behind a response 101, with no bound on
// its reads.
func (l *Link) Switched() *http1.Conn {
	l.conn.SetReadTimeout(0)
	return l.conn
}

// Used reports whether the link has carried an exchange: its agent was there
// then.
func (l *Link) Used() bool { return l.used }

// IdleSince tells when the last exchange ended.
func (l *Link) IdleSince() time.Time { return l.idle }

// Check looks at an idle link without waiting. Only a silent link is good.
func (l *Link) Check() http1.PeerState {
	if !l.promised.IsZero() && time.Now().After(l.promised) {
		return http1.PeerGone
	}
	return l.conn.PeerState()
}

// Close closes the connection. It may be called at any time.
func (l *Link) Close() error { return l.conn.Close() }

// RemoteAddr returns the agent's address as the relay sees it.
func (l *Link) RemoteAddr() string { return l.conn.NetConn().RemoteAddr().String() }

var pingMethod = []byte("OPTIONS")

// Ping asks the agent whether it is there and waits for the answer at most
// for the given time. Like Do, it is followed by Done. Only agents that asked
// for pings may get one: others would take it for a request.
func (l *Link) Ping(timeout time.Duration) error {
	l.open = true
	w := l.conn.Writer()
	w.StartRequest(pingMethod, []byte("*"))
	w.Field("Host", "")
	w.EndEmpty()
	if err := w.Finish(); err != nil {
		return err
	}
	l.conn.SetReadTimeout(timeout)
	defer l.conn.SetReadTimeout(0)
	res, err := l.conn.ReadResponse(pingMethod)
	if err != nil {
		return err
	}
	if res.Status < 200 || !res.Body.Drain(smallBody) {
		return io.ErrUnexpectedEOF
	}
	l.open = false
	return nil
}

// noteKeepAlive keeps what an agent says about how long it leaves an idle
// connection open.
func (l *Link) noteKeepAlive(res *http1.Response) {
	v, ok := res.GetKind(http1.KeepAlive)
	if !ok {
		return
	}
	if s, ok := keepAliveTimeout(v); ok {
		l.promised = time.Now().Add(s - aliveMargin)
	}
}
