package history

import (
	"fmt"
	"math"
	"time"

	"homehook/dbfile"
)

// sweep is the state of a pruning. It goes in slices, so that no transaction of
// it keeps deliveries waiting for long.
type sweep struct {
	active  bool
	rows    int // deliveries a slice takes; adapts to sliceTime
	written int // bytes since the last sweep began
	vacuum  bool
	free    int64 // bytes that were free before the last vacuum
	low     int64 // once over MaxSize, the size to come down to; 0 = not over
}

// sliceTime is what one slice should take: a Begin may have to wait for one.
const sliceTime = 2 * time.Millisecond

// A delivery that is not finished stays, whatever its age: it is owed an end.
const (
	finished = `state NOT IN ('received','running','waiting')`

	// boundSQL is the last of the oldest deliveries before a seq, at most so many
	// and no more than make up so many bytes. length reads no overflow pages.
	boundSQL = `SELECT max(seq) FROM (
	SELECT seq, sum(bytes) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS older FROM (
		SELECT d.seq, 300 + ifnull(length(r.head), 0) + ifnull(length(r.body), 0) + ifnull((
			SELECT sum(100 + ifnull(length(a.output), 0) + ifnull(length(a.response_head), 0) + ifnull(length(a.response_body), 0))
			FROM attempts a WHERE a.seq = d.seq), 0) AS bytes
		FROM deliveries d LEFT JOIN requests r ON r.seq = d.seq WHERE d.seq >= ? AND d.seq < ? AND ` + finished + ` ORDER BY d.seq LIMIT ?)
) WHERE ifnull(older, 0) < ?`

	forgetSQL = `DELETE FROM deliveries WHERE seq BETWEEN ? AND ? AND ` + finished

	// Only unfinished deliveries are left within the bounds by then.
	forgetRequestsSQL = `DELETE FROM requests WHERE seq BETWEEN ?1 AND ?2
AND seq NOT IN (SELECT seq FROM deliveries WHERE seq BETWEEN ?1 AND ?2)`
	forgetAttemptsSQL = `DELETE FROM attempts WHERE seq BETWEEN ?1 AND ?2
AND seq NOT IN (SELECT seq FROM deliveries WHERE seq BETWEEN ?1 AND ?2)`
)

// ahead is how far in the future a delivery has to lie to have come while the
// clock was wrong.
const ahead = 24 * time.Hour

// sweepBytes is how much is written before a sweep begins ahead of its time.
func (w *writer) sweepBytes() int {
	return int(min(max(w.opts.MaxSize/32, 1<<20), 32<<20))
}

// prune does one slice and, after the last, tells the callers of Prune.
func (w *writer) prune() {
	w.sweep.written = 0
	began := time.Now()
	more, err := w.slice()
	if took := time.Since(began); took > 2*sliceTime {
		w.sweep.rows = max(w.sweep.rows/2, 8)
	} else if took < sliceTime/2 {
		w.sweep.rows = min(w.sweep.rows*2, 4096)
	}
	if err == nil && more {
		return
	}
	if err != nil {
		w.opts.Log.Warn("history not pruned", "err", err)
		w.broken(err)
	}
	w.sweep = sweep{rows: w.sweep.rows}
	for _, reply := range w.waiting {
		reply <- err
	}
	w.waiting = nil
}

// slice deletes some of the oldest deliveries, or tidies up what is left of
// them once there are none to delete.
func (w *writer) slice() (more bool, err error) {
	if err := w.open(); err != nil {
		return false, err
	}
	w.look()
	size, free, err := w.fileSize()
	if err != nil {
		return false, err
	}
	for _, e := range w.expired(size - free) {
		if deleted, err := w.forget(e); err != nil || deleted {
			return deleted, err
		}
	}
	w.sweep.low = 0
	for _, tidy := range []func() (bool, error){w.forgetMemories, w.trimChanges, w.dropShard} {
		if more, err := tidy(); err != nil || more {
			return more, err
		}
	}
	return w.shrink(size, free)
}

// expiry says which finished deliveries have to go: those with from <= seq <
// before, and of those the oldest that make up so many bytes.
type expiry struct{ from, before, bytes int64 }

// expired says what has to go, given the bytes in use. By age, what goes is
// older than Keep by the clock and by the time of running. What came while the
// clock was ahead cannot be told by the clock.
func (w *writer) expired(used int64) []expiry {
	if w.opts.MaxSize > 0 && used > w.opts.MaxSize {
		w.sweep.low = w.opts.MaxSize - w.opts.MaxSize/20 // room until the next sweep
	}
	if w.sweep.low > 0 && used > w.sweep.low {
		return []expiry{{0, math.MaxInt64, used - w.sweep.low}}
	}
	if w.opts.Keep <= 0 || w.run.resting() {
		return nil
	}
	now := w.opts.Now()
	oldest, newest := w.spans.lately(w.opts.Keep)
	return []expiry{
		{0, min(seqOf(now.Add(-w.opts.Keep)), oldest), math.MaxInt64},
		{max(seqOf(now.Add(ahead)), newest+1), math.MaxInt64, math.MaxInt64},
	}
}

// forget deletes some of the oldest of what has expired, up to sweep.rows.
func (w *writer) forget(e expiry) (deleted bool, err error) {
	last, found, err := w.st.bound.Number(e.from, e.before, int64(w.sweep.rows), e.bytes)
	if err != nil || !found {
		return false, err
	}
	memory := seqOf(w.opts.Now().Add(-rememberFor))
	err = w.transaction(false, func() error {
		remembered, err := w.st.remember.Change(e.from, last, memory)
		if err != nil {
			return err
		}
		w.memories = w.memories || remembered > 0
		for _, s := range []*dbfile.Stmt{w.st.forget, w.st.forgetBody, w.st.forgetLog} {
			if err := s.Exec(e.from, last); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("delete deliveries: %w", err)
	}
	return true, nil
}

// forgetMemories deletes what need not be remembered any more, some at a time.
func (w *writer) forgetMemories() (more bool, err error) {
	if !w.memories || w.run.resting() {
		return false, nil
	}
	oldest, _ := w.spans.lately(rememberFor)
	before := min(seqOf(w.opts.Now().Add(-rememberFor)), oldest)
	n, err := w.st.forgetMemories.Change(before, int64(w.sweep.rows))
	if err != nil {
		return false, fmt.Errorf("forget remembered deliveries: %w", err)
	}
	return n > 0, nil
}

// fileSize is the size of the database and the part of it that is free, in
// bytes.
func (w *writer) fileSize() (size, free int64, err error) {
	var page int64
	for _, p := range []struct {
		to   *int64
		text string
	}{{&page, "PRAGMA page_size"}, {&size, "PRAGMA page_count"}, {&free, "PRAGMA freelist_count"}} {
		if *p.to, err = w.c.Number(p.text); err != nil {
			return 0, 0, fmt.Errorf("measure history: %w", err)
		}
	}
	return size * page, free * page, nil
}

// shrink cuts free pages off the file when they are more than a third of it,
// and stops at a sixth: the next deliveries will want them.
func (w *writer) shrink(size, free int64) (more bool, err error) {
	if free > size/3 && free > 4<<20 {
		w.sweep.vacuum = true
	}
	// A file that came without auto_vacuum never shrinks.
	if !w.sweep.vacuum || free < size/6 || free == w.sweep.free {
		return false, nil
	}
	w.sweep.free = free
	if err := w.c.Exec(fmt.Sprintf("PRAGMA incremental_vacuum(%d)", w.sweep.rows)); err != nil {
		return false, fmt.Errorf("shrink history: %w", err)
	}
	return true, nil
}
