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
		FROM deliveries d LEFT JOIN requests r ON r.seq = d.seq WHERE d.seq < ? AND ` + finished + ` ORDER BY d.seq LIMIT ?)
) WHERE ifnull(older, 0) < ?`

	forgetSQL = `DELETE FROM deliveries WHERE seq <= ? AND ` + finished

	// Only unfinished deliveries are left below the bound by then.
	forgetRequestsSQL = `DELETE FROM requests WHERE seq <= ?1 AND seq NOT IN (SELECT seq FROM deliveries WHERE seq <= ?1)`
	forgetAttemptsSQL = `DELETE FROM attempts WHERE seq <= ?1 AND seq NOT IN (SELECT seq FROM deliveries WHERE seq <= ?1)`
)

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
		if !dbfile.Passing(err) {
			w.closeConn()
		}
	}
	w.sweep = sweep{rows: w.sweep.rows}
	for _, reply := range w.waiting {
		reply <- err
	}
	w.waiting = nil
}

// slice deletes some of the oldest deliveries, or gives some free pages back to
// the file system once there are none to delete.
func (w *writer) slice() (more bool, err error) {
	if err := w.open(); err != nil {
		return false, err
	}
	size, free, err := w.fileSize()
	if err != nil {
		return false, err
	}
	deleted, err := w.forget(w.expired(size - free))
	if err != nil || deleted {
		return deleted, err
	}
	w.sweep.low = 0
	return w.shrink(size, free)
}

// expired says which finished deliveries have to go, given the bytes in use:
// those before a seq, and of those the oldest that make up so many bytes.
func (w *writer) expired(used int64) (before, bytes int64) {
	if w.opts.MaxSize > 0 && used > w.opts.MaxSize {
		w.sweep.low = w.opts.MaxSize - w.opts.MaxSize/20 // room until the next sweep
	}
	if w.sweep.low > 0 && used > w.sweep.low {
		return math.MaxInt64, used - w.sweep.low
	}
	if w.opts.Keep > 0 {
		before = seqOf(w.opts.Now().Add(-w.opts.Keep))
	}
	return before, math.MaxInt64
}

// forget deletes the oldest finished deliveries before the seq, up to sweep.rows
// and to about so many bytes.
func (w *writer) forget(before, bytes int64) (deleted bool, err error) {
	bound, found, err := w.st.bound.Number(before, int64(w.sweep.rows), bytes)
	if err != nil || !found {
		return false, err
	}
	if err := w.synchronous(false); err != nil {
		return false, err
	}
	if err := w.st.begin.Exec(); err != nil {
		return false, fmt.Errorf("begin transaction: %w", err)
	}
	for _, s := range []*dbfile.Stmt{w.st.forget, w.st.forgetBody, w.st.forgetLog, w.st.commit} {
		values := []any{bound}
		if s == w.st.commit {
			values = nil
		}
		if err := s.Exec(values...); err != nil {
			w.rollback()
			return false, fmt.Errorf("delete deliveries: %w", err)
		}
	}
	return true, nil
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
