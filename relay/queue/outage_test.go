package queue

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/dbfile"

	sqlite3 "modernc.org/sqlite/lib"
)

// refusal is the FullError in err.
func refusal(t testing.TB, err error) *FullError {
	t.Helper()
	var full *FullError
	if !errors.As(err, &full) {
		t.Fatalf("error %v, want a FullError", err)
	}
	return full
}

// failOnce makes the first call to which is says yes fail.
func failOnce(t *testing.T, code int32, is func(op, name string) bool) *atomic.Int64 {
	t.Helper()
	var calls atomic.Int64
	failFiles(t, func(op, name string) int32 {
		if is(op, name) && calls.Add(1) == 1 {
			return code
		}
		return 0
	})
	return &calls
}

// After an error of the disk nothing is assumed: what was refused is not there,
// what was accepted is, and the queue goes on by itself.
func TestDiskError(t *testing.T) {
	for _, tt := range []struct {
		name string
		code int32
		is   func(op, name string) bool
	}{
		{"sync of the log", sqlite3.SQLITE_IOERR_FSYNC, func(op, name string) bool { return op == "sync" && isLog(name) }},
		{"write to the log", sqlite3.SQLITE_IOERR_WRITE, func(op, name string) bool { return op == "write" && isLog(name) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := openTest(t, Options{})
			put(t, q, "garage", 1, 3)
			done := list(t, q, "garage")[0]
			failed := failOnce(t, tt.code, tt.is)
			s := spoolOf(t, q, bodyOf(4))
			it := numbered("garage", 4)
			if full := refusal(t, q.Put(t.Context(), it, s, Limits{})); full.Reason != Broken || full.RetryAfter <= 0 || full.Err == nil {
				t.Errorf("%+v", full)
			}
			if failed.Load() == 0 {
				t.Fatal("nothing has failed")
			}
			wait(t, "the queue is usable again", func() bool { return q.Err() == nil })
			check(t, q.Done(t.Context(), done))
			diff(t, ids(list(t, q, "garage")), testIDs(2, 3))
			check(t, q.Put(t.Context(), it, s, Limits{}))
			check(t, q.Close())
			q = openAt(t, q.opts.Dir, Options{})
			diff(t, ids(list(t, q, "garage")), testIDs(2, 3, 4))
			if n, _, _ := q.Count("garage"); n != 3 {
				t.Errorf("it counts %d", n)
			}
		})
	}
}

// The handles are dropped without a last write: the log stays as it is, for
// recovery to look at.
func TestGiveUpLeavesTheLog(t *testing.T) {
	q := openTest(t, Options{round: time.Hour})
	put(t, q, "garage", 1, 3)
	check(t, q.Close())
	// The writer is at rest now and driven by hand.
	check(t, q.w.open(t.Context(), true))
	check(t, q.w.transact(true, func() error { return q.w.c.Exec("DELETE FROM items WHERE id = '" + testID(1) + "'") }))
	q.w.recovered = time.Now() // no try at once
	q.w.giveUp(errors.New("the disk is gone"))
	if fi, err := os.Stat(q.w.path + "-wal"); err != nil || fi.Size() == 0 {
		t.Errorf("the log: %v, %v", fi, err)
	}
	if q.w.recover() {
		t.Error("it does not wait for the next try")
	}
	q.w.nextTry = time.Time{}
	if !q.w.recover() || q.w.fault != nil {
		t.Errorf("it does not open: %v", q.w.fault)
	}
	if n, err := q.w.c.Number("SELECT count(*) FROM items"); n != 2 || err != nil {
		t.Errorf("%d items, %v", n, err)
	}
	q.w.shut()
}

// While the disk fails for good, Puts are refused at once, Dones are remembered,
// and each try takes twice as long as the one before.
func TestLongOutage(t *testing.T) {
	q := openTest(t, Options{})
	items := put(t, q, "garage", 1, 4)
	var broken atomic.Bool
	broken.Store(true)
	failFiles(t, func(op, name string) int32 {
		if broken.Load() && op == "sync" {
			return sqlite3.SQLITE_IOERR_FSYNC
		}
		return 0
	})
	refusal(t, q.Put(t.Context(), numbered("garage", 5), spoolOf(t, q, bodyOf(5)), Limits{}))
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			refusal(t, q.Put(t.Context(), numbered("garage", 100+n), nil, Limits{}))
		})
	}
	wg.Wait()
	full := refusal(t, q.Done(t.Context(), items[1]))
	if full.Reason != Broken || q.Err() == nil {
		t.Errorf("%+v, %v", full, q.Err())
	}
	if _, err := q.List(t.Context(), "garage", 0, 0, 0); err == nil {
		t.Error("a broken file is listed")
	}
	if n, _, _ := q.Count("garage"); n != 4 {
		t.Errorf("it counts %d", n)
	}
	broken.Store(false)
	wait(t, "the queue is usable again", func() bool { return q.Err() == nil })
	diff(t, ids(list(t, q, "garage")), testIDs(1, 3, 4)) // at once
	wait(t, "the done is written", func() bool { n, _, _ := q.Count("garage"); return n == 3 })
	put(t, q, "garage", 6, 6)
	diff(t, ids(list(t, q, "garage")), testIDs(1, 3, 4, 6))
}

// An error while the log is brought into the file is one like any other; the
// Put before it is safe.
func TestCheckpointFails(t *testing.T) {
	q := openTest(t, Options{})
	failed := failOnce(t, sqlite3.SQLITE_IOERR_FSYNC, func(op, name string) bool { return op == "sync" && !isLog(name) })
	want := 0
	for n := 0; failed.Load() == 0; n++ {
		err := q.Put(t.Context(), numbered("garage", n), spoolOf(t, q, bytes.Repeat([]byte("x"), 100_000)), Limits{})
		check(t, err)
		want++
	}
	wait(t, "the queue is usable again", func() bool { return q.Err() == nil })
	check(t, q.Put(t.Context(), numbered("garage", want), nil, Limits{}))
	if got := len(list(t, q, "garage")); got != want+1 {
		t.Errorf("%d items, want %d", got, want+1)
	}
}

// On a full disk Puts are refused and Dones go on, by what the ballast gives;
// when there is room the ballast comes back and Puts are welcome.
func TestFullDisk(t *testing.T) {
	q := openTest(t, Options{})
	items := put(t, q, "garage", 1, 3)
	var full atomic.Bool
	full.Store(true)
	failFiles(t, func(op, name string) int32 {
		if full.Load() && op == "write" && q.w.ballast.Standing() {
			return sqlite3.SQLITE_FULL
		}
		return 0
	})
	e := refusal(t, q.Put(t.Context(), numbered("garage", 4), spoolOf(t, q, bodyOf(4)), Limits{}))
	if e.Reason != Disk || e.RetryAfter <= 0 {
		t.Errorf("%+v", e)
	}
	check(t, q.Done(t.Context(), items[0]))
	diff(t, ids(list(t, q, "garage")), testIDs(2, 3))
	full.Store(false)
	wait(t, "there is room", func() bool { return q.Err() == nil })
	if !q.w.ballast.Standing() {
		t.Error("the ballast is not back")
	}
	put(t, q, "garage", 5, 5)
	diff(t, ids(list(t, q, "garage")), testIDs(2, 3, 5))
}

// A Done of a batch that found the disk full is written with the ballast's room.
func TestFullDiskKeepsDones(t *testing.T) {
	q := openTest(t, Options{pragmas: []string{"max_page_count(60)"}})
	n := 0
	for ; ; n++ {
		err := q.Put(t.Context(), numbered("garage", n), spoolOf(t, q, bytes.Repeat([]byte("x"), 10_000)), Limits{})
		if err != nil {
			if full := refusal(t, err); full.Reason != Disk {
				t.Fatal(err)
			}
			break
		}
	}
	if n < 5 {
		t.Fatalf("only %d fit", n)
	}
	items := list(t, q, "garage")
	if len(items) != n {
		t.Fatalf("%d items, %d were accepted", len(items), n)
	}
	for _, it := range items {
		check(t, q.Done(t.Context(), it))
	}
	wait(t, "there is room", func() bool { return q.Err() == nil })
	put(t, q, "garage", 1000, 1001)
	if size := sqlFileSize(t, q); size > 60*4096 {
		t.Errorf("the file has %d bytes", size)
	}
}

func sqlFileSize(t testing.TB, q *Queue) int64 {
	t.Helper()
	fi, err := os.Stat(q.w.path)
	check(t, err)
	return fi.Size()
}

// Another process that holds the lock delays the queue and breaks nothing.
func TestLockedByAnother(t *testing.T) {
	q := openTest(t, Options{pragmas: []string{"busy_timeout(1)"}, round: time.Hour})
	it := put(t, q, "garage", 1, 2)[0]
	name, err := dbfile.WriterDSN(q.w.path, nil)
	check(t, err)
	other, err := dbfile.Connect(t.Context(), name)
	check(t, err)
	check(t, other.Exec("BEGIN IMMEDIATE"))
	if full := refusal(t, q.Put(t.Context(), numbered("garage", 3), nil, Limits{})); full.Reason != Broken {
		t.Errorf("%+v", full)
	}
	refusal(t, q.Done(t.Context(), it))
	diff(t, ids(list(t, q, "garage")), testIDs(2)) // reading goes on, and knows
	check(t, other.Exec("ROLLBACK"))
	check(t, other.Close())
	put(t, q, "garage", 4, 4)
	diff(t, ids(list(t, q, "garage")), testIDs(2, 4))
	if n, _, _ := q.Count("garage"); n != 2 {
		t.Errorf("it counts %d", n)
	}
}

// The file gives back what it does not need any more.
func TestShrinks(t *testing.T) {
	q := openTest(t, Options{})
	for n := range 160 {
		check(t, q.Put(t.Context(), numbered("garage", n), spoolOf(t, q, large(n, 200_000)), Limits{}))
	}
	for _, it := range list(t, q, "garage") {
		check(t, q.Done(t.Context(), it))
	}
	wait(t, "the file is smaller", func() bool { return sqlFileSize(t, q) < 20<<20 })
	put(t, q, "garage", 1000, 1000)
	check(t, q.Close())
	if got := sqlValue(t, q.w.path, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("integrity check: %v", got)
	}
}

// Close says what it could not write.
func TestCloseDuringOutage(t *testing.T) {
	q, err := openQuietly(t, t.TempDir(), Options{round: time.Hour})
	check(t, err)
	it := put(t, q, "garage", 1, 2)[0]
	failFiles(t, func(op, name string) int32 {
		if op == "write" || op == "sync" {
			return sqlite3.SQLITE_IOERR_WRITE
		}
		return 0
	})
	refusal(t, q.Done(t.Context(), it))
	if err := q.Close(); err == nil || !strings.Contains(err.Error(), "1 deliveries that were done will be sent again") {
		t.Errorf("error %v", err)
	}
	failing.set(nil)
	q = openAt(t, q.opts.Dir, Options{})
	diff(t, ids(list(t, q, "garage")), testIDs(1, 2))
}

// Puts that were on their way when the disk turned out to be full do not use the
// room that is left for Dones.
func TestFullDiskRefusesPending(t *testing.T) {
	q := openTest(t, Options{round: time.Hour})
	items := put(t, q, "garage", 1, 2)
	check(t, q.Close())
	// The writer is at rest now and driven by hand.
	q.closed = false
	check(t, q.w.open(t.Context(), true))
	o := newOp(opPut, numbered("garage", 3))
	if done, err := q.enter(o, 0, Limits{}); done || err != nil {
		t.Fatal(done, err)
	}
	if done, err := q.submit(o); done || err != nil {
		t.Fatal(done, err)
	}
	d, err := q.finish(items[0])
	check(t, err)
	q.w.setFault(diskFull(nil))
	b, _ := q.take()
	q.w.commit(b)
	if full := refusal(t, <-o.tell); full.Reason != Disk {
		t.Errorf("%+v", full)
	}
	check(t, <-d.tell)
	if n, err := q.w.c.Number("SELECT count(*) FROM items"); n != 1 || err != nil {
		t.Errorf("%d items, %v", n, err)
	}
	q.w.shut()
	q.closed = true
}
