package queue

import (
	"context"
	"errors"
	"fmt"

	"homehook/faults/point"
)

// Put stores the delivery with its body (nil for none) at the end of its claim's
// line. Once it returns nil the delivery is durable, and the body belongs to the
// queue: Close of the spool leaves it. A *FullError says why it is refused. On
// any error nothing is stored and both may be put again.
//
// Put waits for the disk. When ctx ends before the writer has taken the row up,
// Put withdraws it and returns the error of ctx.
//
// A Done of the same item may come at any time from another goroutine. If it
// comes before the row is written, nothing is written and Put returns nil.
func (q *Queue) Put(ctx context.Context, it *Item, body *Spool, l Limits) error {
	point.Reach("queue.put.begin")
	if it.ID == "" || it.Claim == "" {
		return errors.New("put delivery: it has no id or no claim")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	o := newOp(opPut, it)
	size, held, blob, sum, err := body.contents()
	if err != nil {
		return fmt.Errorf("put delivery %s: %w", it.ID, err)
	}
	o.body, o.blob = held, blob
	if done, err := q.enter(o, size, l); done || err != nil {
		return err
	}
	if it.sum = sum; o.blob != nil {
		if it.file, err = o.blob.Keep(); err != nil {
			return q.leave(o, fileError(err))
		}
		point.Reach("queue.put.blob")
	}
	o.crc = it.checksum(o.body)
	if done, err := q.submit(o); done || err != nil {
		return err
	}
	if it.Entered != nil {
		it.Entered()
	}
	if point.AckEarly {
		o.release()
		return nil
	}
	return q.await(ctx, o)
}

// enter makes a reservation for the item with a body of that size. done says
// that nothing is left to do.
func (q *Queue) enter(o *op, size int64, l Limits) (done bool, err error) {
	it := o.it
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return false, ErrClosed
	case it.state == over:
		q.stats.Cancelled++
		return true, nil
	case it.state != fresh || it.Seq != 0:
		return false, fmt.Errorf("put delivery %s: it was put before", it.ID)
	}
	it.Size = size
	full := q.fault
	if full == nil {
		full = q.disk.room(it.bytes())
	}
	if full == nil {
		full = q.reserveLocked(it.Claim, it.bytes(), l)
	}
	if full != nil {
		q.stats.Refused++
		return false, full
	}
	it.state, it.put = coming, o
	return false, nil
}

// leave gives the reservation back because of err.
func (q *Queue) leave(o *op, err error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if o.void { // done meanwhile
		return nil
	}
	q.withdrawLocked(o, fresh)
	q.refusedLocked(err)
	return err
}

// withdrawLocked takes a put back that the writer has not begun.
func (q *Queue) withdrawLocked(o *op, to state) {
	if o.it.state == waiting {
		q.puts--
	}
	o.void = true
	o.it.state, o.it.put = to, nil
	q.releaseLocked(o.it.Claim, o.it.bytes())
}

func (q *Queue) refusedLocked(err error) {
	var full *FullError
	if errors.As(err, &full) {
		q.stats.Refused++
	}
}

// submit hands the row to the writer.
func (q *Queue) submit(o *op) (done bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if o.void {
		return true, nil
	}
	if q.closed {
		q.withdrawLocked(o, fresh)
		return false, ErrClosed
	}
	if full := q.fault; full != nil {
		q.withdrawLocked(o, fresh)
		q.stats.Refused++
		return false, full
	}
	o.it.state, o.attempts = waiting, o.it.Attempts
	q.puts++
	q.ops = append(q.ops, o)
	q.signalLocked()
	return false, nil
}

// await waits until the row is written, or withdraws it while it still can.
func (q *Queue) await(ctx context.Context, o *op) error {
	select {
	case err := <-o.tell:
		return err
	case <-ctx.Done():
	}
	q.mu.Lock()
	if o.it.state == waiting && !o.void {
		q.withdrawLocked(o, fresh)
		q.mu.Unlock()
		return ctx.Err()
	}
	q.mu.Unlock()
	return <-o.tell // the writer is at it
}

// Done forgets the item, whose delivery is at its end. It returns once that is
// written, without fsync. After an error (ctx ended, the disk cannot be written)
// the queue remembers it all the same: List does not return the item any more,
// and it is written as soon as it can be, or not at all if Close comes first.
//
// Done may come before, during or after the item's Put, and more than once.
func (q *Queue) Done(ctx context.Context, it *Item) error {
	o, err := q.finish(it)
	if o == nil {
		return err
	}
	select {
	case err := <-o.tell:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// finish queues a done, unless nothing has to be written for it.
func (q *Queue) finish(it *Item) (*op, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	o := newOp(opDone, it)
	switch {
	case it.state == over:
		return nil, nil
	case it.state == coming || it.state == waiting:
		q.stats.Cancelled++
		put := it.put
		q.withdrawLocked(put, over)
		put.tell <- nil
		return nil, nil
	case it.state == fresh && it.Seq == 0:
		it.state = over // its Put, if one follows, finds that
		return nil, nil
	case q.closed:
		return nil, ErrClosed
	case it.Seq != 0:
		if _, twice := q.gone[it.Seq]; twice {
			return nil, nil
		}
		o.seq = it.Seq
		q.gone[o.seq] = struct{}{}
	}
	// Without a Seq the writer has it: this comes after it.
	it.state = over
	q.ops = append(q.ops, o)
	q.signalLocked()
	return o, nil
}

// Tried counts one more attempt to send the item home. It is written within
// seconds; a crash may take it back.
func (q *Queue) Tried(it *Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	it.Attempts++
	if it.Seq != 0 && it.state != over {
		q.tried[it.Seq] = it.Attempts
	}
}

// Discard forgets all items that the claim's line holds now, and returns how
// many there were. A Put under way is not among them unless it was written
// before.
func (q *Queue) Discard(ctx context.Context, claim string) (int, error) {
	o := newOp(opDiscard, nil)
	o.claim = claim
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return 0, ErrClosed
	}
	q.ops = append(q.ops, o)
	q.signalLocked()
	q.mu.Unlock()
	select {
	case err := <-o.tell:
		return o.count, err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
