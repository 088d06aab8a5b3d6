package dbfile

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

func TestConn(t *testing.T) {
	c := create(t, testPath(t), testSchema)
	insert, err := c.Prepare("INSERT INTO things (n, name, body) VALUES (?, ?, ?)")
	check(t, err)
	for n := range 5 {
		changed, err := insert.Change(int64(n), fmt.Sprint("thing ", n), []byte{byte(n), 0})
		if changed != 1 || err != nil {
			t.Fatal(changed, err)
		}
	}
	if err := insert.Exec(int64(1), "again", nil); !SameRowID(err) || SameKey(err) {
		t.Errorf("the same row: %v", err)
	}
	check(t, c.Exec("INSERT INTO notes VALUES (1, 'a')"))
	if err := c.Exec("INSERT INTO notes VALUES (1, 'b')"); !SameKey(err) || SameRowID(err) {
		t.Errorf("the same key: %v", err)
	}
	check(t, insert.Close())

	one, err := c.Prepare("SELECT n FROM things WHERE name = ?")
	check(t, err)
	for _, tt := range []struct {
		name  string
		n     int64
		found bool
	}{{"thing 3", 3, true}, {"thing 9", 0, false}} {
		if n, found, err := one.Number(tt.name); n != tt.n || found != tt.found || err != nil {
			t.Errorf("%s: %d, %t, %v", tt.name, n, found, err)
		}
	}
	check(t, one.Close())
	if _, err := c.Number("SELECT name FROM things"); err == nil {
		t.Error("a text is a number")
	}
}

// A value is the first cell, however many there are.
func TestValue(t *testing.T) {
	c := create(t, testPath(t), testSchema)
	for _, tt := range []struct {
		text string
		want driver.Value
	}{
		{"SELECT 1", int64(1)},
		{"SELECT 'a', 2, 3 UNION ALL SELECT 'b', 3, 4", "a"},
		{"SELECT 1 WHERE 0", nil},
		{"SELECT NULL", nil},
		{"PRAGMA wal_checkpoint(TRUNCATE)", int64(0)},
		{"PRAGMA busy_timeout = 600", int64(600)},
		{"CREATE TABLE other (x)", nil},
	} {
		if got, err := c.Value(tt.text); got != tt.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
	if _, err := c.Value("SELECT nonsense"); err == nil {
		t.Error("nonsense has a value")
	}
}

func TestEach(t *testing.T) {
	c := create(t, testPath(t), testSchema)
	check(t, c.Exec("INSERT INTO things VALUES (1, 'a', x'01'), (2, 'b', NULL), (3, 'c', x'03')"))
	s, err := c.Prepare("SELECT n, name, body FROM things WHERE n >= ? ORDER BY n")
	check(t, err)
	var got [][]driver.Value
	check(t, s.Each(func(row []driver.Value) error {
		got = append(got, append([]driver.Value(nil), row...))
		return nil
	}, int64(2)))
	diff(t, got, [][]driver.Value{{int64(2), "b", nil}, {int64(3), "c", []byte{3}}})

	enough := errors.New("enough")
	rows := 0
	for range 2 { // ended early, it can be run again
		err = s.Each(func([]driver.Value) error { rows++; return enough }, int64(1))
		if !errors.Is(err, enough) {
			t.Errorf("error %v", err)
		}
	}
	if rows != 2 {
		t.Errorf("%d rows", rows)
	}
	check(t, s.Close())

	// RETURNING answers with rows and changes them.
	s, err = c.Prepare("DELETE FROM things WHERE n < ? RETURNING name")
	check(t, err)
	var gone []driver.Value
	check(t, s.Each(func(row []driver.Value) error { gone = append(gone, row[0]); return nil }, int64(3)))
	diff(t, gone, []driver.Value{"a", "b"})
	check(t, s.Close())
	if n := number(t, c, "SELECT count(*) FROM things"); n != 1 {
		t.Errorf("%d things are left", n)
	}
}

func TestKindsOfErrors(t *testing.T) {
	c := create(t, testPath(t), testSchema)
	check(t, c.Exec("PRAGMA max_page_count = 10"))
	full := c.Exec("INSERT INTO things VALUES (1, 'a', zeroblob(1000000))")
	for _, tt := range []struct {
		name                   string
		err                    error
		full, passing, damaged bool
	}{
		{"full", fmt.Errorf("x: %w", full), true, true, false},
		{"no room on the disk", fmt.Errorf("x: %w", fullErrors[0]), true, false, false},
		{"damaged", fmt.Errorf("x: %w", ErrDamaged), false, false, true},
		{"other", errors.New("other"), false, false, false},
		{"unknown", &sqlite.Error{}, false, false, false},
		{"none", nil, false, false, false},
	} {
		if Full(tt.err) != tt.full || Passing(tt.err) != tt.passing || Damaged(tt.err) != tt.damaged {
			t.Errorf("%s: full %t, passing %t, damaged %t", tt.name, Full(tt.err), Passing(tt.err), Damaged(tt.err))
		}
	}
	if Code(full)&0xff != sqlite3.SQLITE_FULL {
		t.Errorf("code %d", Code(full))
	}
}

// An abandoned connection leaves the log where it is, a closed one does not.
func TestAbandon(t *testing.T) {
	for _, abandoned := range []bool{false, true} {
		path := testPath(t)
		c := create(t, path, testSchema)
		check(t, c.Exec("INSERT INTO things VALUES (1, 'a', NULL)"))
		end := c.Close
		if abandoned {
			end = func() error { return c.Abandon(path) }
		}
		check(t, end())
		if left, err := Unclean(path); left != abandoned || err != nil {
			t.Errorf("abandoned %t: unclean %t, %v", abandoned, left, err)
		}
		if n := number(t, connect(t, path), "SELECT count(*) FROM things"); n != 1 {
			t.Errorf("abandoned %t: %d things", abandoned, n)
		}
	}
	// Of a file that cannot be read.
	path := testPath(t)
	check(t, os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600))
	name, err := DSN(path, "mode=rw")
	check(t, err)
	c, err := Connect(t.Context(), name)
	check(t, err)
	_ = c.Abandon(path)
}
