package agent

import (
	"sync"
	"time"

	"homehook/http1"
)

const (
	// holdGrace is how long the agent gives the relay to answer a sender first
	// when the time to hold is over.
	holdGrace = time.Second

	// holdMargin is the part of that time in which the relay may have answered
	// already, as far as the agent knows.
	holdMargin = 250 * time.Millisecond
)

// live is a sender who may still wait for the answer to a delivery that is
// written down. The goroutine of the link waits while another one runs the
// handler; each may be the one that answers, which take and leave settle.
type live struct {
	x     *http1.Exchange // the link's
	came  time.Time       // when the delivery came
	hold  time.Duration   // when the relay answers by itself
	until time.Time       // before it the sender has no other answer
	gone  time.Time       // when the link's goroutine does not wait any more

	ended chan struct{} // closed when the handler's side has no more use for x
	later chan struct{} // closed when the turn comes too late for the sender

	mu    sync.Mutex // guards the rest
	state liveState
	left  time.Time // when the link went on
	once  sync.Once // closes later
}

type liveState int

const (
	liveOpen  liveState = iota
	liveTaken           // the handler's answer goes out
	liveLeft            // the link has gone on without it
)

// newLive makes the sender of an exchange that came just now, for whom the
// relay waits as long as hold.
func newLive(x *http1.Exchange, now time.Time, hold time.Duration) *live {
	return &live{
		x: x, came: now, hold: hold, until: now.Add(hold - min(holdMargin, hold/4)), gone: now.Add(hold + holdGrace),
		ended: make(chan struct{}), later: make(chan struct{}),
	}
}

// fresh reports whether the sender has no answer yet for sure.
func (l *live) fresh() bool { return l != nil && l.is(liveOpen) && time.Now().Before(l.until) }

func (l *live) is(s liveState) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state == s
}

// take makes the handler's side the one that answers.
func (l *live) take() bool { return l != nil && l.become(liveTaken) }

// become decides an open state, and reports whether it was.
func (l *live) become(s liveState) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != liveOpen {
		return false
	}
	if l.state = s; s == liveLeft {
		l.left = time.Now()
	}
	return true
}

// inTime reports whether an answer that went out at a time was for the sender:
// later the relay has answered by itself.
func (l *live) inTime(at time.Time) bool { return at.Sub(l.came) <= l.hold }

// waited is how long a sender has waited whose answer is not the handler's.
func (l *live) waited() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := l.left
	if left.IsZero() {
		left = time.Now()
	}
	return min(left.Sub(l.came), l.hold)
}

// end lets the link's goroutine go on, once the handler is through with it.
func (l *live) end() {
	if l != nil {
		close(l.ended)
	}
}

// postpone tells the link's goroutine that no handler runs for now.
func (l *live) postpone() {
	if l != nil {
		l.once.Do(func() { close(l.later) })
	}
}

// wait returns, on the link's goroutine, when the delivery has its answer or
// the sender has waited for long enough, and whether the handler's side has
// answered.
func (l *live) wait() (answered bool) {
	late := time.NewTimer(time.Until(l.gone))
	defer late.Stop()
	select {
	case <-l.ended:
	case <-l.later:
	case <-late.C:
	}
	if l.become(liveLeft) {
		return false
	}
	<-l.ended
	return true
}

// passing hands a handler's answer on to the sender, if it is to have it, and
// else to nobody: what the history keeps is taken elsewhere. A link that breaks
// does not disturb the handler.
type passing struct {
	live  *live
	id    string
	whose func(status int) bool // whether the sender is to have an answer of that status
	on    bool
	at    time.Time // when the sender's answer began
}

var _ http1.Sink = (*passing)(nil)

// Head passes the head of the final answer on.
func (p *passing) Head(res *http1.Response, length int64) error {
	if res.Status < 200 {
		return nil
	}
	if p.on = p.whose(res.Status) && p.live.take(); !p.on {
		return nil
	}
	p.at = time.Now()
	x := p.live.x
	x.Start(res.Status, res.Reason)
	x.CopyFields(&res.Head, http1.HopByHop|http1.KindsOf(http1.Homehook, http1.PTTH))
	x.Field(acceptedField, p.id)
	switch bare := x.Request.IsMethod("HEAD") || res.Status == 304; {
	case bare && res.ContentLength() >= 0:
		v, _ := res.GetKind(http1.ContentLength)
		x.FieldBytes("Content-Length", v)
		x.EndEmpty()
	case bare || res.Status == 204:
		x.EndEmpty()
	case length >= 0:
		x.EndLength(length)
	default:
		x.EndStream()
	}
	return nil
}

// Body passes a piece of the body on.
func (p *passing) Body(b []byte) error {
	if p.on {
		p.live.x.Write(b)
	}
	return nil
}

// Flush sends what is pending.
func (p *passing) Flush() error {
	if p.on {
		p.live.x.Flush()
	}
	return nil
}

// End ends the answer.
func (p *passing) End(trailer *http1.Head) error {
	if p.on {
		if trailer != nil {
			p.live.x.Trailer(trailer)
		}
		p.live.x.Finish()
	}
	return nil
}
