package ptth

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"homehook/http1"
)

// MaxObject is the longest object of COMET/JSON that a relay reads, in bytes:
// a body of 8 MiB in base64, and its head.
const MaxObject = 12 << 20

var (
	errNoSwitch = &CannotError{"the receiver is connected in a way that cannot switch protocols"}
	errNoEvents = &CannotError{"the receiver is connected in a way that cannot stream events"}

	// errPollClosed reports a poll that was closed while its reply was awaited.
	errPollClosed = errors.New("the poll was closed before its reply came")
)

// PollOptions is what a poll is, and how it is answered.
type PollOptions struct {
	Dialect string
	ID      string   // the message id
	Replies *Replies // where the reply will come

	// Type is the media type of the answer: application/json for an event of
	// COMET/JSON, any other for the request as it is.
	Type string

	// Budget bounds the memory of bodies that go out, or come back, in JSON.
	Budget *Budget

	// Fields, if not nil, adds fields to an answer that has a request.
	Fields func(*http1.Writer)

	Ours    bool          // see Traits
	Whole   bool          // see Traits
	Named   bool          // the answer tells the sender's address
	MaxWait time.Duration // see Traits

	// Gone reports whether the polling agent has closed its connection.
	Gone func() bool

	// Addr is the agent's address.
	Addr string
}

// Poll is an agent's open request for a request: the carrier of one exchange,
// which leaves as the answer to the poll and comes back with another request
// of the agent. The goroutine that got the poll calls Park, and has no use of
// the http1.Exchange until Park returns.
type Poll struct {
	o       PollOptions
	x       *http1.Exchange
	since   time.Time
	expired atomic.Bool   // Park has no more patience
	free    chan struct{} // closed when the exchange is Park's again
	closed  chan struct{}

	awaited *Awaited // of the exchange that Do has begun
	cut     bool     // the request's body was not sent to its end

	mu      sync.Mutex  // guards what follows
	taken   bool        // Do has begun, or Park has ended
	sending bool        // Do writes to the exchange
	ended   bool        // closed is closed
	entity  *http1.Body // from which the response's body is being read
}

var _ Carrier = (*Poll)(nil)

// NewPoll makes a carrier of an agent's request, which has not been answered.
func NewPoll(x *http1.Exchange, o PollOptions) *Poll {
	if c := x.Conn(); c != nil {
		c.Release() // polls rest for long
	}
	return &Poll{o: o, x: x, since: time.Now(), free: make(chan struct{}), closed: make(chan struct{})}
}

// isJSON reports whether the request goes out as an event.
func (p *Poll) isJSON() bool { return p.o.Type == "application/json" }

// Traits tells what the poll can do.
func (p *Poll) Traits() Traits {
	return Traits{
		Dialect: p.o.Dialect, Ours: p.o.Ours, Once: true, Whole: p.o.Whole,
		Streams: !p.isJSON(), MaxWait: p.o.MaxWait,
	}
}

// Park keeps the polling goroutine until a request was sent as the answer to
// its poll, and returns true then, whether or not that went well: the exchange
// has been used. It returns false when the poll is to be answered empty: after
// the time hold, at the end of ctx, or when the poll was closed. withdraw
// takes the poll out of the pool it lies in, and reports whether it was at
// rest there.
func (p *Poll) Park(ctx context.Context, hold time.Duration, withdraw func() bool) bool {
	patience := time.NewTimer(hold)
	defer patience.Stop()
	select {
	case <-p.free:
		return true
	case <-p.closed:
	case <-patience.C:
	case <-ctx.Done():
	}
	// From now on Check tells whoever looks at the poll to close it.
	p.expired.Store(true)
	if withdraw() {
		p.Close()
	}
	select {
	case <-p.free:
	case <-p.closed:
		if p.take(false) {
			return false
		}
		<-p.free
	}
	return true
}

// take is called by the one who wants the exchange: Do, to answer with a
// request, or Park, to answer empty. It reports false to who comes second.
func (p *Poll) take(sending bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken {
		return false
	}
	p.taken, p.sending = true, sending
	return true
}

// leave gives the exchange back to Park.
func (p *Poll) leave() {
	p.mu.Lock()
	p.sending = false
	p.mu.Unlock()
	close(p.free)
}

// Do sends a request as the answer to the poll and returns the response: see
// [Carrier].
func (p *Poll) Do(c *Call) (*http1.Response, error) {
	if err := p.cannot(c); err != nil {
		return nil, err
	}
	switch sent, err := p.ask(c); {
	case !sent:
		return nil, err
	case err != nil:
		return p.early(c, err)
	}
	return p.receive(c)
}

// ask answers the poll with the request, and reports whether it has come to
// use the poll.
func (p *Poll) ask(c *Call) (sent bool, err error) {
	content, err := p.render(c)
	defer content.grant.Give()
	if err != nil {
		return false, err
	}
	if p.awaited = p.o.Replies.expect(p.o.ID, c.Request.Method); p.awaited == nil {
		p.expired.Store(true) // an older poll of the same id was faster
		return false, ErrNotSent
	}
	if !p.take(true) {
		return false, ErrNotSent
	}
	defer p.leave()
	return true, p.send(c, content)
}

// cannot finds what the dialect has no means for.
func (p *Poll) cannot(c *Call) error {
	switch {
	case c.Switch:
		return errNoSwitch
	case p.isJSON() && wantsEvents(c.Request):
		return errNoEvents
	}
	return nil
}

// early looks for a reply to a request that could not be sent to its end: an
// agent may answer without having read everything.
func (p *Poll) early(c *Call, err error) (*http1.Response, error) {
	var broken *http1.CopyError
	if err == ErrNotSent || errors.As(err, &broken) && broken.Reading {
		return nil, err
	}
	select {
	case a := <-p.awaited.answer:
		p.cut = true
		return p.use(c, a)
	default:
		return nil, err
	}
}

// receive waits for the reply.
func (p *Poll) receive(c *Call) (*http1.Response, error) {
	wait := c.Wait
	if p.o.MaxWait > 0 && (wait == 0 || p.o.MaxWait < wait) {
		wait = p.o.MaxWait
	}
	asked := time.Now()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case a := <-p.awaited.answer:
			return p.use(c, a)
		case <-p.closed:
			return nil, errPollClosed
		case <-second.C:
		}
		if wait > 0 && time.Since(asked) >= wait {
			return nil, ErrAnswerTimeout
		}
		if c.Gone != nil && c.Gone() {
			return nil, ErrSenderGone
		}
	}
}

// use takes the reply. Its body may pause for as long as the sender is there.
func (p *Poll) use(c *Call, a pollReply) (*http1.Response, error) {
	if a.err != nil {
		return nil, a.err
	}
	if a.entity != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.ended {
			return nil, errPollClosed
		}
		p.entity = a.entity
		a.entity.Watch(time.Second, func() bool { return c.Gone == nil || !c.Gone() })
	}
	p.awaited.used.Store(true)
	return a.res, nil
}

// Uploading reports whether the sender's body was left half read.
func (p *Poll) Uploading() bool { return p.cut }

// Switched returns nil: a poll never switches protocols.
func (p *Poll) Switched() *http1.Conn { return nil }

// Done ends the exchange. The poll is spent then, unless Do has found that it
// had no means for the request.
func (p *Poll) Done() bool {
	p.mu.Lock()
	p.entity = nil
	fresh := !p.taken && !p.ended && !p.expired.Load()
	p.mu.Unlock()
	if p.awaited == nil {
		return fresh
	}
	p.o.Replies.end(p.o.ID, p.awaited)
	p.awaited.end()
	p.awaited = nil
	return false
}

// Check reports whether the agent still waits for the answer. That it has sent
// its next request already is no offence.
func (p *Poll) Check() http1.PeerState {
	if p.expired.Load() || p.o.Gone != nil && p.o.Gone() {
		return http1.PeerGone
	}
	return http1.PeerSilent
}

// Ping does nothing: a poll asks for none.
func (p *Poll) Ping(time.Duration) error { return nil }

// Used reports whether an exchange was carried: a poll never comes back from
// one.
func (p *Poll) Used() bool { return false }

// IdleSince tells when the poll came.
func (p *Poll) IdleSince() time.Time { return p.since }

// RemoteAddr is the agent's address.
func (p *Poll) RemoteAddr() string { return p.o.Addr }

// Close gives the poll up: Park returns, and an exchange under way breaks.
func (p *Poll) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	p.ended = true
	close(p.closed)
	if p.sending { // else the exchange is not Do's
		if c := p.x.Conn(); c != nil {
			c.Close()
		}
	}
	if p.entity != nil {
		p.awaited.cut.Store(true)
		p.entity.Abort()
	}
	return nil
}

// Wishes reads what an agent asks for by the fields that Homehook negotiates,
// in a request that is no upgrade.
func Wishes(r *http1.Request, dialect string) Offer { return readWishes(r, dialect) }
