package queue

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homehook/dbfile"
)

// stopUncleanly makes a closed queue look as if it had been killed.
func stopUncleanly(t *testing.T, q *Queue) {
	t.Helper()
	check(t, os.WriteFile(q.w.path+"-wal", []byte("not a log"), 0o600))
}

func TestDamage(t *testing.T) {
	const n = 400
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, path string, size int64)
		least  int // items that are left
	}{
		{"pages in the middle", func(t *testing.T, path string, size int64) { overwrite(t, path, size/2, 3*4096) }, n - 30},
		{"every tenth page", func(t *testing.T, path string, size int64) {
			for at := int64(20 * 4096); at < size; at += 10 * 4096 {
				overwrite(t, path, at, 4096)
			}
		}, n * 2 / 3},
		{"the first page", func(t *testing.T, path string, _ int64) { overwrite(t, path, 0, 4096) }, n},
		{"the header", func(t *testing.T, path string, _ int64) { overwrite(t, path, 0, 100) }, n},
		{"the second half is gone", func(t *testing.T, path string, size int64) { check(t, os.Truncate(path, size/2)) }, n / 3},
		{"no database at all", func(t *testing.T, path string, _ int64) {
			check(t, os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600))
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := openTest(t, Options{})
			for i := range n {
				check(t, q.Put(t.Context(), numbered("garage", i), spoolOf(t, q, bytes.Repeat(bodyOf(i), 100)), Limits{}))
			}
			check(t, q.Put(t.Context(), numbered("attic", n), spoolOf(t, q, large(n, inRow)), Limits{}))
			check(t, q.Close())
			tt.damage(t, q.w.path, sqlFileSize(t, q))
			stopUncleanly(t, q)
			var log bytes.Buffer
			q = openAt(t, q.opts.Dir, Options{Log: logTo(&log)})
			items := list(t, q, "garage")
			verifySalvaged(t, q, items)
			if len(items) < tt.least || len(items) > n {
				t.Errorf("%d items are left, want %d", len(items), tt.least)
			}
			if !strings.Contains(log.String(), "the queue is damaged; it was set aside") {
				t.Errorf("log: %s", log.String())
			}
			if aside, _ := filepath.Glob(q.w.path + ".damaged-*"); len(aside) == 0 {
				t.Error("nothing is set aside")
			}
			// The body of a delivery that is lost is not deleted either.
			asideBodies, _ := filepath.Glob(filepath.Join(q.opts.Dir, bodiesName+".damaged-*", "*"))
			if got := files(t, q) + len(asideBodies); got != 1 {
				t.Errorf("%d bodies", got)
			}
			put(t, q, "garage", n+1, n+1)
			check(t, q.Close())
			q = openAt(t, q.opts.Dir, Options{})
			if got := len(list(t, q, "garage")); got != len(items)+1 {
				t.Errorf("%d items, want %d", got, len(items)+1)
			}
		})
	}
}

// verifySalvaged checks that what is left is in order and whole.
func verifySalvaged(t *testing.T, q *Queue, items []*Item) {
	t.Helper()
	var before int64
	for _, it := range items {
		var i int
		fmt.Sscanf(it.ID, "%x-", &i)
		if it.Seq <= before || it.ID != testID(i) || !bytes.Equal(body(t, q, it), bytes.Repeat(bodyOf(i), 100)) {
			t.Errorf("item %s, seq %d after %d, is not what was put", it.ID, it.Seq, before)
		}
		before = it.Seq
	}
	// What the listing has found out is written soon.
	wait(t, "the count is right", func() bool { n, _, _ := q.Count("garage"); return n == len(items) })
}

func overwrite(t *testing.T, path string, at, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	check(t, err)
	_, err = f.WriteAt(bytes.Repeat([]byte("damage! "), int(n/8)), at)
	check(t, err)
	check(t, f.Close())
}

// Damage that shows while the queue runs is dealt with in the same way.
func TestDamageWhileRunning(t *testing.T) {
	q := openTest(t, Options{pragmas: []string{"cache_size(1)"}})
	const n = 300
	for i := range n {
		check(t, q.Put(t.Context(), numbered("garage", i), spoolOf(t, q, bytes.Repeat(bodyOf(i), 100)), Limits{}))
	}
	check(t, q.Close())
	q = openAt(t, q.opts.Dir, Options{pragmas: []string{"cache_size(1)"}})
	overwrite(t, q.w.path, sqlFileSize(t, q)/2, 2*4096)
	if _, err := q.List(t.Context(), "garage", 0, n, 1<<30); !dbfile.Damaged(err) {
		t.Fatalf("error %v, want damage", err)
	}
	var items []*Item
	wait(t, "the rest is salvaged", func() bool {
		aside, err := filepath.Glob(q.w.path + ".damaged-*")
		if err != nil || len(aside) == 0 || q.Err() != nil {
			return false
		}
		items, err = q.List(t.Context(), "garage", 0, n, 1<<30)
		return err == nil && len(items) > n-20 && len(items) < n
	})
	verifySalvaged(t, q, items)
	check(t, q.Done(t.Context(), items[0]))
	put(t, q, "garage", n, n)
	if got := len(list(t, q, "garage")); got != len(items) {
		t.Errorf("%d items, want %d", got, len(items))
	}
}

// A queue that was closed is not verified; one that was killed is.
func TestVerifiesAfterUncleanStop(t *testing.T) {
	for _, unclean := range []bool{false, true} {
		t.Run(fmt.Sprint(unclean), func(t *testing.T) {
			q := openTest(t, Options{})
			check(t, q.Put(t.Context(), numbered("garage", 1), spoolOf(t, q, large(1, 200_000)), Limits{}))
			check(t, q.Close())
			// Damage in a body, which nothing of Open would meet by itself.
			overwrite(t, q.w.path, sqlFileSize(t, q)-20*4096, 4096)
			if unclean {
				stopUncleanly(t, q)
			}
			q = openAt(t, q.opts.Dir, Options{})
			aside, _ := filepath.Glob(q.w.path + ".damaged-*")
			if (len(aside) > 0) != unclean {
				t.Errorf("set aside: %v", aside)
			}
		})
	}
}

// A body that has changed on the disk without breaking the file is not sent.
func TestChangedRow(t *testing.T) {
	q := openTest(t, Options{})
	put(t, q, "garage", 1, 3)
	check(t, q.Close())
	content, err := os.ReadFile(q.w.path)
	check(t, err)
	at := bytes.Index(content, bodyOf(2))
	f, err := os.OpenFile(q.w.path, os.O_RDWR, 0)
	check(t, err)
	_, err = f.WriteAt([]byte("B"), int64(at))
	check(t, errors.Join(err, f.Close()))
	q = openAt(t, q.opts.Dir, Options{})
	diff(t, ids(list(t, q, "garage")), testIDs(1, 3))
	wait(t, "it is set aside", func() bool { return q.Stats().Lost == 1 })
	if n, _, _ := q.Count("garage"); n != 2 {
		t.Errorf("it counts %d", n)
	}
	check(t, q.Close())
	if got := sqlValue(t, q.w.path, "SELECT body FROM lost"); string(bytesOf(got)) != "Body 2" {
		t.Errorf("lost holds %q", got)
	}
}

// A body's file that goes while the queue runs does not hold up the line.
func TestBodyGoes(t *testing.T) {
	q := openTest(t, Options{})
	for n := range 2 {
		check(t, q.Put(t.Context(), numbered("garage", n), spoolOf(t, q, large(n, inRow)), Limits{}))
	}
	items := list(t, q, "garage")
	check(t, os.Remove(filepath.Join(q.opts.Dir, bodiesName, items[0].file)))
	if _, err := q.Body(items[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	diff(t, ids(list(t, q, "garage")), testIDs(1))
	wait(t, "it is set aside", func() bool { return q.Stats().Lost == 1 })
	if q.Stats().Dones != 0 {
		t.Errorf("%+v", q.Stats())
	}
}
