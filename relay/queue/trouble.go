package queue

import (
	"context"
	"time"

	"homehook/dbfile"
)

// setFault has every Put refused from now on, or none if full is nil.
func (w *writer) setFault(full *FullError) {
	w.fault = full
	w.q.mu.Lock()
	w.q.fault = full
	w.q.mu.Unlock()
}

// fail deals with a batch that was not written because of err.
func (w *writer) fail(b *batch, err error) {
	switch {
	case dbfile.Full(err):
		w.fullDisk(b, err)
	case dbfile.Passing(err):
		w.postpone(b, broken(err))
	default:
		for _, o := range b.ops {
			if o.kind == opPut {
				// An fsync that has failed may have been too late to keep it away.
				w.unwanted = append(w.unwanted, o.seq)
			}
		}
		w.giveUp(err)
		w.postpone(b, w.fault)
		w.recover()
	}
}

// postpone refuses the puts of a batch and remembers its dones.
func (w *writer) postpone(b *batch, full *FullError) {
	_, dones := b.split()
	w.q.refuse(b, full)
	w.owed = append(w.owed, dones.ops...)
}

// fullDisk gives the ballast up for the dones of a batch. Puts are refused from
// then on, until there is room for a new one.
func (w *writer) fullDisk(b *batch, err error) {
	if w.fault == nil {
		w.q.opts.Log.Error("the disk is full; no deliveries are queued until there is room", "err", err)
	}
	w.setFault(diskFull(err))
	w.ballast.Drop()
	puts, dones := b.split()
	w.postpone(puts, w.fault)
	switch err := w.write(dones); {
	case err == nil:
	case dbfile.Full(err) || dbfile.Passing(err):
		w.postpone(dones, w.fault)
	default:
		w.giveUp(err)
		w.postpone(dones, w.fault)
		return
	}
	w.makeRoom()
}

// makeRoom gives back to the disk what the file does not need.
func (w *writer) makeRoom() {
	for _, step := range []func() error{
		func() error { return w.checkpoint("TRUNCATE") },
		func() error { return w.shrink(0, time.Second) },
		func() error { return w.checkpoint("TRUNCATE") },
	} {
		if err := step(); err != nil {
			w.mishap(err)
			return
		}
		if w.c == nil {
			return
		}
	}
}

// mishap deals with an error of housekeeping.
func (w *writer) mishap(err error) {
	switch {
	case dbfile.Full(err):
		if w.fault == nil {
			w.fullDisk(&batch{}, err)
		}
	case !dbfile.Passing(err):
		w.giveUp(err)
		w.recover()
	}
}

// giveUp stops using the file: SQLite and the kernel may disagree about what is
// on the disk.
func (w *writer) giveUp(err error) {
	w.q.opts.Log.Error("the queue cannot be written; it is opened anew and verified", "err", err)
	w.abandon()
	w.setFault(broken(err))
	// The first try is at once, but not time and again.
	if time.Since(w.recovered) < 30*w.q.opts.round {
		w.rest()
	}
}

// rest puts the next try off, each time twice as long.
func (w *writer) rest() {
	w.pause = min(max(2*w.pause, w.q.opts.round), 30*w.q.opts.round)
	w.nextTry = time.Now().Add(w.pause)
}

// recover opens and verifies a file that was given up, if that is due. It says
// whether the file is open now.
func (w *writer) recover() bool {
	if w.c != nil {
		return true
	}
	if time.Now().Before(w.nextTry) {
		return false
	}
	if err := w.open(context.Background(), true); err != nil {
		w.q.opts.Log.Warn("the queue cannot be opened", "err", err)
		w.abandon()
		w.rest()
		w.setFault(broken(err))
		return false
	}
	w.pause, w.recovered = 0, time.Now()
	w.setFault(nil)
	w.q.opts.Log.Info("the queue is verified and can be written again")
	return true
}

// abandon closes the connections without letting SQLite write anything more.
func (w *writer) abandon() {
	w.closeConn((*dbfile.Conn).Abandon)
	w.q.reader.close()
}

// shut closes the connections for good.
func (w *writer) shut() {
	w.q.reader.close()
	w.closeConn(func(c *dbfile.Conn, _ string) error { return c.Close() })
}

func (w *writer) closeConn(end func(c *dbfile.Conn, path string) error) {
	if w.c == nil {
		return
	}
	w.st.close()
	if err := end(w.c, w.path); err != nil {
		w.q.opts.Log.Warn("the queue's connection did not close cleanly", "err", err)
	}
	w.c, w.st = nil, nil
}
