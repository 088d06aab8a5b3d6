package relay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"homehook/relay/queue"
)

// noneBefore stands for the id of the delivery before the first one in line.
const noneBefore = "none"

// pass sends the line from its oldest to its end. It returns nil when there is
// nothing to be sent at the moment, a [*refusal] when there is no link, and else
// what failed; some may still be on their way.
func (n *line) pass(ctx context.Context, r *Relay) error {
	n.comeForward()
	seq, before := int64(0), noneBefore
	for ctx.Err() == nil {
		out := n.underWay()
		items, err := r.queue().List(ctx, n.claim.name, seq, windowItems, windowBytes)
		if err != nil {
			return fmt.Errorf("list queue: %w", err)
		}
		for _, it := range items {
			if out[it.ID] && !n.isUnderWay(it.ID) {
				break // back since, and perhaps at its end: the list is out of date
			}
			seq = it.Seq
			if n.isAside(it.ID) {
				continue
			}
			if !n.isUnderWay(it.ID) {
				d, err := n.unpack(r, it)
				if errors.As(err, new(*asideError)) {
					n.setAside(r, it, err)
					continue
				}
				if err != nil {
					return err
				}
				d.before, d.line, d.ending = before, n, ctx
				if err := n.sendOne(ctx, r, d); err != nil {
					d.body.Close()
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

// underWay returns the ids of what is on its way home, as isUnderWay has it.
func (n *line) underWay() map[string]bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := maps.Clone(n.out)
	if out == nil {
		out = map[string]bool{}
	}
	maps.Copy(out, n.late)
	return out
}

// isUnderWay reports whether a delivery is on its way home, sent by the line or by
// a courier.
func (n *line) isUnderWay(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.late[id] || n.out[id]
}

// sendOne sends one delivery as soon as there are a link and room in the window.
// To agents of ours it returns once that is on its way, to others when it has
// ended. An error says that it has not left, or that it has failed.
func (n *line) sendOne(ctx context.Context, r *Relay, d *ride) error {
	for {
		if err := n.room(ctx, d.item.Size); err != nil {
			return err
		}
		l, err := n.takeLink()
		if err != nil {
			return err
		}
		d.link = l
		if l.traits.Ours && !n.spare(d) {
			n.claim.putUnused(l)
			if err := n.oneBack(ctx); err != nil {
				return err
			}
			continue
		}
		switch {
		case !n.leave(r, d):
			n.claim.putUnused(l)
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

// spare reports whether a delivery may have the link that was taken for it: it is
// the oldest of those on their way, or another link like it is left. Home may hold
// deliveries back until it has the one before them: were they on every link, that
// one could not be sent again when its own has broken.
func (n *line) spare(d *ride) bool {
	n.mu.Lock()
	oldest := true
	for seq := range n.flying {
		oldest = oldest && d.item.Seq < seq
	}
	n.mu.Unlock()
	return oldest || n.claim.another(d.link)
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

// leave takes note that a delivery is on its way. It reports false when it has to
// wait: something has failed, or its link is of an agent that gets one at a time.
func (n *line) leave(r *Relay, d *ride) bool {
	waiting, _, _ := r.queue().Count(n.claim.name)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failed != nil || !d.link.traits.Ours && n.flight+len(n.late) > 0 {
		return false
	}
	if n.out == nil {
		n.out = map[string]bool{}
	}
	n.out[d.item.ID] = true
	if n.flying == nil {
		n.flying = map[int64]bool{}
	}
	n.flying[d.item.Seq] = true
	n.flight++
	n.bytes += d.item.Size
	d.load = n.bytes
	d.behind = max(0, waiting-n.flight-len(n.late))
	d.more = min(d.behind, windowItems-n.flight)
	return true
}

// carry sees one delivery to its end.
func (n *line) carry(r *Relay, d *ride) {
	pause, said, err := n.deliver(r, d)
	d.body.Close()
	aside := errors.As(err, new(*asideError))
	if aside {
		n.setAside(r, d.item, err)
	}
	n.mu.Lock()
	n.flight--
	delete(n.flying, d.item.Seq)
	n.bytes -= d.item.Size
	delete(n.out, d.item.ID)
	switch {
	case err == nil:
		n.taken++
	case !aside:
		n.failLocked(fmt.Errorf("delivery %s: %w", d.item.ID, err), pause, said)
	}
	n.mu.Unlock()
	n.nudge()
}

// setAside leaves a delivery out for a while, so that those behind it get
// through.
func (n *line) setAside(r *Relay, it *queue.Item, err error) {
	if errors.Is(err, queue.ErrLost) {
		n.nudge()
		return // it is not in the queue any more, which has logged why
	}
	r.log.Error("delivery cannot be sent", keyClaim, n.claim.name, keyDelivery, it.ID, keyError, err)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.aside == nil {
		n.aside = map[string]time.Time{}
	}
	n.aside[it.ID] = time.Now().Add(mostPause)
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
