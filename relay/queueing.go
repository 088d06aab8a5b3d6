package relay

import (
	"context"
	"encoding/json"
	"fmt"

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
		return refuse(409, fmt.Sprintf("%d deliveries of this claim wait for home and would be lost; "+
			"let home take them first, or add ?discard=true to lose them", waiting))
	}
	n, err := d.stored.Load().Discard(ctx, name)
	if err != nil {
		return fmt.Errorf("discard queue: %w", err)
	}
	d.log.Warn("deliveries discarded with their claim", keyClaim, name, keyDeliveries, n)
	return nil
}

// clearStrangers takes out of the queue what is there for a name that was free,
// unless it came to a claim of the same token: whoever has a name next must not
// get what was meant for another.
func (d *directory) clearStrangers(ctx context.Context, rec *claimRecord) error {
	if waiting, _ := d.queued(rec.Name); waiting == 0 {
		return nil
	}
	items, err := d.stored.Load().List(ctx, rec.Name, 0, 1, 1)
	if err != nil {
		return fmt.Errorf("list queue: %w", err)
	}
	var o originJSON
	if len(items) > 0 && json.Unmarshal(items[0].Origin, &o) == nil && o.Token == rec.Token {
		return nil
	}
	return d.clear(ctx, rec.Name, true)
}
