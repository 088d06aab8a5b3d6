package dbfile

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Conn is one connection below database/sql, for a goroutine that has it for
// itself: it needs no pool, no locks and no conversion of arguments.
type Conn struct {
	dc driver.Conn

	// Of Transact, from its first call on.
	begin, commit, rollback *Stmt
	tx                      Prepared
	full                    bool // synchronous=FULL; WriterDSN opens with NORMAL
}

// Connect opens a connection by a name that [DSN] and its like return.
func Connect(ctx context.Context, dsn string) (*Conn, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	dc, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{dc: dc}, nil
}

// Close closes the connection. Its statements have to be closed before.
func (c *Conn) Close() error {
	c.tx.Close()
	return c.dc.Close()
}

// Abandon closes the connection to the database at path without letting SQLite
// write anything more: the last connection to close would bring the log into the
// file. It is for a file that is damaged, or whose disk has failed. Statements
// have to be closed before.
func (c *Conn) Abandon(path string) error {
	// The one that closes last may not write.
	name, err := ReaderDSN(path)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	last, err := Connect(context.Background(), name)
	if err != nil {
		return c.Close()
	}
	// Reading is what connects it to the log. Where that fails, SQLite cannot bring
	// the log in either.
	_, _ = last.Number("SELECT count(*) FROM sqlite_schema")
	return errors.Join(c.Close(), last.Close())
}

// Exec runs SQL text that may hold several statements.
func (c *Conn) Exec(text string) error {
	_, err := c.dc.(driver.ExecerContext).ExecContext(context.Background(), text, nil)
	return err
}

// Number runs SQL text that yields one integer.
func (c *Conn) Number(text string) (int64, error) {
	v, err := c.Value(text)
	n, ok := v.(int64)
	if err == nil && !ok {
		err = fmt.Errorf("no number in answer to %q", text)
	}
	return n, err
}

// Value runs SQL text for the first cell of its answer.
func (c *Conn) Value(text string) (driver.Value, error) {
	s, err := c.Prepare(text)
	if err != nil {
		return nil, err
	}
	v, err := s.Value()
	return v, errors.Join(err, s.Close())
}

// Prepare compiles a statement that is run often.
func (c *Conn) Prepare(text string) (*Stmt, error) {
	ds, err := c.dc.Prepare(text)
	if err != nil {
		return nil, err
	}
	return &Stmt{ds: ds}, nil
}

// Stmt is a prepared statement that keeps its argument list between calls.
type Stmt struct {
	ds   driver.Stmt
	args []driver.NamedValue
}

// Close lets go of the statement. An error repeats that of its last run.
func (s *Stmt) Close() error { return s.ds.Close() }

func (s *Stmt) bind(values []any) {
	s.args = s.args[:0]
	for i, v := range values {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
}

// Exec runs the statement. Values must be of the types of driver.Value.
func (s *Stmt) Exec(values ...any) error {
	s.bind(values)
	_, err := s.ds.(driver.StmtExecContext).ExecContext(context.Background(), s.args)
	clear(s.args) // lets go of the bodies
	return err
}

// Change runs the statement and returns how many rows it changed.
func (s *Stmt) Change(values ...any) (int64, error) {
	s.bind(values)
	r, err := s.ds.(driver.StmtExecContext).ExecContext(context.Background(), s.args)
	clear(s.args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Each runs the statement and calls f with every row of its answer, until f
// returns an error. The slice is used again for the next row, its cells are not.
func (s *Stmt) Each(f func(row []driver.Value) error, values ...any) error {
	s.bind(values)
	rows, err := s.ds.(driver.StmtQueryContext).QueryContext(context.Background(), s.args)
	clear(s.args)
	if err != nil {
		return err
	}
	row := make([]driver.Value, len(rows.Columns()))
	for err == nil {
		if err = rows.Next(row); err == nil {
			err = f(row)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, rows.Close())
}

// Number runs the statement for the integer in its first row, if it has one
// that is not NULL.
func (s *Stmt) Number(values ...any) (n int64, found bool, err error) {
	v, err := s.Value(values...)
	n, found = v.(int64)
	return n, found, err
}

// Value runs the statement for the first cell of its answer, nil if none.
func (s *Stmt) Value(values ...any) (driver.Value, error) {
	s.bind(values)
	rows, err := s.ds.(driver.StmtQueryContext).QueryContext(context.Background(), s.args)
	clear(s.args)
	if err != nil {
		return nil, err
	}
	row := make([]driver.Value, len(rows.Columns())) // a row is read whole
	if err = rows.Next(row); errors.Is(err, io.EOF) {
		err = nil
	}
	if len(row) == 0 {
		return nil, errors.Join(err, rows.Close())
	}
	return row[0], errors.Join(err, rows.Close())
}

// Code is the extended result code that SQLite gave, or 0.
func Code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// SameRowID says that an INSERT met a row with the same primary key, SameKey one
// with the same value under another unique index.
func SameRowID(err error) bool { return Code(err) == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY }

// SameKey is described at [SameRowID].
func SameKey(err error) bool { return Code(err) == sqlite3.SQLITE_CONSTRAINT_UNIQUE }

// Passing says that the connection is fine and the same work may succeed
// later: the disk is full or another process holds the lock. After any other
// failure SQLite and the kernel may disagree about what is on the disk, so the
// connection is opened anew.
func Passing(err error) bool {
	switch Code(err) & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	return false
}
