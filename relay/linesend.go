package relay

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"homehook/faults/point"
	"homehook/http1"
	"homehook/relay/queue"
)

// noneBefore stands for the id of the delivery before the first one in line.
const noneBefore = "none"

// ride is one delivery of the queue on its way home.
type ride struct {
	item   *queue.Item
	link   *link
	before string // the id of the one before it in line, or "none"
	behind int    // how many of the queue have not left yet
	more   int    // how many of those would go at once if there were links
}

// asideError says that a delivery cannot be sent as things are, however often it
// is tried.
type asideError struct{ err error }

func (e *asideError) Error() string { return e.err.Error() }

func (e *asideError) Unwrap() error { return e.err }

// pass sends the line from its oldest to its end. It returns nil when there is
// nothing to be sent at the moment, a [*refusal] when there is no link, and else
// what failed; some may still be on their way.
func (n *line) pass(ctx context.Context, r *Relay) error {
	seq, before := int64(0), noneBefore
	for ctx.Err() == nil {
		items, err := r.queue().List(ctx, n.claim.name, seq, windowItems, windowBytes)
		if err != nil {
			return fmt.Errorf("list queue: %w", err)
		}
		for _, it := range items {
			seq = it.Seq
			if n.isAside(it.ID) {
				continue
			}
			if !n.isLate(it.ID) {
				if err := n.sendOne(ctx, r, it, before); err != nil {
					return err
				}
			}
			before = it.ID
		}
		if len(items) == 0 && !n.grows(ctx, r) {
			return nil
		}
	}
	return nil
}

func (n *line) isLate(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.late[id]
}

// sendOne sends one delivery as soon as there are a link and room in the window.
// To agents of ours it returns once that is on its way, to others when it has
// ended.
func (n *line) sendOne(ctx context.Context, r *Relay, it *queue.Item, before string) error {
	for {
		if err := n.room(ctx, it.Size); err != nil {
			return err
		}
		l, err := n.takeLink()
		if err != nil {
			return err
		}
		d := &ride{item: it, link: l, before: before}
		switch {
		case !n.leave(r, d):
			n.putBack(l)
			if err := n.still(ctx); err != nil {
				return err
			}
		case l.traits.Ours:
			r.lines.Go(func() { n.carry(r, d) })
			return nil
		default:
			n.carry(r, d)
			return n.still(ctx)
		}
	}
}

// takeLink returns one of the links that stay with the line, or else one of the
// claim's.
func (n *line) takeLink() (*link, error) {
	for {
		l, flight, stay := n.keptLink()
		if l != nil {
			if n.claim.resume(l) && l.sound() {
				return l, nil
			}
			n.claim.drop(l)
			continue
		}
		n.wait.reset()
		if stay {
			n.wait.until = time.Now().Add(briefPause) // one of those may come back sooner
		}
		l, err := n.claim.take(&n.wait)
		if err != nil && stay && flight > 0 && !n.claim.isEnded() {
			continue
		}
		return l, err
	}
}

// keptLink takes one of the links that stay with the line, and tells how many
// deliveries are on their way, and whether their links will come back.
func (n *line) keptLink() (l *link, flight int, stay bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := len(n.kept) - 1; last >= 0 {
		l, n.kept = n.kept[last], n.kept[:last]
	}
	return l, n.flight, n.stay
}

// putBack returns a link that was not used.
func (n *line) putBack(l *link) {
	if l.traits.Stays {
		n.claim.drop(l)
		return
	}
	n.claim.put(l)
}

// leave takes note that a delivery is on its way. It reports false when it has to
// wait: something has failed, or its link is of an agent that gets one at a time.
func (n *line) leave(r *Relay, d *ride) bool {
	waiting, _, _ := r.queue().Count(n.claim.name)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failed != nil || !d.link.traits.Ours && n.flight+len(n.late) > 0 {
		return false
	}
	n.flight++
	n.bytes += d.item.Size
	d.behind = max(0, waiting-n.flight-len(n.late))
	d.more = min(d.behind, windowItems-n.flight)
	return true
}

// carry sees one delivery to its end.
func (n *line) carry(r *Relay, d *ride) {
	pause, err := n.deliver(r, d)
	aside := errors.As(err, new(*asideError))
	if aside {
		r.log.Error("delivery cannot be sent", keyClaim, n.claim.name, keyDelivery, d.item.ID, keyError, err)
	}
	n.mu.Lock()
	n.flight--
	n.bytes -= d.item.Size
	switch {
	case aside:
		n.stepAsideLocked(d.item.ID)
	case err != nil:
		n.failLocked(fmt.Errorf("delivery %s: %w", d.item.ID, err), pause)
	default:
		n.taken++
	}
	n.mu.Unlock()
	n.nudge()
}

// deliver sends one delivery, and forgets it when home has it. The pause is what
// home asked for.
func (n *line) deliver(r *Relay, d *ride) (pause time.Duration, err error) {
	body, err := r.queue().Body(d.item)
	if err != nil {
		n.putBack(d.link)
		return 0, &asideError{fmt.Errorf("read body: %w", err)}
	}
	defer body.Close()
	p, err := r.parcelOf(n.claim, d.item, body)
	if err != nil {
		n.putBack(d.link)
		return 0, &asideError{err}
	}
	res, wrote, err := p.ride(d)
	if wrote {
		r.queue().Tried(d.item)
	}
	if ref, ok := errors.AsType[*refusal](err); ok && ref.status == 501 {
		return 0, &asideError{err}
	}
	if err != nil {
		return 0, err
	}
	point.Reach("relay.sent")
	ended, pause, status := p.ends(res), askedPause(res), res.Status
	res.Body.Drain(lateBody)
	p.returnLink()
	n.keep(p)
	if !ended {
		return pause, fmt.Errorf("home answered %d and did not say that it keeps it", status)
	}
	body.Close() // some systems remove no file that is open
	point.Reach("relay.accepted")
	return 0, r.forget(d.item)
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
	p.call.Gone = func() bool { return !answered.IsZero() && time.Since(answered) > lateTime }
	res, err = p.carry()
	answered = time.Now()
	return res, wrote, err
}

// keep holds on to a link that stays with who used it first.
func (n *line) keep(p *parcel) {
	if p.kept == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kept, n.stay = append(n.kept, p.kept), true
	p.kept = nil
}

// forget takes a delivery out of the queue, which home has.
func (r *Relay) forget(it *queue.Item) error {
	if err := r.queue().Done(context.Background(), it); err != nil {
		return fmt.Errorf("take delivery out of queue: %w", err)
	}
	return nil
}
