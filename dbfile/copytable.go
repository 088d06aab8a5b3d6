package dbfile

import (
	"context"
	"database/sql/driver"
	"errors"
	"math"
	"slices"
	"strings"
)

const (
	// copyBytes is how much one transaction of a salvage holds.
	copyBytes = 4 << 20
	// probes is how many readings of one table may fail before the rest of it
	// is given up: each of them halves a gap.
	probes = 8192
)

// errHole says that reading has met damage.
var errHole = errors.New("damage met")

// tableCopy copies what can be read of one table.
type tableCopy struct {
	ctx      context.Context
	from, to *Conn
	table    string

	up, down, insert *Stmt
	rows, holes      int64
	pending          int // bytes in the open transaction
	failed           int // probes
}

// span is a range of rowids, both ends in it.
type span struct{ first, last int64 }

// run copies the table, if the damaged file has it. An error for which Damaged
// holds says that the schema cannot be read, any other that the copy cannot be
// written.
func (t *tableCopy) run() (there bool, err error) {
	there, err = t.prepare()
	if err != nil || !there {
		return false, err
	}
	return true, t.copy()
}

func (t *tableCopy) copy() error {
	defer func() {
		for _, s := range []*Stmt{t.up, t.down, t.insert} {
			_ = s.Close() // repeats the error of its last run
		}
	}()
	if err := t.to.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	gaps := []span{{math.MinInt64, math.MaxInt64}}
	for len(gaps) > 0 && t.failed < probes {
		halves, err := t.read(gaps[0])
		if err != nil {
			return errors.Join(err, t.to.Exec("ROLLBACK"))
		}
		// The oldest gap first: all are narrowed down alike.
		gaps = append(gaps[1:], halves...)
	}
	t.holes += int64(len(gaps))
	return t.to.Exec("COMMIT")
}

func (t *tableCopy) prepare() (there bool, err error) {
	have, err := columns(t.from, t.table)
	if err != nil || len(have) == 0 {
		return false, err
	}
	want, err := columns(t.to, t.table)
	if err != nil {
		return false, &copyError{err}
	}
	// A damaged file of an older version may lack some.
	want = slices.DeleteFunc(want, func(c string) bool { return !slices.Contains(have, c) })
	list := strings.Join(want, ", ")
	read := "SELECT rowid, " + list + " FROM " + t.table + " NOT INDEXED WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
	if t.up, err = t.from.Prepare(read); err != nil {
		return false, err
	}
	if t.down, err = t.from.Prepare(read + " DESC"); err != nil {
		return false, errors.Join(err, t.up.Close())
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(want)), ", ")
	t.insert, err = t.to.Prepare("INSERT OR IGNORE INTO " + t.table + " (" + list + ") VALUES (" + marks + ")")
	if err != nil {
		return false, errors.Join(&copyError{err}, t.up.Close(), t.down.Close())
	}
	return true, nil
}

// columns are the names of a table's columns, quoted.
func columns(c *Conn, table string) (names []string, err error) {
	s, err := c.Prepare("SELECT name FROM pragma_table_info(?)")
	if err != nil {
		return nil, err
	}
	err = s.Each(func(row []driver.Value) error {
		name, _ := row[0].(string)
		names = append(names, `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
		return nil
	}, table)
	return names, errors.Join(err, s.Close())
}

// read copies the rows of a span, from its beginning up to damage and from its
// end down to damage, and returns the two halves of what lies between.
func (t *tableCopy) read(s span) (halves []span, err error) {
	first, last := s.first, s.last
	met, err := t.scan(t.up, s, func(rowid int64) { first = rowid + 1 })
	if err != nil || !met {
		return nil, err
	}
	t.failed++
	met, err = t.scan(t.down, span{first, s.last}, func(rowid int64) { last = rowid - 1 })
	if err != nil || !met {
		return nil, err
	}
	t.failed++
	if first >= last {
		t.holes++ // a single row
		return nil, nil
	}
	mid := first + int64(uint64(last-first)/2)
	return []span{{first, mid}, {mid + 1, last}}, nil
}

// scan copies rows until there are no more or damage is met. passed gets the
// rowid of every row that was read.
func (t *tableCopy) scan(s *Stmt, within span, passed func(rowid int64)) (met bool, err error) {
	var before *int64
	err = s.Each(func(row []driver.Value) error {
		rowid, ok := row[0].(int64)
		inside := ok && within.first <= rowid && rowid <= within.last
		// A tree whose pages are mixed up may lead back.
		if !inside || before != nil && (rowid > *before) != (s == t.up) {
			return errHole
		}
		before = &rowid
		if err := t.keep(row[1:]); err != nil {
			return err
		}
		passed(rowid)
		return nil
	}, within.first, within.last)
	var ours *copyError
	if err == nil || errors.As(err, &ours) || t.ctx.Err() != nil {
		return false, err
	}
	if errors.Is(err, errHole) || Damaged(err) || unreadable(err) {
		return true, nil
	}
	return false, err
}

// keep writes one row to the copy.
func (t *tableCopy) keep(row []driver.Value) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	values := make([]any, len(row))
	for i, v := range row {
		values[i] = v
		switch v := v.(type) {
		case []byte:
			t.pending += len(v)
		case string:
			t.pending += len(v)
		}
	}
	n, err := t.insert.Change(values...)
	if err != nil {
		return &copyError{err}
	}
	t.rows += n
	t.holes += 1 - n // what breaks the rules of the table was not written by us
	if t.pending += 100; t.pending < copyBytes {
		return nil
	}
	t.pending = 0
	if err := t.to.Exec("COMMIT; BEGIN IMMEDIATE"); err != nil {
		return &copyError{err}
	}
	return nil
}

// copyError is one of the copy: it says nothing about the damaged file.
type copyError struct{ err error }

func (e *copyError) Error() string { return "write salvaged rows: " + e.err.Error() }

func (e *copyError) Unwrap() error { return e.err }
