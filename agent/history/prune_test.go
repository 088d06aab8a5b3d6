package history

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestPruneByAge(t *testing.T) {
	now := epoch.Add(100 * time.Second)
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{Keep: 50 * time.Second, Now: func() time.Time { return now }, since: flying()})
	add(t, j, 1, 100)
	check(t, j.Begin(numbered(0), true)) // old, but not finished

	check(t, j.Prune(t.Context()))
	ids := list(t, j, Query{Limit: 200})
	if len(ids) != 52 || ids[0] != testID(100) || ids[50] != testID(50) || ids[51] != testID(0) {
		t.Errorf("%d are left: %v", len(ids), ids)
	}
	for _, table := range []string{"deliveries", "requests", "attempts"} {
		want := int64(51) // 50..100
		if table != "attempts" {
			want++
		}
		if got := sqlValue(t, path, "SELECT count(*) FROM "+table); got != want {
			t.Errorf("%s: %v rows, want %d", table, got, want)
		}
	}

	check(t, j.Finish(done(0, Succeeded)))
	check(t, j.Prune(t.Context()))
	if ids := list(t, j, Query{Limit: 200}); len(ids) != 51 {
		t.Errorf("the finished one stays: %d are left", len(ids))
	}
}

func TestKeepForEver(t *testing.T) {
	j := openTest(t, Options{Keep: -1, MaxSize: -1, Now: func() time.Time { return epoch.AddDate(50, 0, 0) }})
	add(t, j, 1, 10)
	check(t, j.Prune(t.Context()))
	if got := len(list(t, j, Query{})); got != 10 {
		t.Errorf("%d deliveries are left", got)
	}
}

func TestPruneBySize(t *testing.T) {
	const size = 2 << 20
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{Keep: -1, MaxSize: size, PruneEvery: time.Hour})
	body := bytes.Repeat([]byte("x"), 50_000)
	for n := range 400 { // 20 MB
		r := done(n, Succeeded)
		r.Body = body
		check(t, j.Finish(r))
	}
	check(t, j.Prune(t.Context()))

	ids := list(t, j, Query{Limit: 1000})
	if len(ids) < 20 || len(ids) > 40 || ids[0] != testID(399) || ids[len(ids)-1] != testID(400-len(ids)) {
		t.Errorf("%d are left: %v", len(ids), ids)
	}
	if used := sqlValue(t, path, "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)").(int64) * 4096; used > size {
		t.Errorf("%d bytes are in use", used)
	}
	check(t, j.Close())
	if fi, err := os.Stat(path); err != nil || fi.Size() > 4*size {
		t.Errorf("the file has %d bytes, error %v", fi.Size(), err)
	}
}

// Without anybody asking, a journal prunes every PruneEvery and after much has
// been written.
func TestPruneByItself(t *testing.T) {
	for _, tt := range []struct {
		name string
		o    Options
		size int
	}{
		{"by time", Options{Keep: time.Second, PruneEvery: time.Millisecond, since: flying()}, 10},
		{"by bytes", Options{Keep: -1, MaxSize: 1 << 20, PruneEvery: time.Hour}, 100_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := openTest(t, tt.o)
			for n := range 100 {
				r := done(n, Succeeded)
				r.Body = bytes.Repeat([]byte("x"), tt.size)
				check(t, j.Finish(r))
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			for {
				page, _, err := j.List(ctx, Query{Until: epoch.Add(50 * time.Second)})
				check(t, err)
				if len(page) == 0 {
					return
				}
			}
		})
	}
}

// Deliveries go on while a prune is at work.
func TestPruneUnderLoad(t *testing.T) {
	j := openTest(t, Options{Keep: -1, MaxSize: 1 << 20, Linger: -1})
	for round := range 20 {
		for n := 100 * round; n < 100*(round+1); n++ {
			r := done(n, Succeeded)
			r.Body = bytes.Repeat([]byte("x"), 5000)
			check(t, j.Begin(r, n%10 == 0))
			check(t, j.Finish(r))
		}
		check(t, j.Prune(t.Context()))
		if newest := list(t, j, Query{Since: epoch.Add(time.Duration(100*round+90) * time.Second)}); len(newest) != 10 {
			t.Fatalf("round %d: %d of the newest ten are left", round, len(newest))
		}
	}
}

func TestSetRetention(t *testing.T) {
	now := epoch.Add(100 * time.Second)
	j := openTest(t, Options{Keep: -1, Now: func() time.Time { return now }, since: flying()})
	add(t, j, 1, 100)
	j.SetRetention(50*time.Second, 0)
	check(t, j.Prune(t.Context()))
	if ids := list(t, j, Query{Limit: 200}); len(ids) != 51 || ids[50] != testID(50) {
		t.Errorf("%d are left: %v", len(ids), ids)
	}
}
