package history

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// begunRow is what has to be known of a row to change it.
type begunRow struct {
	Delivery
	seq     int64
	arrival int64  // its place among unfinished durable deliveries; 0 = none
	own     bool   // originals has a row for it
	file    string // which that row names
	known   bool   // what follows is known
	head    bool   // the row in requests is there, with a head
	body    bool   // with a body
}

// begunLimit is how many rows begun remembers at least before it forgets the
// oldest.
const begunLimit = 4096

// begun remembers the rows of deliveries that have begun, so that they need not
// be read to be changed. It is a help, not the truth: what it has forgotten is
// read from the file. It holds committed rows and those of the transaction
// under way, and only of unfinished deliveries, which no pruning deletes.
type begun struct {
	young, old map[string]begunRow
}

func (b *begun) add(row begunRow) {
	if len(b.young) >= begunLimit {
		b.young, b.old = nil, b.young
	}
	if b.young == nil {
		b.young = make(map[string]begunRow)
	}
	b.young[row.ID] = row
}

// take returns the row and forgets it.
func (b *begun) take(id string) (row begunRow, found bool) {
	if row, found = b.young[id]; found {
		delete(b.young, id)
		return row, true
	}
	if row, found = b.old[id]; found {
		delete(b.old, id)
	}
	return row, found
}

// forget drops what a transaction that failed has added or changed.
func (b *begun) forget(items []*item) {
	for _, it := range items {
		b.take(it.rec.ID)
	}
}

// rowSQL is the row of one delivery and what originals holds of it.
const rowSQL = `SELECT ` + deliveryColumns + `, d.arrival, o.seq, o.file
FROM deliveries d LEFT JOIN originals o ON o.seq = d.seq WHERE d.id = ?`

// take returns the row of a delivery, from memory or from the file. Who changes
// it puts it back unless it has ended.
func (w *writer) take(id string) (row begunRow, found bool, err error) {
	if row, found = w.begun.take(id); found {
		return row, true, nil
	}
	err = w.st.row.Each(func(cells []driver.Value) error {
		found = true
		next := cellReader{cells: cells}
		row.seq = next.delivery(&row.Delivery)
		row.arrival, row.own, row.file = next.number(), next.number() != 0, next.text()
		return next.err
	}, id)
	if err != nil {
		return row, false, fmt.Errorf("look up delivery: %w", err)
	}
	return row, found, nil
}

// put remembers the row if its delivery is still owed an end.
func (w *writer) put(row begunRow) {
	if unfinished(row.State) {
		w.begun.add(row)
	}
}

// cellReader reads the cells of a row from left to right.
type cellReader struct {
	cells []driver.Value
	at    int
	err   error
}

func (c *cellReader) next() driver.Value {
	if c.at == len(c.cells) {
		c.err = errors.New("too few columns")
		return nil
	}
	c.at++
	return c.cells[c.at-1]
}

func (c *cellReader) number() int64 { n, _ := c.next().(int64); return n }

func (c *cellReader) text() string { return str(c.next()) }

func (c *cellReader) real() float64 { f, _ := c.next().(float64); return f }

// delivery reads deliveryColumns.
func (c *cellReader) delivery(d *Delivery) (seq int64) {
	seq = c.number()
	d.ID, d.Claim, d.Relay, d.State, d.Method = c.text(), c.text(), c.text(), c.text(), c.text()
	d.Path, d.Query, d.Remote, d.Size, d.BodySHA256 = c.text(), c.text(), c.text(), c.number(), c.text()
	d.Route, d.Status, d.DurationMS, d.Attempts = c.text(), int(c.number()), c.real(), int(c.number())
	d.SenderID, d.DuplicateOf, d.ReplayOf, d.Reason = c.text(), c.text(), c.text(), c.text()
	d.Answer, d.Due, d.Starts = c.text(), dueTime(c.number()), int(c.number())
	d.Received = timeOf(seq)
	return seq
}

// dueTime is the time of a number of microseconds, none of 0.
func dueTime(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// due is the reverse of dueTime, for SQLite.
func due(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}
