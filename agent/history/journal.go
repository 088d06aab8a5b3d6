package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Journal is one open history file. Its methods are safe for concurrent use.
type Journal struct {
	opts   Options
	w      *writer
	reader *sql.DB
	index  *sql.DB              // reads the index of searches
	seal   atomic.Pointer[seal] // nil for no key
	redact atomic.Pointer[redactor]

	closing sync.Once
	closed  error
}

var _ io.Closer = (*Journal)(nil)

// Begin stores a delivery that has come in, in state Received if it names none.
//
// Begin returns when the delivery is committed, which kill -9 cannot undo. With
// durable the commit is fsync'd too, so that a power cut cannot either; only then
// may the delivery's acceptance be told to the relay. An error means that it is
// not stored: ErrExists for an id that the journal holds already, ErrClosed, or
// why the file takes no writes. While that lasts every Begin fails at once.
//
// The record's bytes may be used again as soon as Begin returns. Begin does not
// store r.Log, that is for Finish. Of a durable delivery r.Body has to be the
// whole body: until the delivery ends it is kept apart, as is all that Redact
// takes out of the record.
func (j *Journal) Begin(r *Record, durable bool) error {
	if r.ID == "" {
		return errors.New("begin delivery: it has no id")
	}
	kept := j.redacted(r, false)
	it := newItem(opBegin)
	if durable {
		o, err := j.original(r, kept != r, len(kept.Body) > j.opts.Body)
		if err != nil {
			it.recycle()
			return fmt.Errorf("begin delivery: %w", err)
		}
		it.original = o
	}
	o := it.original
	it.copy(kept, j.opts.Body)
	j.normalize(&it.rec, Received)
	it.durable = durable
	err := j.put(it)
	o.release(err)
	return err
}

// Start notes that an attempt to handle the delivery begins, and stores it as it
// is: the delivery is Running from now on, by the route that a names, and what
// was wrong with the attempt before is no Reason any more. It returns how often
// attempts have begun, this one included, when that is committed, with durable
// fsync'd too. Errors are ErrNotFound, ErrEnded, ErrClosed, and why the file takes
// no writes.
func (j *Journal) Start(id string, a Attempt, durable bool) (starts int, err error) {
	it := newItem(opStart)
	it.rec.ID, it.rec.Attempts, it.durable = id, a.Number, durable
	it.rec.Log = append(it.rec.Log[:0], a)
	if err := j.put(it, &starts); err != nil {
		return 0, fmt.Errorf("start delivery: %w", err)
	}
	return starts, nil
}

// Finish stores the outcome of a delivery, or of an attempt: state, route,
// status, duration and the attempts in r.Log; attempts stored before stay, one
// of the same number is replaced. It may be called again, for instance after
// each retry: with state Waiting, Due says when the next one is. Of the rest,
// Finish takes Size, BodySHA256, SenderID, DuplicateOf, ReplayOf, Reason, Checked
// and Trace where r names them, and Head and Body where Begin had none. A delivery that
// no Begin announced, or whose Begin failed, is stored whole, in state Succeeded
// if it names none.
//
// Finish never waits for the disk; it blocks only while the queue is full, and a
// failure to write shows in Err and Lost. The record is copied. A Finish that is
// lost to a crash leaves a durable delivery unfinished, to be run again.
func (j *Journal) Finish(r *Record) error {
	if r.ID == "" {
		return errors.New("finish delivery: it has no id")
	}
	it := newItem(opFinish)
	it.copy(j.redacted(r, true), j.opts.Body)
	j.normalize(&it.rec, Succeeded)
	return j.put(it)
}

func (j *Journal) normalize(r *Record, state string) {
	if r.State == "" {
		r.State = state
	}
	if r.Received.IsZero() {
		r.Received = j.opts.Now()
	}
	// As it would come back from the file.
	if !r.Due.IsZero() {
		r.Due = r.Due.Truncate(time.Microsecond).UTC()
	}
}

// put queues the item and waits for its outcome if there is one; that of a
// Start goes to starts.
func (j *Journal) put(it *item, starts ...*int) error {
	waited := it.waited()
	if err := j.w.q.put(it); err != nil {
		it.recycle()
		return err
	}
	if !waited {
		return nil // the item is the writer's now
	}
	err := <-it.done
	for _, to := range starts {
		*to = it.starts
	}
	it.recycle()
	return err
}

// Flush returns when everything that was queued before is committed. It does
// not fsync.
func (j *Journal) Flush(ctx context.Context) error {
	if settled, err := j.w.q.settled(); settled || err != nil {
		return err
	}
	it := newItem(opFlush)
	if err := j.w.q.put(it); err != nil {
		it.recycle()
		return err
	}
	select {
	case err := <-it.done:
		it.recycle()
		return err
	case <-ctx.Done():
		return ctx.Err() // the item is left to the garbage collector
	}
}

// Prune deletes at once what Keep and MaxSize no longer allow, and returns when
// it is done. The journal does the same by itself every PruneEvery.
func (j *Journal) Prune(ctx context.Context) error {
	// A full disk keeps records in the queue until pruning has made room.
	if err := j.settle(ctx); err != nil {
		return err
	}
	return j.ask(ctx, j.w.prunes)
}

// Index brings the index of searches up to date at once, and returns when it
// is. The journal does the same by itself while it is idle; until then, what is
// not indexed is read instead.
func (j *Journal) Index(ctx context.Context) error {
	if err := j.settle(ctx); err != nil {
		return err
	}
	return j.ask(ctx, j.w.indexes)
}

// ask has the writer do something and waits for its answer.
func (j *Journal) ask(ctx context.Context, questions chan chan error) error {
	reply := make(chan error, 1)
	select {
	case questions <- reply:
	case <-j.w.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// bounds are what Keep and MaxSize are to be from now on.
type bounds struct {
	keep time.Duration
	size int64
}

// SetRetention replaces Options.Keep and Options.MaxSize, with the same
// meaning, and has the history pruned to them soon.
func (j *Journal) SetRetention(keep time.Duration, size int64) {
	var o Options
	o.Keep, o.MaxSize = keep, size
	o = o.withDefaults()
	select {
	case j.w.bounds <- bounds{o.Keep, o.MaxSize}:
	case <-j.w.done:
	}
}

// SetRedact replaces Options.Redact, for deliveries that come from now on. It needs
// a key, that of Options.Seal or of SetSeal.
func (j *Journal) SetRedact(rules []string) error {
	r, err := newRedactor(rules)
	if err != nil {
		return err
	}
	if r != nil && j.seal.Load() == nil {
		return errRedactNeedsKey
	}
	j.redact.Store(r)
	return nil
}

// SetSeal gives a journal that was opened without Options.Seal its key. One that
// has a key keeps it.
func (j *Journal) SetSeal(key []byte) error {
	s, err := newSeal(key)
	if err == nil {
		j.seal.CompareAndSwap(nil, s)
	}
	return err
}

// Err is why the last commit failed, or nil when it did not. The journal tries
// again every second while it holds records, and with every new one.
func (j *Journal) Err() error {
	j.w.outage.mu.Lock()
	defer j.w.outage.mu.Unlock()
	return j.w.outage.public
}

// Lost is how many records could not be written since Open and were given up.
func (j *Journal) Lost() int64 {
	j.w.outage.mu.Lock()
	defer j.w.outage.mu.Unlock()
	return j.w.outage.lost
}

// Close writes what is queued, waits for it and closes the file. Begin and
// Finish return ErrClosed from then on. Further calls return the same error.
func (j *Journal) Close() error {
	j.closing.Do(func() {
		j.w.q.close()
		// Readers go first: the last connection to close tidies the WAL away, and
		// only the writer's may write.
		err := errors.Join(j.reader.Close(), j.index.Close())
		<-j.w.done
		err = errors.Join(err, j.w.blobs.Close())
		if lost := j.w.outage.err; lost != nil {
			err = errors.Join(err, fmt.Errorf("write the last records: %w", lost))
		}
		if err != nil {
			j.closed = fmt.Errorf("close history: %w", err)
		}
	})
	return j.closed
}
