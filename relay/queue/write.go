package queue

import (
	"database/sql/driver"
	"fmt"
	"time"

	"homehook/dbfile"
)

// statements are the writer's prepared statements. They live as long as their
// connection.
type statements struct {
	insert, remove, first *dbfile.Stmt
	tried, slice, lose    *dbfile.Stmt
	all                   dbfile.Prepared
}

const (
	insertSQL = `INSERT INTO items (seq, id, claim, received, attempts, bytes, size, file, sum, crc, head, origin, trailer, body)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
	removeSQL = `DELETE FROM items WHERE seq = ? RETURNING claim, bytes, file`
	loseSQL   = `INSERT OR REPLACE INTO lost (seq, id, claim, received, size, why, file, head, origin, trailer, body)
SELECT seq, id, claim, received, size, ?, file, head, origin, trailer, body FROM items WHERE seq = ?`
	firstSQL = `SELECT received FROM items WHERE claim = ? ORDER BY seq LIMIT 1`
	triedSQL = `UPDATE items SET attempts = ? WHERE seq = ?`

	// A slice of a claim's line: so many rows take a few milliseconds.
	sliceSQL = `DELETE FROM items WHERE seq IN (SELECT seq FROM items WHERE claim = ? AND seq <= ? ORDER BY seq LIMIT 128)
RETURNING seq, bytes, file`
)

func prepare(c *dbfile.Conn) (*statements, error) {
	s := &statements{}
	var err error
	s.all, err = c.PrepareAll(map[**dbfile.Stmt]string{
		&s.insert: insertSQL,
		&s.remove: removeSQL,
		&s.first:  firstSQL,
		&s.lose:   loseSQL,
		&s.tried:  triedSQL,
		&s.slice:  sliceSQL,
	})
	return s, err
}

// close lets go of them.
func (s *statements) close() { s.all.Close() }

// rows writes the rows of a batch within its transaction.
func (w *writer) rows(b *batch) error {
	for _, o := range b.ops {
		var err error
		if o.kind == opPut {
			err = w.writePut(o)
		} else {
			err = w.writeDone(o)
		}
		if err != nil {
			return err
		}
	}
	if err := w.findFirsts(); err != nil {
		return err
	}
	b.reach("written")
	return nil
}

func (w *writer) writePut(o *op) error {
	it := o.it
	// By the clock, so that numbers of a line that ran empty do not come again
	// after a restart; but always growing.
	w.seq = max(w.seq+1, w.q.opts.Now().UnixMicro())
	o.seq = w.seq
	var body any
	if o.blob == nil && len(o.body) > 0 {
		body = o.body
	}
	err := w.st.insert.Exec(o.seq, it.ID, it.Claim, it.Received.UnixMicro(), int64(o.attempts), it.bytes(), it.Size,
		text(it.file), int64(it.sum), int64(o.crc), blob(it.Head), blob(it.Origin), blob(it.Trailer), body)
	if err != nil {
		return fmt.Errorf("insert delivery: %w", err)
	}
	return nil
}

func (w *writer) writeDone(o *op) error {
	if o.seq == 0 {
		// It raced its Put, which is behind it now. If that has failed there is
		// nothing to do.
		if o.seq = o.it.Seq; o.seq == 0 {
			return nil
		}
	}
	if o.lost != "" {
		if err := w.st.lose.Exec(o.lost, o.seq); err != nil {
			return fmt.Errorf("set delivery aside: %w", err)
		}
	}
	o.found = false
	err := w.st.remove.Each(func(row []driver.Value) error {
		o.found = true
		o.claim, o.bytes = textOf(row[0]), numberOf(row[1])
		if o.lost == "" {
			o.file = textOf(row[2])
		}
		return nil
	}, o.seq)
	if err != nil {
		return fmt.Errorf("delete delivery: %w", err)
	}
	if o.found {
		w.left(o.claim, 1, o.bytes)
	}
	return nil
}

// left notes that items of a claim's line are deleted.
func (w *writer) left(claim string, items int, bytes int64) {
	f := w.firsts[claim]
	f.left += items
	f.bytes += bytes
	w.firsts[claim] = f
}

// findFirsts looks up which items come first now in the lines that others left.
func (w *writer) findFirsts() error {
	for claim, f := range w.firsts {
		received, found, err := w.st.first.Number(claim)
		if err != nil {
			return fmt.Errorf("find the first delivery of a line: %w", err)
		}
		if found {
			f.received = time.UnixMicro(received)
		}
		w.firsts[claim] = f
	}
	return nil
}

// text and blob are values for SQLite: nothing when empty, which costs neither
// space nor an allocation.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// numberOf, textOf and bytesOf read a cell; NULL is nothing.
func numberOf(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

func textOf(v driver.Value) string {
	s, _ := v.(string)
	return s
}

func bytesOf(v driver.Value) []byte {
	b, _ := v.([]byte)
	return b
}
