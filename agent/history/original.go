package history

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"homehook/dbfile"
)

// blobBytes is the size from which on the body of an original is a file.
const blobBytes = 256 << 10

// original is what a durable delivery was before redaction and cutting. Its
// zero value says that the record is all of it.
type original struct {
	own    bool
	sealed bool
	head   []byte
	body   []byte
	blob   *dbfile.Blob // holds the body instead
	file   string       // the blob's name
}

const (
	keepSQL = `INSERT INTO originals (seq, sealed, head, body, file) VALUES (?,?,?,?,?)`
	dropSQL = `DELETE FROM originals WHERE seq = ?`
)

// original makes the original of a record of which less will be kept. A large
// body is on the disk when it returns. The caller has to release it.
func (j *Journal) original(r *Record, redacted, cut bool) (o original, err error) {
	if !redacted && !cut {
		return o, nil
	}
	o = original{own: true, sealed: redacted, head: r.Head, body: r.Body}
	if o.sealed {
		if o.head, err = j.seal.Load().close(r.ID, "head", r.Head); err != nil {
			return o, err
		}
		if o.body, err = j.seal.Load().close(r.ID, "body", r.Body); err != nil {
			return o, err
		}
	}
	if len(o.body) <= blobBytes {
		return o, nil
	}
	if o.blob, err = j.w.blobs.Create(); err != nil {
		return o, fmt.Errorf("store body: %w", err)
	}
	if _, err = o.blob.Write(o.body); err == nil {
		o.file, err = o.blob.Keep()
	}
	if err != nil {
		o.release(err)
		return o, fmt.Errorf("store body: %w", err)
	}
	o.body = nil
	return o, nil
}

// release leaves the file to the row that names it, unless it is certain that
// there is none: after an fsync that failed the row may come back.
func (o *original) release(err error) {
	if o.blob == nil {
		return
	}
	if o.file != "" && !errors.Is(err, ErrExists) && !errors.Is(err, ErrClosed) {
		o.blob.Release()
	}
	// What nobody names is swept when the history is opened next.
	_ = o.blob.Close()
}

// arrive gives the row of a durable delivery its place in the order of arrival.
func (w *writer) arrive(row *begunRow) {
	w.arrival++
	row.arrival = w.arrival
}

// keepOriginal stores what is more than the record.
func (w *writer) keepOriginal(row *begunRow, o *original) error {
	if !o.own {
		return nil
	}
	row.own, row.file = true, o.file
	if err := w.st.keep.Exec(row.seq, o.sealed, o.head, o.body, text(o.file)); err != nil {
		return fmt.Errorf("keep original: %w", err)
	}
	return nil
}

// dropOriginal lets go of the original of a delivery that has ended. Its file
// goes once that is on the disk.
func (w *writer) dropOriginal(row *begunRow) error {
	row.arrival = 0
	if !row.own {
		return nil
	}
	if err := w.st.drop.Exec(row.seq); err != nil {
		return fmt.Errorf("drop original: %w", err)
	}
	if row.file != "" {
		w.files.ending = append(w.files.ending, row.file)
	}
	row.own, row.file = false, ""
	return nil
}

// files are those of originals that are no longer needed. A power cut must not
// bring back a row whose file is gone: they go after an fsync.
type files struct {
	ending []string // the transaction under way drops their rows
	ended  []string // a transaction has, and is not fsync'd
}

func (f *files) reset() { f.ending = f.ending[:0] }

// commit removes what an fsync'd commit has dropped, or has it wait for one.
func (f *files) commit(synced bool, blobs *dbfile.Blobs, log *slog.Logger) {
	f.ended = append(f.ended, f.ending...)
	f.reset()
	if !synced {
		return
	}
	for _, name := range f.ended {
		if err := blobs.Remove(name); err != nil {
			log.Warn("body of a delivery that has ended cannot be removed", "file", name, "err", err)
		}
	}
	f.ended = f.ended[:0]
}

// Unfinished returns durable deliveries of a claim, or with "" of all, that are
// owed an end, in the order of their Begin: those after the one whose Seq is
// after, at most limit (default 50, at most 1,000). Seq is good for paging
// within one opening of the journal. Errors are ErrClosed and those of ctx and
// the file.
func (j *Journal) Unfinished(ctx context.Context, claim string, after int64, limit int) ([]Unfinished, error) {
	if err := j.settle(ctx); err != nil {
		return nil, err
	}
	where, args := "", []any{after}
	if claim != "" {
		where, args = " AND d.claim = ?", append(args, claim)
	}
	rows, err := j.reader.QueryContext(ctx, `SELECT `+deliveryColumns+`, d.arrival, d.checked IS NOT NULL FROM deliveries d
WHERE d.arrival > ?`+where+` ORDER BY d.arrival LIMIT ?`, append(args, pageLimit(limit))...)
	if err != nil {
		return nil, fmt.Errorf("list unfinished deliveries: %w", err)
	}
	defer rows.Close()
	var list []Unfinished
	for rows.Next() {
		var u Unfinished
		if _, err := scanDelivery(rows, &u.Delivery, &u.Seq, &u.Checked); err != nil {
			return nil, fmt.Errorf("list unfinished deliveries: %w", err)
		}
		list = append(list, u)
	}
	return list, rows.Err()
}

// Original returns the delivery of exactly that id: with head, body and query
// as they came while it is unfinished and durable, else what is kept of them, as
// Get does. Errors are those of Get, ErrIncomplete if damage to the disk or a
// lost key keeps the original from being read.
func (j *Journal) Original(ctx context.Context, id string) (*Record, error) {
	if err := j.settle(ctx); err != nil {
		return nil, err
	}
	r, err := j.readOriginal(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("get original of %.64q: %w", id, err)
	}
	return r, nil
}

func (j *Journal) readOriginal(ctx context.Context, id string) (*Record, error) {
	tx, end, err := j.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	r := &Record{}
	seq, err := findExactly(ctx, tx, id, &r.Delivery)
	if err != nil {
		return nil, err
	}
	if err := readContents(ctx, tx, seq, r); err != nil {
		return nil, err
	}
	var o original
	var durability int
	var file sql.NullString
	row := tx.QueryRowContext(ctx, `SELECT d.durable, o.seq IS NOT NULL, ifnull(o.sealed, 0), o.head, o.body, o.file
FROM deliveries d LEFT JOIN originals o ON o.seq = d.seq WHERE d.seq = ?`, seq)
	if err := row.Scan(&durability, &o.own, &o.sealed, &o.head, &o.body, &file); err != nil {
		return nil, err
	}
	switch {
	case o.own:
	case !unfinished(r.State) || durability == notDurable:
		return r, nil
	case durability == durableApart || r.Head == nil:
		return nil, ErrIncomplete // a salvage has lost it
	default:
		return r, nil
	}
	o.file = file.String
	return r, j.restore(r, &o)
}

// restore puts the original into r, which holds the kept copy.
func (j *Journal) restore(r *Record, o *original) (err error) {
	if o.file != "" {
		if o.body, err = j.readBlob(o.file); err != nil {
			return fmt.Errorf("%w: read body: %w", ErrIncomplete, err)
		}
	}
	if o.sealed {
		if o.head, err = j.seal.Load().open(r.ID, "head", o.head); err != nil {
			return fmt.Errorf("%w: open head: %w", ErrIncomplete, err)
		}
		if o.body, err = j.seal.Load().open(r.ID, "body", o.body); err != nil {
			return fmt.Errorf("%w: open body: %w", ErrIncomplete, err)
		}
	}
	r.Head, r.Body, r.BodyTruncated, r.Redacted = o.head, o.body, false, false
	if q, found := rawQuery(r.Head); found {
		r.Query = q
	}
	return nil
}

func (j *Journal) readBlob(name string) ([]byte, error) {
	f, err := j.w.blobs.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	return b, errors.Join(err, f.Close())
}

// rawQuery is the query in the request line of a head.
func rawQuery(head []byte) (query string, found bool) {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	_, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok {
		return "", false
	}
	target, _, _ := bytes.Cut(rest, []byte(" "))
	_, q, _ := bytes.Cut(target, []byte("?"))
	return string(q), true
}

// sweepFiles removes the files that no delivery names. After a salvage they are
// set aside instead: it may have lost the rows that named them.
func sweepFiles(c *dbfile.Conn, blobs *dbfile.Blobs, aside string) error {
	named := make(map[string]bool)
	st, err := c.Prepare("SELECT file FROM originals WHERE file IS NOT NULL")
	if err != nil {
		return err
	}
	err = st.Each(func(row []driver.Value) error {
		named[str(row[0])] = true
		return nil
	})
	if err = errors.Join(err, st.Close()); err != nil {
		return err
	}
	_, err = blobs.Sweep(func(name string) bool { return named[name] }, aside)
	return err
}
