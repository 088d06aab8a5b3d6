package history

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"homehook/dbfile"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
)

// TestMain also plays the agent that TestCrash kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(victimEnv); path != "" {
		os.Exit(victim(path))
	}
	goleak.VerifyTestMain(m)
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// numbered is a small delivery; n decides its id and its time of receipt.
func numbered(n int) *Record {
	return &Record{
		Delivery: Delivery{
			ID: testID(n), Claim: "garage", Relay: "mine", State: Running, Method: "POST", Path: fmt.Sprintf("/hook/%d", n),
			Received: epoch.Add(time.Duration(n) * time.Second),
		},
		Head: []byte("POST / HTTP/1.1\r\n\r\n"),
		Body: fmt.Appendf(nil, "body %d", n),
	}
}

func testID(n int) string { return fmt.Sprintf("%08x-0000-7000-8000-%012x", n, n) }

// done is the outcome of numbered(n).
func done(n int, state string) *Record {
	r := numbered(n)
	r.State, r.Status, r.DurationMS = state, 200, 1.5
	r.Log = []Attempt{{Number: 1, Handler: "forward", Started: r.Received, Status: 200, Exit: -1}}
	return r
}

// flying is a clock by which an hour passes between any two looks.
func flying() func() time.Duration {
	var looks atomic.Int64
	return func() time.Duration { return time.Duration(looks.Add(1)) * time.Hour }
}

// openTest opens a journal in a new folder and closes it with the test.
func openTest(t testing.TB, o Options) *Journal {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "history.db"), o)
}

func openAt(t testing.TB, path string, o Options) *Journal {
	t.Helper()
	j, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return j
}

// add stores finished deliveries from..to, one per second of receipt.
func add(t testing.TB, j *Journal, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		check(t, j.Begin(numbered(n), false))
		check(t, j.Finish(done(n, Succeeded)))
	}
	check(t, j.Flush(t.Context()))
}

func get(t testing.TB, j *Journal, id string) *Record {
	t.Helper()
	r, err := j.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// list returns the ids of the whole listing, page after page.
func list(t testing.TB, j *Journal, q Query) (ids []string) {
	t.Helper()
	for {
		page, next, err := j.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			ids = append(ids, d.ID)
		}
		if next == "" {
			return ids
		}
		q.Cursor = next
	}
}

func testIDs(numbers ...int) (ids []string) {
	for _, n := range numbers {
		ids = append(ids, testID(n))
	}
	return ids
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func diff(t testing.TB, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("-want +got:\n%s", d)
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
