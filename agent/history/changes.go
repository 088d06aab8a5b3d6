package history

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"homehook/dbfile"
)

// changesKept is how many rows the log of changes keeps at least; changesSlice
// is how many go at once.
const (
	changesKept  = 100_000
	changesSlice = 1024
)

// The names of what the table numbers holds.
const (
	trimmedNumber = "trimmed" // the newest change that the log no longer holds
	countedNumber = "counted" // seconds that journals have had the file open
	jumpedNumber  = "jumped"  // counted when the clock jumped forward
)

// changeNumbers numbers changes and tells them once they are committed. The
// writer has it for itself, but for committed.
type changeNumbers struct {
	last      uint64 // given out
	committed atomic.Uint64
	changed   func(Change) // may be nil
	untold    []Change
	seqs      []byte // of the changes under way, as the log has them
	worth     bool   // they are worth a row in the log
	logged    int64  // changes in the log
	stored    uint64 // the newest one in the log
}

// seqBytes is the size of a seq in the log.
const seqBytes = 8

// next returns the number of a change under way.
func (n *changeNumbers) next() uint64 {
	n.last++
	n.seqs = binary.BigEndian.AppendUint64(n.seqs, 0)
	return n.last
}

// is says which delivery the last change is about. Without it the change has a
// number and is not in the log, for one that is sure to change again soon.
func (n *changeNumbers) is(seq int64) {
	binary.BigEndian.PutUint64(n.seqs[len(n.seqs)-seqBytes:], uint64(seq))
	n.worth = true
}

// dismiss takes the last change back, which came to nothing.
func (n *changeNumbers) dismiss() {
	n.last--
	n.seqs = n.seqs[:len(n.seqs)-seqBytes]
}

// tell has the change told after the commit.
func (n *changeNumbers) tell(number uint64, d *Delivery) {
	if n.changed != nil {
		n.untold = append(n.untold, Change{Number: number, Delivery: *d})
	}
}

// log writes down the changes under way.
func (n *changeNumbers) log(st *statements) error {
	if !n.worth {
		return nil
	}
	if err := st.change.Exec(int64(n.last), n.seqs); err != nil {
		return fmt.Errorf("log changes: %w", err)
	}
	return nil
}

// reset takes back what a transaction that failed would have told. Its numbers
// stay unused.
func (n *changeNumbers) reset() { n.untold, n.seqs, n.worth = n.untold[:0], n.seqs[:0], false }

// commit tells what a transaction has changed.
func (n *changeNumbers) commit() {
	if n.worth {
		n.logged += int64(len(n.seqs) / seqBytes)
		n.stored = n.last
	}
	n.committed.Store(n.last)
	for _, c := range n.untold {
		n.changed(c)
	}
	clear(n.untold)
	n.reset()
}

// load continues the numbers of the file behind c. They begin at the time, in
// microseconds: numbers of a history that was lost are lower, and numbers that
// a power cut took back are not given twice.
func (n *changeNumbers) load(c *dbfile.Conn, now int64) error {
	newest, err := c.Number("SELECT ifnull(max(number), 0) FROM changes")
	if err != nil {
		return err
	}
	trimmed, err := c.Number("SELECT ifnull(max(value), -1) FROM numbers WHERE name = '" + trimmedNumber + "'")
	if err != nil {
		return err
	}
	if n.logged, err = c.Number(fmt.Sprintf("SELECT ifnull(sum(length(seqs)), 0) / %d FROM changes", seqBytes)); err != nil {
		return err
	}
	n.stored = uint64(newest)
	n.last = uint64(max(newest, trimmed, now, 1))
	n.committed.Store(n.last)
	if trimmed >= 0 {
		return nil
	}
	return c.Exec(fmt.Sprintf("INSERT INTO numbers (name, value) VALUES ('%s', %d)", trimmedNumber, n.last))
}

// trimSQL is the last change to go for at least so many to go.
const trimSQL = `SELECT number FROM (SELECT number, sum(length(seqs)) OVER (ORDER BY number) AS size
FROM changes ORDER BY number LIMIT ?1) WHERE size >= ?1 ORDER BY number LIMIT 1`

// trimChanges deletes the oldest rows of the log, some at a time.
func (w *writer) trimChanges() (more bool, err error) {
	n := &w.numbers
	if n.logged < w.opts.changes+changesSlice {
		return false, nil
	}
	last, found, err := w.st.trim.Number(int64(changesSlice * seqBytes))
	if err != nil || !found {
		return false, err
	}
	err = w.transaction(false, func() error {
		if err := w.st.setNumber.Exec(trimmedNumber, last); err != nil {
			return err
		}
		return w.c.Exec(fmt.Sprintf("DELETE FROM changes WHERE number <= %d", last))
	})
	if err != nil {
		return false, fmt.Errorf("trim log of changes: %w", err)
	}
	n.logged, err = w.c.Number(fmt.Sprintf("SELECT ifnull(sum(length(seqs)), 0) / %d FROM changes", seqBytes))
	return true, err
}

// LastChange is the number of the newest change that is committed.
func (j *Journal) LastChange() uint64 { return j.w.numbers.committed.Load() }

// Changes returns what has changed after the change of that number, in the
// order of numbers, at most limit (default 50, at most 1,000). A delivery comes
// once, as it is now, with the number of its newest change; one that is pruned
// does not come. Errors are ErrGap if changes in between are no longer known,
// ErrClosed and those of ctx and the file.
func (j *Journal) Changes(ctx context.Context, after uint64, limit int) ([]Change, error) {
	if err := j.settle(ctx); err != nil {
		return nil, err
	}
	list, err := j.changes(ctx, after, pageLimit(limit))
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	return list, nil
}

func (j *Journal) changes(ctx context.Context, after uint64, limit int) ([]Change, error) {
	last := j.LastChange()
	tx, end, err := j.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	var trimmed int64
	row := tx.QueryRowContext(ctx, `SELECT value FROM numbers WHERE name = ?`, trimmedNumber)
	if err := row.Scan(&trimmed); err != nil {
		return nil, err
	}
	if after > last || after < uint64(trimmed) {
		return nil, fmt.Errorf("%w: asked for those after %d, the log goes from %d to %d", ErrGap, after, trimmed, last)
	}
	return readChanges(ctx, tx, after, limit)
}

func readChanges(ctx context.Context, tx *sql.Tx, after uint64, limit int) (list []Change, err error) {
	read, err := tx.PrepareContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.seq = ? AND d.changed = ?`)
	if err != nil {
		return nil, err
	}
	defer read.Close()
	rows, err := tx.QueryContext(ctx, `SELECT number, seqs FROM changes WHERE number > ? ORDER BY number`, int64(after))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var number uint64
		var seqs []byte
		if err := rows.Scan(&number, &seqs); err != nil {
			return nil, err
		}
		for c := range changesOf(number, seqs) {
			if c.number <= after {
				continue
			}
			change := Change{Number: c.number}
			_, err := scanDelivery(read.QueryRowContext(ctx, c.seq, int64(c.number)), &change.Delivery)
			if errors.Is(err, sql.ErrNoRows) {
				continue // it has changed again, or is pruned
			}
			if err != nil {
				return nil, err
			}
			if list = append(list, change); len(list) == limit {
				return list, nil
			}
		}
	}
	return list, rows.Err()
}

// logEntry is one change as the log has it.
type logEntry struct {
	number uint64
	seq    int64
}

// changesOf are the changes in one row of the log.
func changesOf(number uint64, seqs []byte) iter.Seq[logEntry] {
	return func(yield func(logEntry) bool) {
		n := uint64(len(seqs) / seqBytes)
		for i := range n {
			seq := int64(binary.BigEndian.Uint64(seqs[i*seqBytes:]))
			if !yield(logEntry{number - n + 1 + i, seq}) {
				return
			}
		}
	}
}
