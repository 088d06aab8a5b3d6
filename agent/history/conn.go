package history

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// conn is one connection below database/sql. The writer uses it because a
// single goroutine needs no pool, no locks and no conversion of arguments.
type conn struct {
	dc driver.Conn
}

func connect(ctx context.Context, dsn string) (*conn, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	dc, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{dc}, nil
}

func (c *conn) close() error { return c.dc.Close() }

// exec runs SQL text that may hold several statements.
func (c *conn) exec(text string) error {
	_, err := c.dc.(driver.ExecerContext).ExecContext(context.Background(), text, nil)
	return err
}

// number runs SQL text that yields one integer.
func (c *conn) number(text string) (int64, error) {
	v, err := c.value(text)
	n, ok := v.(int64)
	if err == nil && !ok {
		err = fmt.Errorf("no number in answer to %q", text)
	}
	return n, err
}

// value runs SQL text for the first cell of its answer.
func (c *conn) value(text string) (driver.Value, error) {
	s, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	v, err := s.value()
	return v, errors.Join(err, s.close())
}

func (c *conn) prepare(text string) (*stmt, error) {
	ds, err := c.dc.Prepare(text)
	if err != nil {
		return nil, err
	}
	return &stmt{ds: ds}, nil
}

// stmt is a prepared statement that keeps its argument list between calls.
type stmt struct {
	ds   driver.Stmt
	args []driver.NamedValue
}

func (s *stmt) close() error { return s.ds.Close() }

func (s *stmt) bind(values []any) {
	s.args = s.args[:0]
	for i, v := range values {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
}

// exec runs the statement. Values must be of the types of driver.Value.
func (s *stmt) exec(values ...any) error {
	s.bind(values)
	_, err := s.ds.(driver.StmtExecContext).ExecContext(context.Background(), s.args)
	clear(s.args) // lets go of the bodies
	return err
}

// number runs the statement for the integer in its first row, if it has one
// that is not NULL.
func (s *stmt) number(values ...any) (n int64, found bool, err error) {
	v, err := s.value(values...)
	n, found = v.(int64)
	return n, found, err
}

// value runs the statement for the first cell of its answer, nil if none.
func (s *stmt) value(values ...any) (driver.Value, error) {
	s.bind(values)
	rows, err := s.ds.(driver.StmtQueryContext).QueryContext(context.Background(), s.args)
	clear(s.args)
	if err != nil {
		return nil, err
	}
	var cell [1]driver.Value
	if err = rows.Next(cell[:]); errors.Is(err, io.EOF) {
		err = nil
	}
	return cell[0], errors.Join(err, rows.Close())
}

// code is the extended result code that SQLite gave, or 0.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// sameSeq says that an INSERT met a row with the same seq, sameID one with the
// same id.
func sameSeq(err error) bool { return code(err) == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY }
func sameID(err error) bool  { return code(err) == sqlite3.SQLITE_CONSTRAINT_UNIQUE }

// passing says that the connection is fine and the same work may succeed
// later: the disk is full or another process holds the lock. After any other
// failure SQLite and the kernel may disagree about what is on the disk, so the
// connection is opened anew.
func passing(err error) bool {
	switch code(err) & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	return false
}
