package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"homehook/relay/queue"
)

// openQueue opens the queue and begins to send on what is in it, until sending
// ends. The function that it returns closes the queue.
func (r *Relay) openQueue(ctx, sending context.Context) (shut func(), err error) {
	q, err := queue.Open(context.WithoutCancel(ctx), queue.Options{Dir: r.opts.Data, Reserve: r.opts.DiskReserve, Log: r.log})
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	r.sending = sending
	r.stored.Store(q)
	r.dir.stored.Store(q)
	for _, name := range q.Claims() {
		waiting, _, _ := q.Count(name)
		if r.dir.claim([]byte(name)) == nil {
			r.log.Warn("the queue has deliveries for a name that nobody holds", keyClaim, name, keyDeliveries, waiting)
		} else {
			r.log.Info("deliveries wait for home", keyClaim, name, keyDeliveries, waiting)
		}
	}
	r.sendOn()
	return func() {
		if err := q.Close(); err != nil {
			r.log.Error("close queue", keyError, err)
		}
	}, nil
}

// queue returns the open queue, which there is while the relay serves.
func (r *Relay) queue() *queue.Queue { return r.stored.Load() }

// sendOn sees that every claim with deliveries in the queue has somebody who
// sends them.
func (r *Relay) sendOn() {
	q := r.queue()
	if q == nil {
		return // it does not serve
	}
	for _, name := range q.Claims() {
		if c := r.dir.claim([]byte(name)); c != nil {
			c.line.kick(r)
		}
	}
}

// queued returns how many deliveries of a claim are in the queue, and how many
// bytes they are.
func (d *directory) queued(name string) (items int, bytes int64) {
	if q := d.stored.Load(); q != nil {
		items, bytes, _ = q.Count(name)
	}
	return items, bytes
}

// clear takes what a claim has in the queue out of it, if that is wanted; else
// the error is a [*refusal] when there is something. It needs the claim's
// keeping, for writing.
func (d *directory) clear(ctx context.Context, name string, discard bool) error {
	waiting, _ := d.queued(name)
	switch {
	case waiting == 0:
		return nil
	case !discard:
		what := "1 delivery of this claim waits for home and would be lost; let home take it"
		if waiting > 1 {
			what = fmt.Sprintf("%d deliveries of this claim wait for home and would be lost; let home take them", waiting)
		}
		return refuse(409, what+" first, or add ?discard=true to lose what waits")
	}
	n, err := d.stored.Load().Discard(ctx, name)
	if err != nil {
		return fmt.Errorf("discard queue: %w", err)
	}
	d.log.Warn("deliveries discarded with their claim", keyClaim, name, keyDeliveries, n)
	return nil
}

// clearStrangers sets aside what is in the queue for a name that was free, unless
// it came to a claim of the same token: whoever has a name next must not get what
// was meant for another. What is set aside stays in the table lost.
func (d *directory) clearStrangers(ctx context.Context, rec *claimRecord) error {
	if waiting, _ := d.queued(rec.Name); waiting == 0 {
		return nil
	}
	for seq := int64(0); ; {
		items, err := d.stored.Load().List(ctx, rec.Name, seq, 0, 0)
		if err != nil {
			return fmt.Errorf("list queue: %w", err)
		}
		if len(items) == 0 {
			return nil
		}
		seq = items[len(items)-1].Seq
		strangers := slices.DeleteFunc(items, func(it *queue.Item) bool { return isFor(it, rec.Token) })
		if err := d.stored.Load().Lose(ctx, errStranger, strangers...); err != nil {
			return fmt.Errorf("set deliveries for another holder aside: %w", err)
		}
	}
}

// errStranger is why a delivery is not sent to who holds its name now.
var errStranger = errors.New("it came while another token held the name")

// isFor reports whether a delivery came to a claim of the token of that name.
func isFor(it *queue.Item, token string) bool {
	var o originJSON
	return json.Unmarshal(it.Origin, &o) == nil && o.Token == token
}

// estrange sets a delivery aside that is not for the holder of its name. The one
// who looks before the holder gets the name, [directory.clearStrangers], may not
// have come to it: the relay may have ended meanwhile, or another process has
// given the name away.
func (r *Relay) estrange(it *queue.Item) error {
	if err := r.queue().Lose(context.Background(), errStranger, it); err != nil {
		r.log.Warn("delivery for another holder not set aside yet", keyClaim, it.Claim, keyDelivery, it.ID, keyError, err)
	}
	return fmt.Errorf("%w: %w", queue.ErrLost, errStranger)
}
