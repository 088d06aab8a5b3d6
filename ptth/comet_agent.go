package ptth

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"homehook/http1"
)

const (
	cometType = "application/json"

	// maxEvent is the longest answer to a poll in bytes, base64 included.
	maxEvent = 32 << 20

	// eventTimeout bounds the time in which an answer comes whole.
	eventTimeout = 2 * time.Minute

	// heldAfter is how long an answer may be missing before the poll counts
	// as held, and so as taken: refusals come at once.
	heldAfter = 2 * time.Second

	// oursSilence is how long a relay of ours may be silent: it holds polls
	// for 25 s.
	oursSilence = 45 * time.Second
)

// pollLimits are for the answers to polls: a request that is being uploaded to
// the relay may pause.
var pollLimits = http1.Limits{HeadTimeout: 10 * time.Second, BodyRate: -1, BodyWindow: 2 * time.Minute}

// event is a request that came as the answer to a poll. One with err cannot be
// carried out, but answered.
type event struct {
	id      string
	request *http1.Request
	err     error
	free    func() // gives its memory back, once
}

// cometLink repeats polls on one connection. The answer to a poll may hold a
// request; the reply to it goes out with the next poll.
type cometLink struct {
	d     *Dialer
	ask   question
	about atomic.Pointer[About]
	line  line
	place string // where the relay takes polls
	event *event // to be carried out
	asked bool   // a poll is out, its answer not read
}

var _ AgentLink = (*cometLink)(nil)

// dialComet polls once. When the relay holds the poll, it has taken it.
func (d *Dialer) dialComet(ctx context.Context, name string) (AgentLink, error) {
	place := d.choice.pollPlace()
	q := question{method: "POST", target: d.endpoint(place, name), token: d.Token, fields: d.wishes, patient: heldAfter}
	a, err := d.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	if a.res != nil {
		return d.otherwise(ctx, a, DialectComet, place)
	}
	l := newCometLink(d, a, place)
	l.asked = true
	return l, nil
}

func newCometLink(d *Dialer, a *answered, place string) *cometLink {
	a.conn.SetLimits(pollLimits)
	l := &cometLink{d: d, line: line{conn: a.conn}, place: place}
	l.ask = question{method: "POST", target: a.target, token: a.token, fields: d.wishes}
	l.about.Store(&About{Dialect: DialectComet, RoundTrip: a.reach}) // an answer may have been held
	return l
}

// About tells what is known of the link.
func (l *cometLink) About() About { return *l.about.Load() }

// Leave gives the link up when the relay next has no request for it.
func (l *cometLink) Leave() { l.line.leave.Store(true) }

// Close closes the link at once.
func (l *cometLink) Close() error { return l.line.close() }

// Serve polls and calls handle for each request that comes. It returns nil
// when the relay ended the link or fell silent, or ctx ended, and a
// [*RefusedError] when the relay takes no more polls.
func (l *cometLink) Serve(ctx context.Context, handle func(context.Context, *http1.Exchange)) error {
	defer l.Close()
	defer context.AfterFunc(ctx, l.line.end)()
	defer func() {
		if l.event != nil {
			l.event.free()
		}
	}()
	for {
		var reply []byte
		if e := l.event; e != nil {
			l.event = nil
			if e.err == nil {
				l.line.quick = 0
			} else {
				l.line.pace(ctx) // what makes no sense is no reason to hurry
			}
			reply = e.carryOut(ctx, handle)
			e.free()
		} else if !l.asked && (l.line.ended() || l.line.leave.Load()) {
			return nil
		}
		if err := l.turn(ctx, reply); err != nil {
			return ordinary(err)
		}
	}
}

// turn is one poll and its answer. A reply is worth a second try, on another
// connection: the relay ignores one that it has had already.
func (l *cometLink) turn(ctx context.Context, reply []byte) error {
	res, err := l.poll(ctx, reply)
	if reply != nil && isLost(err) {
		if err = l.line.reopen(ctx, l.d, &l.ask); err != nil {
			return err
		}
		res, err = l.poll(ctx, reply)
	}
	if err != nil {
		return err
	}
	return l.take(ctx, res)
}

// poll sends a poll, unless one is out already, and waits for its answer. When
// ctx has ended, only a reply is worth to be sent.
func (l *cometLink) poll(ctx context.Context, reply []byte) (*http1.Response, error) {
	if !l.asked {
		if reply == nil {
			l.line.pace(ctx)
		}
		if l.line.stale() {
			if err := l.line.reopen(ctx, l.d, &l.ask); err != nil {
				return nil, err
			}
		}
		if err := l.send(reply); err != nil {
			return nil, err
		}
		if l.line.ended() {
			l.line.part()
			return nil, errOver
		}
	}
	l.asked = false
	silence := pollSilence
	if l.about.Load().Negotiated {
		silence = oursSilence
	}
	return l.line.await("POST", silence)
}

func (l *cometLink) send(reply []byte) error {
	l.line.conn.SetLimits(pollLimits)
	w := l.line.conn.Writer()
	l.d.startRequest(w, "POST", l.ask.target, l.ask.token)
	l.d.wishes(w)
	if reply != nil {
		w.Field("Content-Type", cometType)
	}
	w.EndLength(int64(len(reply)))
	w.Write(reply)
	return w.Finish()
}

// take reads the answer to a poll.
func (l *cometLink) take(ctx context.Context, res *http1.Response) error {
	switch {
	case res.Status == 204:
		return nil
	case res.Status != 200 || !hasType(res, cometType) && res.Body.Length() != 0:
		return refused(res, DialectComet)
	}
	l.learn(res)
	ctx, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	return guard(ctx, l.line.conn, func() (err error) {
		l.event, err = l.d.readEvent(ctx, res)
		return err
	})
}

// learn notes what a relay of ours says of itself.
func (l *cometLink) learn(res *http1.Response) {
	about := *l.about.Load()
	if about.granted(&res.Head); about.Negotiated {
		about.Ping = 0 // polls need none
		l.about.Store(&about)
	}
}

func (l *cometLink) setNote(note string) {
	about := *l.about.Load()
	about.Note = note
	l.about.Store(&about)
}

// readEvent reads an answer that is an event, nil for none. The error says that
// it is not one.
func (d *Dialer) readEvent(ctx context.Context, res *http1.Response) (*event, error) {
	res.Body.SetLimit(maxEvent)
	if res.Body.TooLarge() {
		return nil, http1.ErrBodyTooLarge
	}
	n := res.Body.Length()
	if n < 0 {
		n = maxEvent
	}
	if n <= shortEvent {
		return decodedEvent(res, func() {})
	}
	if err := d.room.take(ctx, objectTimes*n); err != nil {
		return nil, err
	}
	e, err := decodedEvent(res, sync.OnceFunc(func() { d.room.give(n) }))
	d.room.give(objectTimes*n - n) // the handler needs the body
	if e == nil {
		d.room.give(n)
	}
	return e, err
}

func decodedEvent(res *http1.Response, free func()) (*event, error) {
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	id, r, err := decodeEvent(b)
	if id == "" {
		return nil, err
	}
	return &event{id: id, request: r, err: err, free: free}, nil
}

// isLost reports whether a poll may not have reached the relay, or its answer
// have been lost on the way.
func isLost(err error) bool {
	var bad *http1.Error
	return err != nil && !errors.Is(err, errOver) && !errors.Is(err, errManyHints) &&
		!errors.Is(err, http1.ErrIdleTimeout) && !errors.As(err, &bad)
}
