package history

import (
	"log/slog"
	"sync"
	"time"

	"homehook/dbfile"
)

// outage is the time from a failed commit to the next good one. The writer
// changes it, Journal.Err and Journal.Lost read it.
type outage struct {
	log *slog.Logger

	err   error     // the writer's own copy; nil = none
	since time.Time // of the last try

	mu     sync.Mutex
	public error
	lost   int64
}

// resting says that the next try is not due yet. Until then a batch fails at
// once, so that a broken disk blocks no caller.
func (o *outage) resting(pause time.Duration) bool {
	return o.err != nil && time.Since(o.since) < pause
}

// rested makes the next try due.
func (o *outage) rested() { o.since = time.Time{} }

func (o *outage) begin(err error) {
	if o.err == nil {
		o.log.Warn("history cannot be written; deliveries go on", "err", err)
	}
	o.err, o.since = err, time.Now()
	o.publish(err, 0)
}

func (o *outage) over() {
	if o.err == nil {
		return
	}
	o.err = nil
	lost := o.publish(nil, 0)
	o.log.Info("history can be written again", "lost", lost)
}

// publish returns how many records were lost since Open.
func (o *outage) publish(err error, lost int) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.public = err
	o.lost += int64(lost)
	return o.lost
}

// fail deals with a batch that is not written: callers that wait get the error,
// the rest is held for the next try.
func (w *writer) fail(batch []*item, err error) {
	if !w.outage.resting(w.opts.retry) {
		w.outage.begin(err)
		w.retry.Reset(w.opts.retry)
		w.broken(err)
	}
	waiting := batch[:0]
	for _, it := range batch {
		if it.waited() {
			waiting = append(waiting, it)
			continue
		}
		w.held = append(w.held, it)
	}
	if over := len(w.held) - w.opts.QueueItems; over > 0 {
		w.lose(over)
	}
	for bytes := heldBytes(w.held); bytes > w.opts.QueueBytes; bytes = heldBytes(w.held) {
		w.lose((len(w.held) + 1) / 2)
	}
	// Told last, so that Lost is up to date for who waited.
	for _, it := range waiting {
		it.done <- err
	}
}

func heldBytes(held []*item) (n int) {
	for _, it := range held {
		n += it.size()
	}
	return n
}

// lose gives the oldest n held records up.
func (w *writer) lose(n int) {
	if n == 0 {
		return
	}
	settle(w.held[:n])
	w.held = w.held[:copy(w.held, w.held[n:])]
	w.outage.publish(w.outage.err, n)
	w.opts.Log.Warn("history lost records", "count", n)
}

// again tries once more what is held.
func (w *writer) again() {
	if len(w.held) > 0 && !w.outage.resting(w.opts.retry) {
		w.commit(nil)
	}
}

// broken deals with an error of the writing connection. Unless it may pass by
// itself, the connection is closed: SQLite and the kernel may disagree about
// what is on the disk.
func (w *writer) broken(err error) {
	suspect(w.path, err, w.opts.Log)
	if !dbfile.Passing(err) {
		w.closeConn()
	}
}
