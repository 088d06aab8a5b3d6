package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"homehook/faults/point"
	"homehook/http1"
	"homehook/ptth"
	"homehook/relay/queue"
)

// ride is one delivery of the queue on its way home.
type ride struct {
	item   *queue.Item
	parcel *parcel
	body   io.ReadCloser
	link   *link
	line   *line
	ending context.Context // ends when the relay is to
	before string          // the id of the one before it in line, or "none"
	behind int             // how many of the queue have not left yet
	more   int             // how many of those would go at once if there were links
	load   int64           // bytes of bodies that were on their way when it left, its own included
	watch  watch
}

// asideError says that a delivery cannot be sent as things are, however often it
// is tried.
type asideError struct{ err error }

func (e *asideError) Error() string { return e.err.Error() }

func (e *asideError) Unwrap() error { return e.err }

// unpack prepares a delivery of the queue. The error is an [*asideError] when it
// can never be sent.
func (n *line) unpack(r *Relay, it *queue.Item) (*ride, error) {
	if !isFor(it, n.claim.record().Token) {
		return nil, &asideError{r.estrange(it)}
	}
	body, err := r.queue().Body(it)
	if err != nil {
		if errors.Is(err, queue.ErrLost) {
			err = &asideError{err}
		}
		return nil, err
	}
	p, err := r.parcelOf(n.claim, it, body)
	if err != nil {
		body.Close()
		return nil, &asideError{err}
	}
	return &ride{item: it, parcel: p, body: body}, nil
}

// deliver sends one delivery, and forgets it when home has it. The pause is what
// home asked for; said tells that it has answered.
func (n *line) deliver(r *Relay, d *ride) (pause time.Duration, said bool, err error) {
	p := d.parcel
	res, wrote, err := p.ride(d)
	if wrote {
		r.queue().Tried(d.item)
	}
	switch {
	case isUncarried(err), errors.Is(err, queue.ErrLost):
		return 0, false, &asideError{err}
	case errors.Is(err, ptth.ErrSenderGone): // nobody waits for it but the relay
		return 0, false, errNoWord
	case err != nil:
		return 0, false, err
	}
	point.Reach("relay.sent")
	ended, pause, status := p.ends(res), askedPause(res), res.Status
	res.Body.Drain(lateBody)
	p.returnLink()
	n.keep(p)
	if !ended {
		return pause, true, fmt.Errorf("home answered %d and did not say that it keeps it", status)
	}
	d.body.Close() // some systems remove no file that is open
	point.Reach("relay.accepted")
	return 0, true, r.forget(d.item)
}

// isUncarried reports whether an error says that no link there is can carry the
// request.
func isUncarried(err error) bool {
	ref, ok := errors.AsType[*refusal](err)
	return ok && ref.status == 501 || isTooLong(err)
}

// isTooLong reports whether the link's dialect takes no body of that length.
func isTooLong(err error) bool {
	broken, ok := errors.AsType[*http1.CopyError](err)
	return ok && broken.Reading && errors.Is(broken.Err, http1.ErrBodyTooLarge)
}

// ride is carry for what leaves the queue. It also tells whether the request was
// written to a link.
func (p *parcel) ride(d *ride) (res *http1.Response, wrote bool, err error) {
	defer func() {
		if e := recover(); e != nil {
			p.relay.log.Error("delivery panicked", keyError, e, "stack", string(debug.Stack()))
			if p.link != nil {
				p.link.Done()
				p.loseLink()
			}
			res, err = nil, errBadReply
		}
	}()
	p.given, p.own = d.link, true
	p.after, p.behind, p.more = []byte(d.before), d.behind, d.more
	var answered time.Time
	p.call.Head = func(w *http1.Writer) {
		wrote = true
		p.writeHead(w)
	}
	p.call.Gone = func() bool {
		if answered.IsZero() {
			return d.lost()
		}
		return time.Since(answered) > lateTime
	}
	res, err = p.carry()
	answered = time.Now()
	return res, wrote, err
}

// forget takes a delivery out of the queue, which home has.
func (r *Relay) forget(it *queue.Item) error {
	if err := r.queue().Done(context.Background(), it); err != nil {
		return fmt.Errorf("take delivery out of queue: %w", err)
	}
	return nil
}
