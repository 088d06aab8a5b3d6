package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// minPrefix is the shortest beginning of an id that Get takes, in characters.
const minPrefix = 8

// Get returns the delivery with that id, or the only one whose id begins with
// it. Errors are ErrNotFound, ErrAmbiguous, ErrShortID, ErrClosed and those of
// ctx and the file.
func (j *Journal) Get(ctx context.Context, id string) (*Record, error) {
	if len(id) < minPrefix {
		return nil, fmt.Errorf("get delivery %q: %w", id, ErrShortID)
	}
	if err := j.settle(ctx); err != nil {
		return nil, err
	}
	r, err := j.get(ctx, id)
	if err != nil {
		suspect(j.w.path, err, j.opts.Log)
		return nil, fmt.Errorf("get delivery %.64q: %w", id, err)
	}
	return r, nil
}

// get reads the three tables in one transaction, so that a prune cannot come in
// between.
func (j *Journal) get(ctx context.Context, id string) (*Record, error) {
	tx, end, err := j.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	r := &Record{}
	seq, err := findDelivery(ctx, tx, id, &r.Delivery)
	if err != nil {
		return nil, err
	}
	return r, readContents(ctx, tx, seq, r)
}

// snapshot begins to read. What is read until end is called is of one moment.
func (j *Journal) snapshot(ctx context.Context) (tx *sql.Tx, end func(), err error) {
	tx, err = j.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	return tx, func() { _ = tx.Rollback() }, nil // nothing was written
}

// readContents reads what is kept of the delivery apart from its row.
func readContents(ctx context.Context, tx *sql.Tx, seq int64, r *Record) (err error) {
	row := tx.QueryRowContext(ctx, `SELECT r.head, r.body, ifnull(r.body_truncated, 0), d.redacted, ifnull(d.checked, ''), r.trace, d.renewed
FROM deliveries d LEFT JOIN requests r ON r.seq = d.seq WHERE d.seq = ?`, seq)
	if err := row.Scan(&r.Head, &r.Body, &r.BodyTruncated, &r.Redacted, &r.Checked, &r.Trace, &r.Renewed); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	if r.Log, err = readAttempts(ctx, tx, seq); err != nil {
		return fmt.Errorf("read attempts: %w", err)
	}
	return nil
}

// findExactly reads the delivery of that id.
func findExactly(ctx context.Context, tx *sql.Tx, id string, d *Delivery) (seq int64, err error) {
	seq, err = scanDelivery(tx.QueryRowContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.id = ?`, id), d)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return seq, err
}

// findDelivery reads the delivery whose id is or begins with id.
func findDelivery(ctx context.Context, tx *sql.Tx, id string, d *Delivery) (seq int64, err error) {
	// An exact match sorts before every id that continues it. The upper bound
	// is the last character there is.
	rows, err := tx.QueryContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries d
WHERE d.id >= ?1 AND d.id < ?1 || char(1114111) ORDER BY d.id LIMIT 2`, id)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		return 0, errors.Join(rows.Err(), ErrNotFound)
	}
	if seq, err = scanDelivery(rows, d); err != nil || d.ID == id {
		return seq, err
	}
	if rows.Next() {
		return 0, ErrAmbiguous
	}
	return seq, rows.Err()
}

func readAttempts(ctx context.Context, tx *sql.Tx, seq int64) ([]Attempt, error) {
	rows, err := tx.QueryContext(ctx, `SELECT number, coalesce(route,''), coalesce(handler,''), started, duration_ms, status,
exit, output, output_truncated, coalesce(error,''), response_head, response_body, response_size, response_truncated, place, given_up
FROM attempts WHERE seq = ? ORDER BY number`, seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var log []Attempt
	for rows.Next() {
		var a Attempt
		var started int64
		if err := rows.Scan(&a.Number, &a.Route, &a.Handler, &started, &a.DurationMS, &a.Status, &a.Exit, &a.Output,
			&a.OutputTruncated, &a.Error, &a.ResponseHead, &a.ResponseBody, &a.ResponseSize, &a.ResponseTruncated,
			&a.Place, &a.GivenUp); err != nil {
			return nil, err
		}
		a.Started = time.UnixMicro(started).UTC()
		log = append(log, a)
	}
	return log, rows.Err()
}
