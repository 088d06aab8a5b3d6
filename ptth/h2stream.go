package ptth

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"sync/atomic"
	"time"

	"homehook/http1"
)

var (
	errStreamClosed = errors.New("the link was closed")
	errNoPing       = errors.New("a link in HTTP/2 looks after itself")
)

// h2Stream is the Carrier of one of the exchanges that a link in HTTP/2 carries
// at once. Its exchanges are streams of HTTP/2 one after the other.
type h2Stream struct {
	link *Shared
	host string

	// Of the exchange under way.
	call   *Call
	upload *h2Upload
	res    *http.Response
	answer h2Answer
	asked  time.Time     // since when the answer is awaited
	id     atomic.Uint32 // once its head was handed to the connection
	busy   bool          // the link counts it
	handed bool          // net/http has the request, and so the upload
	vigil  vigil
	trace  *httptrace.ClientTrace

	used  bool
	idle  time.Time
	spent bool // the agent takes fewer than it said

	mu     sync.Mutex // guards what follows
	cancel context.CancelFunc
	body   *http1.Body // of the request, while it may be read
	closed bool
}

var _ Carrier = (*h2Stream)(nil)

func newStream(link *Shared, host string) *h2Stream {
	s := &h2Stream{link: link, host: host, idle: time.Now()}
	s.vigil.judge = s.mayWait
	s.trace = &httptrace.ClientTrace{
		WroteHeaders: s.wroteHead,
		Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
			return s.vigil.interim(status, header)
		},
	}
	return s
}

// Traits tells what the stream can do.
func (s *h2Stream) Traits() Traits {
	return Traits{Dialect: DialectPTTH, Ours: s.link.Offer.Ours, Streams: true}
}

// Do sends a request and returns the response: see [Carrier].
func (s *h2Stream) Do(c *Call) (*http1.Response, error) {
	if c.Switch {
		return nil, &CannotError{Reason: "the receiver's link cannot switch protocols, as a WebSocket needs"}
	}
	body := c.Request.Body
	whole, err := body.Fill(smallBody)
	if err == nil {
		err = body.Continue() // not from the upload: an answer may be under way by then
	}
	if err != nil {
		return nil, &http1.CopyError{Reading: true, Err: err}
	}
	var small []byte
	if whole {
		small = bytes.Clone(body.Peek())
	} else {
		s.upload = newH2Upload(body)
	}
	r, err := s.request(c, small)
	if err != nil {
		return nil, err
	}
	if err := s.send(c, r); err != nil {
		return nil, err
	}
	if len(small) > 0 {
		if err := body.Discard(len(small)); err != nil {
			return nil, &http1.CopyError{Reading: true, Err: err}
		}
	}
	return s.respond(c)
}

// send runs the exchange until the final response begins.
func (s *h2Stream) send(c *Call, r *http.Request) error {
	ctx, cancel := context.WithCancel(context.Background())
	if !s.take(cancel) {
		return ErrNotSent
	}
	s.link.conn.busy.Add(1) // in front of the look at leaving: see h2Conn.Read
	s.busy = true
	if err := s.link.reserve(); err != nil {
		s.spent = true
		return err
	}
	s.call, s.asked, s.used = c, time.Now(), true
	s.id.Store(0)
	s.vigil.early = c.Early
	s.vigil.begin(cancel)
	s.handed = true
	res, err := s.link.client.RoundTrip(r.WithContext(httptrace.WithClientTrace(ctx, s.trace)))
	s.vigil.pause()
	if err != nil {
		return s.failure(ctx, err)
	}
	s.res = res
	if c.Early != nil {
		s.vigil.passEarly()
	}
	return nil
}

// take makes the exchange one that Close ends. That has to end the reading of
// the sender's body itself: net/http does not see the end of a context there.
func (s *h2Stream) take(cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		cancel()
		return false
	}
	s.cancel = cancel
	if s.upload != nil {
		s.body = s.upload.body
	}
	return true
}

// wroteHead is called when a head was written, or could not be, before that
// of another stream can be.
func (s *h2Stream) wroteHead() {
	begun := s.link.conn.begun.Load()
	if s.link.assigned < begun {
		s.link.assigned = begun
		s.id.Store(begun)
	}
}

// failure finds out what the end of an exchange without a response means.
func (s *h2Stream) failure(ctx context.Context, err error) error {
	if s.upload != nil {
		if broken := s.upload.broken(); broken != nil {
			return broken
		}
	}
	if found := s.vigil.reason(nil); found != nil {
		return found
	}
	if ctx.Err() != nil {
		return errStreamClosed // net/http may write the head yet
	}
	id := s.id.Load()
	switch {
	case id == 0 && s.link.alive():
		s.handed = false
		return &CannotError{Reason: "the receiver's link cannot carry the request: " + err.Error()}
	case id == 0:
		s.handed, s.spent = false, true
		return ErrNotSent
	case s.link.unseen(id, err):
		s.spent = true
		return ErrNotSent
	}
	return err
}

// mayWait is asked while the agent is silent. The bounds are on the sender's
// body as long as that is on its way.
func (s *h2Stream) mayWait() error {
	if s.upload != nil {
		if ok, _ := s.upload.settled(); !ok {
			s.asked = time.Now()
			return nil
		}
	}
	switch {
	case s.res == nil && s.call.Wait > 0 && time.Since(s.asked) > s.call.Wait:
		return ErrAnswerTimeout
	case s.call.Gone != nil && s.call.Gone():
		return ErrSenderGone
	}
	return nil
}

// respond makes of the response one by the rules of HTTP/1.1.
func (s *h2Stream) respond(c *Call) (*http1.Response, error) {
	n := s.res.ContentLength
	if s.res.Body == http.NoBody || c.Request.IsMethod("HEAD") || s.res.StatusCode == 204 || s.res.StatusCode == 304 {
		n = 0
	}
	s.answer = h2Answer{s: s, left: n}
	res, err := http1.BuildResponse(s.res.StatusCode, "", headerFields(s.res.Header), &s.answer, n)
	if err != nil {
		return nil, err
	}
	res.Body.TrailerFrom(func() []http1.Field { return headerFields(s.res.Trailer) })
	return res, nil
}

// h2Answer reads the body of the response under the eyes of the vigil.
type h2Answer struct {
	s     *h2Stream
	left  int64 // -1 when it is not known
	ended bool
}

func (a *h2Answer) Read(p []byte) (int, error) {
	a.s.vigil.resume()
	n, err := a.s.res.Body.Read(p)
	a.s.vigil.pause()
	if a.left > 0 {
		a.left -= int64(n)
	}
	a.ended = err == io.EOF
	if err != nil && err != io.EOF {
		err = a.s.vigil.reason(err)
	}
	return n, err
}

// finish ends the response, and leaves to the agent to end the stream if its
// body is whole.
func (a *h2Answer) finish() {
	if a.left == 0 && !a.ended {
		late := time.AfterFunc(time.Second, a.s.cancel)
		var more [1]byte
		a.s.res.Body.Read(more[:])
		late.Stop()
	}
	if !a.ended && a.left != 0 {
		a.s.cancel()
	}
	a.s.res.Body.Close()
}

// Uploading reports whether the sender's body is still on its way although
// the response has begun.
func (s *h2Stream) Uploading() bool { return s.upload != nil && !s.upload.settledSoon() }

// Switched is for links that can switch.
func (s *h2Stream) Switched() *http1.Conn { return nil }

// Done ends an exchange and reports whether another one may follow. One that
// was given up does the others no harm.
func (s *h2Stream) Done() bool {
	s.endUpload()
	if s.res != nil {
		s.answer.finish()
	}
	if s.cancel != nil {
		s.cancel()
	}
	if s.busy {
		s.link.conn.busy.Add(-1)
	}
	s.upload, s.res, s.call, s.answer = nil, nil, nil, h2Answer{}
	s.busy, s.handed = false, false
	s.idle = time.Now()
	return !s.spent && s.Check() == http1.PeerSilent
}

// endUpload makes sure that nobody reads the sender's body any more.
func (s *h2Stream) endUpload() {
	s.mu.Lock()
	s.body = nil
	s.mu.Unlock()
	u := s.upload
	switch {
	case u == nil:
	case !s.handed:
		u.Close()
	case !u.settledSoon():
		u.body.Abort()
		s.cancel()
		u.settle(nil)
	}
}

// Check tells whether the link still takes exchanges.
func (s *h2Stream) Check() http1.PeerState {
	if s.link.alive() {
		return http1.PeerSilent
	}
	return http1.PeerGone
}

// Ping is not needed: net/http pings the link when it is silent.
func (s *h2Stream) Ping(time.Duration) error { return errNoPing }

// Used reports whether an exchange was carried.
func (s *h2Stream) Used() bool { return s.used }

// IdleSince tells when the last exchange ended.
func (s *h2Stream) IdleSince() time.Time { return s.idle }

// Close gives the stream up at once, and with the last one the link.
func (s *h2Stream) Close() error {
	if s.end() {
		s.link.release()
	}
	return nil
}

// end ends the exchange that runs, and reports whether the stream was open.
func (s *h2Stream) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	if s.cancel != nil {
		s.cancel()
	}
	if s.body != nil {
		s.body.Abort()
	}
	return true
}

// RemoteAddr returns the agent's address as the relay sees it.
func (s *h2Stream) RemoteAddr() string { return s.link.conn.RemoteAddr().String() }
