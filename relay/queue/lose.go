package queue

import (
	"context"
	"errors"
)

// ErrLost is the error of an item that was set aside: it is not in the line any
// more, and what is left of it is in the table lost.
var ErrLost = errors.New("the delivery is set aside")

// Lose sets items aside that are in the queue and must not be sent, for the reason
// that why states. List does not return them any more, and their bodies stay. It
// returns once that is written; after an error (ctx ended, the disk cannot be
// written) it is written as soon as it can be.
func (q *Queue) Lose(ctx context.Context, why error, items ...*Item) error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return ErrClosed
	}
	var ops []*op
	for _, it := range items {
		if o := q.loseLocked(it, why); o != nil {
			ops = append(ops, o)
		}
	}
	q.mu.Unlock()
	var errs []error
	for _, o := range ops {
		select {
		case err := <-o.tell:
			errs = append(errs, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.Join(errs...)
}

// lose has the writer set an item aside that cannot be sent. Nobody waits for it.
func (q *Queue) lose(it *Item, why error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.loseLocked(it, why)
}

// loseLocked returns nil where nothing is left to do.
func (q *Queue) loseLocked(it *Item, why error) *op {
	if _, gone := q.gone[it.Seq]; gone || q.closed || it.state != kept {
		return nil
	}
	q.opts.Log.Error("a queued delivery cannot be delivered; what is left of it is in the table lost",
		"delivery", it.ID, "claim", it.Claim, "err", why)
	o := newOp(opDone, it)
	o.seq, o.lost = it.Seq, why.Error()
	q.gone[o.seq] = struct{}{}
	q.ops = append(q.ops, o)
	q.signalLocked()
	return o
}
