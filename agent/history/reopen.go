package history

import (
	"context"
	"fmt"
	"time"
)

// wholeSQL says whether all of a request is kept.
const wholeSQL = `SELECT 1 FROM deliveries d JOIN requests r ON r.seq = d.seq
WHERE d.seq = ? AND d.redacted = 0 AND r.head IS NOT NULL AND r.body_truncated = 0 AND ifnull(length(r.body), 0) = d.size`

// reopenSQL makes the delivery durable and its attempts those of before; update
// does the rest.
const reopenSQL = `UPDATE deliveries SET durable = 1, renewed = attempts WHERE seq = ?`

// Reopen makes a delivery that is Dead, Rejected, Duplicate or Expired Received
// again, durable and last in the order of arrival, to be run on request of the
// user. One that is Waiting becomes due. Starts begin at 0 again; attempts are
// kept, up to the number Renewed. It returns when that is committed and fsync'd. Errors are ErrNotFound,
// ErrUnfinished for any other state, ErrIncomplete if what is kept was cut or
// redacted, ErrClosed, and why the file takes no writes.
func (j *Journal) Reopen(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	it := newItem(opReopen)
	it.rec.ID, it.durable = id, true
	if err := j.put(it); err != nil {
		return fmt.Errorf("reopen delivery %.64q: %w", id, err)
	}
	return nil
}

func (w *writer) writeReopen(it *item) error {
	row, found, err := w.take(it.rec.ID)
	if err != nil {
		return err
	}
	if !found {
		it.err = ErrNotFound
		return nil
	}
	switch row.State {
	case Dead, Rejected, Duplicate, Expired:
		_, whole, err := w.st.whole.Number(row.seq)
		if err != nil {
			return fmt.Errorf("look for request: %w", err)
		}
		if !whole {
			it.err = ErrIncomplete
			return nil
		}
		w.arrive(&row)
	case Waiting:
	default:
		w.put(row)
		it.err = ErrUnfinished
		return nil
	}
	if err := w.st.reopen.Exec(row.seq); err != nil {
		return fmt.Errorf("reopen delivery: %w", err)
	}
	row.State, row.Reason, row.DuplicateOf, row.Due, row.Starts = Received, "", "", time.Time{}, 0
	return w.update(&row, false)
}
