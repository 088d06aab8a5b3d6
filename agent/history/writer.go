package history

import (
	"context"
	"fmt"
	"time"

	"homehook/dbfile"
)

// A batch is at most this large: a Begin waits for one batch before it
// and for its own.
const (
	batchItems = 512
	batchBytes = 4 << 20
)

// writer is the goroutine that owns the writing connection. Nothing in it is
// shared except the queue, the channels and what outage guards.
type writer struct {
	path string
	opts Options
	q    *queue

	c     *dbfile.Conn // nil while it could not be opened again
	st    *statements
	blobs *dbfile.Blobs
	full  bool // c is set to synchronous=FULL
	seq   int64
	begun begun // the rows of unfinished deliveries
	batch []*item

	facets   facets
	numbers  changeNumbers
	arrival  int64 // of the last unfinished durable delivery
	files    files
	memories bool // remembered has rows
	run      *running
	spans    spans
	index    index

	outage outage
	held   []*item // the Finishes of failed batches, oldest first

	prunes  chan chan error // calls of Prune, answered when the pruning is done
	waiting []chan error
	sweep   sweep
	bounds  chan bounds // calls of SetRetention

	questions chan chan error // calls of Answers

	indexes  chan chan error // calls of Index
	indexing []chan error

	linger *time.Timer
	retry  *time.Timer   // runs during an outage
	done   chan struct{} // closed when run has returned
}

// newWriter takes over c, and blobs unless it fails.
func newWriter(path string, o Options, c *dbfile.Conn, blobs *dbfile.Blobs) (*writer, error) {
	w := &writer{
		path: path, opts: o, q: newQueue(o.QueueItems, o.QueueBytes), c: c, blobs: blobs,
		prunes: make(chan chan error), bounds: make(chan bounds), indexes: make(chan chan error),
		questions: make(chan chan error),
		linger:    time.NewTimer(time.Hour), retry: time.NewTimer(time.Hour),
		done: make(chan struct{}), sweep: sweep{rows: 64},
	}
	w.outage.log = o.Log
	w.numbers.changed = o.Changed
	w.linger.Stop()
	w.retry.Stop()
	var err error
	if w.st, err = prepare(c); err != nil {
		return nil, err
	}
	if err := w.load(); err != nil {
		w.st.close()
		return nil, err
	}
	return w, nil
}

// load reads what the writer keeps in memory.
func (w *writer) load() (err error) {
	if err = w.numbers.load(w.c, w.opts.Now().UnixMicro()); err != nil {
		return fmt.Errorf("read log of changes: %w", err)
	}
	if w.arrival, err = w.c.Number("SELECT ifnull(max(arrival), 0) FROM deliveries WHERE arrival IS NOT NULL"); err != nil {
		return fmt.Errorf("read unfinished deliveries: %w", err)
	}
	memories, err := w.c.Number("SELECT count(*) FROM (SELECT 1 FROM remembered LIMIT 1)")
	if err != nil {
		return fmt.Errorf("read remembered deliveries: %w", err)
	}
	w.memories = memories > 0
	if w.run, err = newRunning(w.c, &w.opts); err != nil {
		return fmt.Errorf("read time of running: %w", err)
	}
	w.spans.run = w.run
	w.spans.keep(w.opts.Keep)
	if err = w.spans.load(w.c); err != nil {
		return fmt.Errorf("read time of running: %w", err)
	}
	if err = w.index.load(w.c); err != nil {
		return fmt.Errorf("read index: %w", err)
	}
	return nil
}

// run serves the queue until it is closed and empty.
func (w *writer) serve() {
	defer close(w.done)
	tick := time.NewTicker(w.opts.PruneEvery)
	defer tick.Stop()
	w.index.rest.start()
	defer w.index.rest.stop()
	for {
		// Pruning goes on one slice at a time, between batches.
		var next <-chan time.Time
		if w.sweep.active || len(w.indexing) > 0 {
			next = always
		}
		select {
		case <-w.q.ready:
			w.gather()
			if last := w.next(); last {
				w.end()
				return
			}
		case <-next:
			w.background()
		case reply := <-w.prunes:
			w.waiting = append(w.waiting, reply)
			w.sweep.active = true
		case reply := <-w.questions:
			reply <- nil
		case reply := <-w.indexes:
			w.indexing = append(w.indexing, reply)
		case b := <-w.bounds:
			w.opts.Keep, w.opts.MaxSize = b.keep, b.size
			w.spans.keep(b.keep)
			w.sweep.active = true
		case <-w.index.rest.C():
			w.indexIdly()
		case <-tick.C:
			w.tick()
		case <-w.retry.C:
			w.again()
		}
	}
}

// background does one slice of what somebody waits for.
func (w *writer) background() {
	if w.sweep.active {
		w.prune()
		return
	}
	w.indexNow()
}

// tick does what is to be done now and then.
func (w *writer) tick() {
	w.sweep.active = true
	w.look()
	if err := w.note(); err != nil {
		w.opts.Log.Warn("history cannot note the time", "err", err)
	}
}

// look looks for jumps of the clock.
func (w *writer) look() {
	if !w.run.look() {
		return
	}
	w.opts.Log.Warn("the clock went forward; nothing is deleted by age for a day of running")
	if err := w.note(); err != nil {
		w.opts.Log.Warn("history cannot note the time", "err", err)
	}
}

// note writes down what is only in memory, fsync'd if files wait for that.
func (w *writer) note() error {
	if w.c == nil {
		return nil
	}
	return w.transaction(len(w.files.ended) > 0, func() error {
		if err := w.run.save(w.st); err != nil {
			return err
		}
		if err := w.spans.forget(max(w.opts.Keep, rememberFor), w.st); err != nil {
			return err
		}
		return w.spans.save(w.st)
	})
}

// always is ready whenever it is asked.
var always = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// gather lets Finishes come together, until a Begin or a Flush waits.
func (w *writer) gather() {
	if w.opts.Linger < 0 || len(w.q.hurry) > 0 {
		return
	}
	w.linger.Reset(w.opts.Linger)
	select {
	case <-w.q.hurry:
	case <-w.linger.C:
	}
	w.linger.Stop()
}

// next commits the next batch; last says that nothing will follow.
func (w *writer) next() (last bool) {
	w.batch, last = w.q.take(w.batch[:0], batchItems, batchBytes)
	if len(w.batch) > 0 {
		w.commit(w.batch)
		clear(w.batch)
		w.q.done()
	}
	return last
}

// commit writes the batch, after what earlier batches left behind, and tells
// everybody who waits.
func (w *writer) commit(batch []*item) {
	if w.outage.resting(w.opts.retry) {
		w.fail(batch, w.outage.err)
		return
	}
	all := batch
	if len(w.held) > 0 {
		all = append(w.held, batch...)
	}
	if err := w.transact(all); err != nil {
		w.begun.forget(all)
		w.fail(batch, err)
		return
	}
	w.outage.over()
	for _, it := range all {
		w.sweep.written += it.size()
	}
	settle(all)
	w.held = nil
	if w.sweep.written > w.sweepBytes() {
		w.sweep.active = true
	}
}

// open opens the connection again if a failure closed it.
func (w *writer) open() error {
	if w.c != nil {
		return nil
	}
	c, err := connectWriter(context.Background(), w.path, w.opts.pragmas)
	if err != nil {
		return err
	}
	if w.st, err = prepare(c); err != nil {
		return fmt.Errorf("prepare statements: %w (and close: %v)", err, c.Close())
	}
	w.c, w.full = c, false
	return nil
}

// end writes what can still be written and closes the connection.
func (w *writer) end() {
	w.retry.Stop()
	w.outage.rested()
	w.again()
	w.lose(len(w.held))
	for _, reply := range append(w.waiting, w.indexing...) {
		reply <- ErrClosed
	}
	if err := w.note(); err != nil {
		w.opts.Log.Warn("history cannot note the time", "err", err)
	}
	if w.c != nil {
		// SQLite does this by itself only if it gets the file for itself. What
		// stays in the WAL is not lost, so that a failure changes nothing.
		_, _ = w.c.Value("PRAGMA wal_checkpoint(TRUNCATE)")
	}
	if w.index.c != nil {
		_, _ = w.index.c.Value("PRAGMA wal_checkpoint(TRUNCATE)")
	}
	w.closeConn()
}

func (w *writer) closeConn() {
	if err := w.index.close(); err != nil {
		w.opts.Log.Warn("index did not close cleanly", "err", err)
	}
	if w.c == nil {
		return
	}
	w.st.close()
	if err := w.c.Close(); err != nil {
		w.opts.Log.Warn("history connection did not close cleanly", "err", err)
	}
	w.c, w.st = nil, nil
}

// settle tells the waiting callers the outcome of written items and recycles
// the others. The items belong to somebody else afterwards.
func settle(items []*item) {
	for _, it := range items {
		if it.waited() {
			it.done <- it.err
		} else {
			it.recycle()
		}
	}
}
