package queue

import (
	"database/sql/driver"
	"fmt"
	"maps"
	"time"

	"homehook/dbfile"
)

// keepFree is how many free pages the file keeps for the deliveries to come.
const keepFree = 4096

// round is the housekeeping of every second.
func (w *writer) round() {
	if !w.recover() {
		return
	}
	if len(w.owed) > 0 {
		w.commit(&batch{})
	}
	w.writeTried()
	if w.c == nil {
		return
	}
	if w.fault != nil || w.q.disk.short(2*keepFree*4096) {
		w.makeRoom()
	} else if err := w.shrink(keepFree, 100*time.Millisecond); err != nil {
		w.mishap(err)
	}
	if w.c != nil {
		w.loadBallast()
	}
}

// loadBallast makes the ballast if it is not there. Puts are welcome only while
// it is: without it a full disk could not be emptied. After an outage there has
// to be room for twice as much, so that one does not follow the other.
func (w *writer) loadBallast() {
	full := w.fault != nil && w.fault.Reason == Disk
	if !full && w.ballast.Standing() {
		return
	}
	free, _, err := dbfile.Space(w.q.opts.Dir)
	if full && err == nil && free < 2*max(w.ballast.Size, w.most) {
		return
	}
	err = w.ballast.Load()
	switch {
	case dbfile.Full(err) && !full:
		w.q.opts.Log.Error("there is no room for the queue's ballast; no deliveries are queued until there is", "err", err)
		w.setFault(diskFull(err))
	case err != nil && !dbfile.Full(err):
		w.q.opts.Log.Warn("the queue has no ballast against a full disk", "err", err)
	case err == nil && full:
		w.setFault(nil)
		w.q.opts.Log.Info("there is room again; deliveries are queued")
	}
}

// checkpointFor brings the log into the file if so many bytes more would be too
// much for it.
func (w *writer) checkpointFor(more int64) {
	if w.log == 0 || w.log+more <= w.most {
		return
	}
	if err := w.checkpoint("PASSIVE"); err != nil {
		w.mishap(err)
	}
}

// checkpoint brings the log into the file. Mode TRUNCATE gives its room back to
// the disk too.
func (w *writer) checkpoint(mode string) error {
	if _, err := w.c.Value("PRAGMA wal_checkpoint(" + mode + ")"); err != nil {
		return fmt.Errorf("bring log into file: %w", err)
	}
	w.log = 0
	return nil
}

// shrink gives free pages back to the disk, down to keep of them, for as long as
// nothing else is to be written but at most for so long.
func (w *writer) shrink(keep int64, limit time.Duration) error {
	const slice = 128
	for began := time.Now(); time.Since(began) < limit; {
		free, err := w.c.Number("PRAGMA freelist_count")
		if err != nil || free <= keep || len(w.q.ready) > 0 {
			return err
		}
		w.checkpointFor(2 * slice * 4096)
		if w.c == nil {
			return nil
		}
		err = w.c.Transact(false, func() error { return w.c.Exec(fmt.Sprintf("PRAGMA incremental_vacuum(%d)", slice)) })
		if err != nil {
			return fmt.Errorf("shrink file: %w", err)
		}
		w.log += 2 * slice * 4096
	}
	return nil
}

// writeTried writes the attempts that memory has counted.
func (w *writer) writeTried() {
	q := w.q
	q.mu.Lock()
	tried := maps.Clone(q.tried)
	q.mu.Unlock()
	if len(tried) == 0 {
		return
	}
	err := w.transact(false, func() error {
		for seq, n := range tried {
			if err := w.st.tried.Exec(int64(n), seq); err != nil {
				return fmt.Errorf("count attempts: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		w.mishap(err)
		return
	}
	w.log += int64(len(tried)) * 4096
	q.mu.Lock()
	defer q.mu.Unlock()
	for seq, n := range tried {
		if q.tried[seq] == n {
			delete(q.tried, seq)
		}
	}
	q.countLocked(false)
}

// beginDiscard takes up a discard, of all that is written by now.
func (w *writer) beginDiscard(o *op) {
	o.last = w.seq
	w.discards = append(w.discards, o)
}

// discardSlice deletes a few items of the first discard. Other batches get their
// turn between slices.
func (w *writer) discardSlice() {
	o := w.discards[0]
	if w.recover() {
		w.checkpointFor(batchCost + 128*4096)
	}
	if w.c == nil {
		w.endDiscard(w.fault)
		return
	}
	var seqs []int64
	var files []string
	err := w.transact(true, func() error {
		err := w.st.slice.Each(func(row []driver.Value) error {
			seqs = append(seqs, numberOf(row[0]))
			files = append(files, textOf(row[2]))
			w.left(o.claim, 1, numberOf(row[1]))
			return nil
		}, o.claim, o.last)
		if err != nil {
			return fmt.Errorf("discard deliveries: %w", err)
		}
		return w.findFirsts()
	})
	if err != nil {
		retry := dbfile.Full(err) && w.ballast.Size > 0 && w.ballast.Standing()
		w.mishap(err)
		if !retry {
			w.endDiscard(broken(err))
		}
		return
	}
	o.count += len(seqs)
	w.q.discarded(o.claim, seqs, w.firsts[o.claim])
	for _, file := range files {
		w.remove(file)
	}
	w.log += batchCost + int64(len(seqs))*4096
	if len(seqs) == 0 {
		w.endDiscard(nil)
	}
}

func (w *writer) endDiscard(full *FullError) {
	o := w.discards[0]
	w.discards = w.discards[1:]
	if full != nil {
		o.answer(full)
		return
	}
	o.answer(nil)
}

// discarded records what a slice of a discard has deleted.
func (q *Queue) discarded(claim string, seqs []int64, f first) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.countLocked(true)
	if len(seqs) == 0 {
		return
	}
	for _, seq := range seqs {
		delete(q.gone, seq)
		delete(q.tried, seq)
	}
	q.stats.Discarded += int64(len(seqs))
	q.leftLocked(claim, f.left, f.bytes, f.received)
}
