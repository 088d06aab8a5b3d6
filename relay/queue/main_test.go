package queue

import (
	"bytes"
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"homehook/dbfile"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
)

// TestMain also plays the process that TestCrash kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victimEnv); dir != "" {
		os.Exit(victim(dir))
	}
	failing.install()
	goleak.VerifyTestMain(m)
}

var epoch = time.Now().UTC().Add(-24 * time.Hour).Truncate(time.Microsecond)

// openTest opens a queue in a new folder and closes it with the test. Unless o
// says otherwise it does without reserve, and with a small ballast.
func openTest(t testing.TB, o Options) *Queue {
	t.Helper()
	return openAt(t, t.TempDir(), o)
}

func openAt(t testing.TB, dir string, o Options) *Queue {
	t.Helper()
	q, err := openQuietly(t, dir, o)
	check(t, err)
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return q
}

func openQuietly(t testing.TB, dir string, o Options) (*Queue, error) {
	t.Helper()
	o.Dir = dir
	if o.Reserve == 0 {
		o.Reserve = -1
	}
	if o.Ballast == 0 {
		o.Ballast = 64 << 10
	}
	if o.round == 0 {
		o.round = 10 * time.Millisecond
	}
	return Open(t.Context(), o)
}

func testID(n int) string { return fmt.Sprintf("%08x-0000-7000-8000-%012x", n, n) }

// numbered is a small item of the claim; n decides its id and its receipt.
func numbered(claim string, n int) *Item {
	return &Item{
		ID: testID(n), Claim: claim, Received: epoch.Add(time.Duration(n) * time.Second),
		Head: fmt.Appendf(nil, "POST /%d HTTP/1.1\r\n\r\n", n), Origin: []byte(`{"remote":"192.0.2.1:9"}`),
	}
}

func bodyOf(n int) []byte { return fmt.Appendf(nil, "body %d", n) }

// spoolOf is a spool that holds body and is closed with the test.
func spoolOf(t testing.TB, q *Queue, body []byte) *Spool {
	t.Helper()
	s := q.NewSpool()
	t.Cleanup(func() { check(t, s.Close()) })
	_, err := s.Write(body)
	check(t, err)
	return s
}

// put stores numbered items from..to of a claim, each with a small body.
func put(t testing.TB, q *Queue, claim string, from, to int) (items []*Item) {
	t.Helper()
	for n := from; n <= to; n++ {
		it := numbered(claim, n)
		check(t, q.Put(t.Context(), it, spoolOf(t, q, bodyOf(n)), Limits{}))
		items = append(items, it)
	}
	return items
}

func list(t testing.TB, q *Queue, claim string) []*Item {
	t.Helper()
	items, err := q.List(t.Context(), claim, 0, 1<<30, 1<<40)
	check(t, err)
	return items
}

func ids(items []*Item) (ids []string) {
	for _, it := range items {
		ids = append(ids, it.ID)
	}
	return ids
}

func testIDs(numbers ...int) (ids []string) {
	for _, n := range numbers {
		ids = append(ids, testID(n))
	}
	return ids
}

func body(t testing.TB, q *Queue, it *Item) []byte {
	t.Helper()
	r, err := q.Body(it)
	check(t, err)
	b, err := io.ReadAll(r)
	check(t, err)
	check(t, r.Close())
	return b
}

func files(t testing.TB, q *Queue) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(q.opts.Dir, bodiesName))
	check(t, err)
	return len(entries)
}

func large(n, size int) []byte {
	return append(bytes.Repeat([]byte{byte(n)}, size), fmt.Sprint(n)...)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func diff(t testing.TB, got, want any, opts ...cmp.Option) {
	t.Helper()
	if d := cmp.Diff(want, got, append(opts, cmpopts.EquateEmpty())...); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// wait polls until done, for 10 s at most.
func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	for !done() {
		select {
		case <-pause.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// sqlValue runs a query on a connection of its own, as another program would.
func sqlValue(t testing.TB, path, query string) driver.Value {
	t.Helper()
	name, err := dbfile.DSN(path, "mode=rw", "_busy_timeout=5000")
	check(t, err)
	c, err := dbfile.Connect(context.Background(), name)
	check(t, err)
	v, err := c.Value(query)
	check(t, err)
	check(t, c.Close())
	return v
}

func logTo(b *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
