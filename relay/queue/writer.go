package queue

import (
	"fmt"
	"path/filepath"
	"time"

	"homehook/dbfile"
	"homehook/faults/point"
)

// writer is the goroutine that owns the connection that writes. Nothing in it
// is shared but the channels.
type writer struct {
	q    *Queue
	path string

	c      *dbfile.Conn // nil while the file is broken
	st     *statements
	seq    int64 // the last one given
	log    int64 // bytes that the log holds, about
	most   int64 // as much is brought into the file
	firsts map[string]first

	owed     []*op   // dones that could not be written yet
	unwanted []int64 // puts that were refused but may be in the file
	discards []*op   // under way, one slice at a time
	ballast  dbfile.Ballast

	fault     *FullError    // why nothing can be written; nil = it can
	nextTry   time.Time     // to open a broken file again
	pause     time.Duration // from a try to the next
	recovered time.Time     // when the last such try went well

	linger    *time.Timer
	questions chan chan struct{} // calls of Answers
	suspects  chan error         // damage that a reader has met; capacity 1, more are dropped
	done      chan struct{}      // closed when run has returned
	failed    error              // what Close reports
}

// first is what is left of a claim's line after items were deleted.
type first struct {
	left     int   // how many items have left
	bytes    int64 // of those
	received time.Time
}

// The log is kept so short that the ballast can take it: bringing it into the
// file, which gives the room of the log back, may need as much room again.
const leastLog = 1 << 20

func newWriter(q *Queue) *writer {
	w := &writer{
		q: q, path: filepath.Join(q.opts.Dir, fileName), firsts: make(map[string]first),
		ballast: dbfile.Ballast{Path: filepath.Join(q.opts.Dir, ballastName), Size: max(q.opts.Ballast, 0)},
		most:    max(q.opts.Ballast*3/4, leastLog),
		linger:  time.NewTimer(time.Hour), suspects: make(chan error, 1), done: make(chan struct{}),
		questions: make(chan chan struct{}),
	}
	w.linger.Stop()
	return w
}

// run serves the queue until it is closed and nothing is pending.
func (w *writer) run() {
	defer close(w.done)
	tick := time.NewTicker(w.q.opts.round)
	defer tick.Stop()
	for {
		var next <-chan time.Time
		if len(w.discards) > 0 {
			next = always
		}
		select {
		case <-w.q.ready:
			w.gather()
			b, last := w.q.take()
			w.commit(b)
			if last {
				w.end()
				return
			}
		case <-next:
			w.discardSlice()
		case reply := <-w.questions:
			reply <- struct{}{}
		case err := <-w.suspects:
			w.giveUp(err)
			w.recover()
		case <-tick.C:
			w.round()
		}
	}
}

// always is ready whenever it is asked.
var always = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// gather waits a little while as many Puts as before may be under way: their
// callers have just been told and are sending the next ones.
func (w *writer) gather() {
	if w.q.opts.Linger < 0 || len(w.q.hurry) > 0 {
		return
	}
	w.linger.Reset(w.q.opts.Linger)
	select {
	case <-w.q.hurry:
	case <-w.linger.C:
	}
	w.linger.Stop()
}

// commit writes the batch, after the dones that earlier batches left behind,
// and tells everybody who waits.
func (w *writer) commit(b *batch) {
	if b.discard != nil {
		defer w.beginDiscard(b.discard)
	}
	b.putBefore(w.owed)
	w.owed = nil
	if len(b.ops) == 0 {
		return
	}
	if !w.recover() {
		w.postpone(b, w.fault)
		return
	}
	w.checkpointFor(b.bytes + batchCost)
	if w.c == nil {
		w.postpone(b, w.fault)
		return
	}
	if w.fault != nil {
		// What room there is on a full disk is for the dones.
		puts, dones := b.split()
		w.postpone(puts, w.fault)
		b = dones
	}
	if err := w.write(b); err != nil {
		w.fail(b, err)
	}
}

// write commits the batch and settles it. On error nothing of it is written.
func (w *writer) write(b *batch) error {
	if len(b.ops) == 0 {
		return nil
	}
	if err := w.transact(b.durable(), func() error { return w.rows(b) }); err != nil {
		return err
	}
	w.log += b.bytes + batchCost
	b.reach("committed")
	for _, o := range b.ops {
		w.remove(o.file)
	}
	w.q.settle(b, w.firsts, b.durable())
	return nil
}

// batchCost is about what a batch writes beside its rows: the pages at the end
// of the trees.
const batchCost = 32 << 10

// reach marks a place in the way of the batch, for fault tests.
func (b *batch) reach(place string) {
	if b.puts > 0 {
		point.Reach("queue.put." + place)
	}
	if len(b.ops) > b.puts {
		point.Reach("queue.done." + place)
	}
}

// transact runs do in a transaction, which is committed with fsync if it is to
// be durable.
func (w *writer) transact(durable bool, do func() error) error {
	clear(w.firsts)
	return w.c.Transact(durable, do)
}

// remove deletes the file of a body whose row is gone.
func (w *writer) remove(file string) {
	if file == "" {
		return
	}
	if err := w.q.blobs.Remove(file); err != nil {
		w.q.opts.Log.Warn("the file of a delivered body stays until the next start", "file", file, "err", err)
	}
}

// end writes what can still be written and closes the connections.
func (w *writer) end() {
	for _, o := range w.discards {
		o.answer(ErrClosed)
	}
	w.nextTry = time.Time{}
	w.commit(&batch{})
	if w.recover() {
		w.writeTried()
	}
	if n := len(w.owed); n > 0 {
		w.failed = fmt.Errorf("%d deliveries that were done will be sent again: %w", n, w.fault)
	}
	if w.c != nil {
		// SQLite does this by itself only if it gets the file for itself. What
		// stays in the log is not lost, so that a failure changes nothing.
		_, _ = w.c.Value("PRAGMA wal_checkpoint(TRUNCATE)")
	}
	w.shut()
}
