package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"homehook/dbfile"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// fillUp writes until the database has no page left. It returns how many
// deliveries were stored and the error that ended it.
func fillUp(t *testing.T, j *Journal) (stored int, err error) {
	t.Helper()
	for n := range 1000 {
		r := numbered(n)
		r.State, r.Body = Succeeded, bytes.Repeat([]byte("x"), 20_000)
		if err = j.Begin(r, true); err != nil {
			return n, err
		}
	}
	t.Fatal("the database takes everything")
	return 0, nil
}

func TestFullDisk(t *testing.T) {
	j := openTest(t, Options{
		retry: time.Millisecond, pragmas: []string{"max_page_count(100)"},
		Keep: time.Second, Now: func() time.Time { return epoch.Add(time.Hour) }, since: flying(),
	})
	stored, err := fillUp(t, j)
	if dbfile.Code(err)&0xff != sqlite3.SQLITE_FULL {
		t.Fatalf("error %v, want SQLITE_FULL", err)
	}
	if j.Err() == nil {
		t.Error("Err is nil during the outage")
	}
	if got := len(list(t, j, Query{Limit: 1000})); got != stored {
		t.Errorf("%d deliveries can be read, %d were acknowledged", got, stored)
	}
	// A Finish is held and written once there is room.
	late := done(7200, Succeeded)
	late.Body = bytes.Repeat([]byte("x"), 50_000)
	check(t, j.Finish(late))
	_ = j.Flush(t.Context())
	if stands(j, late.ID) {
		t.Fatal("the database was not full")
	}
	check(t, j.Prune(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !stands(j, late.ID) {
		check(t, ctx.Err())
	}
	if j.Lost() != 0 || j.Err() != nil {
		t.Errorf("lost %d, err %v", j.Lost(), j.Err())
	}
}

func stands(j *Journal, id string) bool {
	_, err := j.Get(context.Background(), id)
	return err == nil
}

// Another process that holds the lock delays the journal and breaks nothing.
func TestLockedByAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{retry: time.Millisecond, pragmas: []string{"busy_timeout(1)"}})
	add(t, j, 1, 5)
	other := openRaw(t, path)
	check(t, other.Exec("BEGIN IMMEDIATE"))
	if err := j.Begin(numbered(6), true); dbfile.Code(err)&0xff != sqlite3.SQLITE_BUSY {
		t.Errorf("durable begin: %v, want SQLITE_BUSY", err)
	}
	if err := j.Begin(numbered(7), false); dbfile.Code(err)&0xff != sqlite3.SQLITE_BUSY {
		t.Errorf("begin: %v, want SQLITE_BUSY", err)
	}
	check(t, j.Finish(done(7, Succeeded)))               // is held, and stored whole in the end
	diff(t, list(t, j, Query{}), testIDs(5, 4, 3, 2, 1)) // reading goes on
	check(t, other.Exec("ROLLBACK"))

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !stands(j, testID(7)) {
		check(t, ctx.Err())
	}
	want := done(7, Succeeded)
	want.Attempts = 1
	diff(t, get(t, j, testID(7)), want)
	check(t, j.Begin(numbered(6), true))
	diff(t, list(t, j, Query{}), testIDs(7, 6, 5, 4, 3, 2, 1))
	if j.Lost() != 0 || j.Err() != nil {
		t.Errorf("lost %d, err %v", j.Lost(), j.Err())
	}
}

// During a long outage the oldest records go, never the caller's time.
func TestHeldIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name string
		o    Options
	}{
		{"items", Options{QueueItems: 50}},
		{"bytes", Options{QueueBytes: 50 * 600}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			tt.o.retry, tt.o.pragmas, tt.o.Linger = time.Hour, []string{"busy_timeout(1)"}, -1
			j := openAt(t, path, tt.o)
			check(t, j.Flush(t.Context()))
			other := openRaw(t, path)
			check(t, other.Exec("BEGIN IMMEDIATE"))
			for n := range 500 {
				check(t, j.Finish(done(n, Succeeded)))
			}
			_ = j.Flush(t.Context())
			lost := j.Lost()
			if lost < 400 || lost >= 500 {
				t.Errorf("lost %d of 500", lost)
			}
			check(t, other.Exec("ROLLBACK"))
			check(t, j.Close()) // tries once more
			j = openAt(t, path, Options{})
			ids := list(t, j, Query{Limit: 1000})
			if len(ids) != 500-int(lost) || ids[0] != testID(499) {
				t.Errorf("%d records are there, %d were lost", len(ids), lost)
			}
		})
	}
}

// While an outage lasts no Begin waits for the next try.
func TestBeginFailsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{retry: time.Hour, pragmas: []string{"busy_timeout(1)"}})
	other := openRaw(t, path)
	check(t, other.Exec("BEGIN IMMEDIATE"))
	first := j.Begin(numbered(0), false)
	check(t, other.Exec("ROLLBACK")) // which the journal does not know yet
	for n, durable := range []bool{false, true} {
		if err := j.Begin(numbered(n+1), durable); err == nil || !errors.Is(err, first) {
			t.Errorf("durable %t: %v, want what began the outage: %v", durable, err, first)
		}
	}
	check(t, j.Finish(done(1, Succeeded)))
	check(t, j.Close())
	j = openAt(t, path, Options{})
	diff(t, list(t, j, Query{}), testIDs(1))
}

// An error of the disk makes the writer open the file anew.
func TestReopens(t *testing.T) {
	j := openTest(t, Options{retry: time.Millisecond})
	add(t, j, 1, 3)
	check(t, j.Close())

	// The writer is at rest now; it is driven by hand.
	c, err := connectWriter(t.Context(), j.w.path, nil)
	check(t, err)
	w, err := newWriter(j.w.path, j.opts, c, j.w.blobs)
	check(t, err)
	first := queued(opBegin, 4)
	w.fail([]*item{first, queued(opFinish, 5)}, errors.New("the disk is gone"))
	if err := <-first.done; err == nil || w.c != nil || len(w.held) != 1 {
		t.Fatalf("error %v, connection %v, %d held", err, w.c, len(w.held))
	}
	w.outage.rested()
	w.again()
	if w.c == nil || len(w.held) != 0 || w.outage.err != nil {
		t.Errorf("connection %v, %d held, error %v", w.c, len(w.held), w.outage.err)
	}
	w.closeConn()
	if got := sqlValue(t, w.path, "SELECT group_concat(id, ' ') FROM deliveries"); got != strings.Join(testIDs(1, 2, 3, 5), " ") {
		t.Errorf("the file holds %v", got)
	}
}

// A batch with a durable item is committed with FULL, any other with NORMAL.
func TestSynchronous(t *testing.T) {
	j := openTest(t, Options{})
	check(t, j.Close())
	c, err := connectWriter(t.Context(), j.w.path, nil)
	check(t, err)
	w, err := newWriter(j.w.path, j.opts, c, j.w.blobs)
	check(t, err)
	for n, durable := range []bool{false, true, true, false, true} {
		it := queued(opBegin, n)
		it.durable = durable
		w.commit([]*item{queued(opFinish, 100+n), it, queued(opFlush, 0)})
		check(t, <-it.done)
		want := int64(1)
		if durable {
			want = 2
		}
		if got, err := c.Number("PRAGMA synchronous"); err != nil || got != want {
			t.Errorf("batch %d: synchronous %d, error %v; want %d", n, got, err, want)
		}
	}
	for _, pragma := range []string{"fullfsync", "checkpoint_fullfsync"} {
		if got, err := c.Number("PRAGMA " + pragma); err != nil || got != 1 {
			t.Errorf("%s is %d, error %v", pragma, got, err)
		}
	}
	w.closeConn()
}

func TestPassing(t *testing.T) {
	if dbfile.Passing(errors.New("x")) || dbfile.Passing(fmt.Errorf("x: %w", &sqlite.Error{})) {
		t.Error("an unknown error keeps the connection")
	}
}
