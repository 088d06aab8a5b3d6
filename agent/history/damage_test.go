package history

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// overwrite makes nonsense of n pages from a page on, which counts from 1.
func overwrite(t *testing.T, path string, page, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	check(t, err)
	_, err = f.WriteAt(bytes.Repeat([]byte("damage! "), int(n*4096/8)), (page-1)*4096)
	check(t, err)
	check(t, f.Close())
}

// stored fills a history with deliveries that have ended and some that have
// not, and closes it.
func stored(t *testing.T, path string, n int) {
	t.Helper()
	j := openAt(t, path, Options{Body: 2000, Seal: testKey, Redact: []string{"header.Secret"}})
	add(t, j, 1, n)
	for i := n + 1; i <= n+5; i++ {
		r := numbered(i)
		r.SenderID = fmt.Sprint("evt", i)
		if i == n+5 {
			r.Head = []byte("POST / HTTP/1.1\r\nSecret: a\r\n\r\n")
			r.Body = bytes.Repeat([]byte("x"), 300<<10)
		}
		check(t, j.Begin(r, true))
	}
	check(t, j.Index(t.Context()))
	check(t, j.Close())
}

func TestSalvage(t *testing.T) {
	const n = 400
	root := func(t *testing.T, path, name string) int64 {
		return sqlValue(t, path, "SELECT rootpage FROM sqlite_schema WHERE name = '"+name+"'").(int64)
	}
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, path string)
		least  int // deliveries that are still there
	}{
		{"a page of deliveries", func(t *testing.T, path string) {
			page := sqlValue(t, path, "SELECT pageno FROM dbstat WHERE name = 'deliveries' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 3").(int64)
			overwrite(t, path, page, 1)
		}, n - 60},
		{"the index of ids", func(t *testing.T, path string) { overwrite(t, path, root(t, path, "deliveries_id"), 1) }, n + 5},
		{"the index of facets", func(t *testing.T, path string) { overwrite(t, path, root(t, path, "deliveries_facet"), 1) }, n + 5},
		{"the facets", func(t *testing.T, path string) { overwrite(t, path, root(t, path, "facets"), 1) }, n + 5},
		{"the first page", func(t *testing.T, path string) { overwrite(t, path, 1, 1) }, n},
		{"half of the file", func(t *testing.T, path string) {
			fi, err := os.Stat(path)
			check(t, err)
			overwrite(t, path, fi.Size()/4096/2, fi.Size()/4096/2)
		}, 1},
		{"the end is gone", func(t *testing.T, path string) {
			fi, err := os.Stat(path)
			check(t, err)
			check(t, os.Truncate(path, fi.Size()/4096/4*3*4096))
		}, 1},
		{"everything", func(t *testing.T, path string) {
			check(t, os.WriteFile(path, bytes.Repeat([]byte("not a database "), 1000), 0o600))
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			stored(t, path, n)
			tt.damage(t, path)
			// As after a power cut: somebody has to have reason to look.
			check(t, os.WriteFile(path+suspectSuffix, nil, 0o600))

			j := openAt(t, path, Options{Seal: testKey, Redact: []string{"header.Secret"}})
			ids := list(t, j, Query{Limit: 1000})
			if len(ids) < tt.least {
				t.Errorf("%d of %d deliveries are left", len(ids), n+5)
			}
			checkSalvaged(t, j, ids, tt.least > n)
			// Deliveries go on.
			check(t, j.Begin(numbered(9000), true))
			check(t, j.Finish(done(9000, Succeeded)))
			diff(t, list(t, j, Query{Search: "hook/9000"}), testIDs(9000))
			check(t, j.Close())

			aside, err := filepath.Glob(path + ".damaged-*")
			check(t, err)
			if len(aside) == 0 {
				t.Error("nothing was set aside")
			}
			if _, err := os.Stat(path + suspectSuffix); err == nil {
				t.Error("it is still suspect")
			}
			if got := sqlValue(t, path, "PRAGMA integrity_check"); got != "ok" {
				t.Errorf("integrity check: %v", got)
			}
		})
	}
}

// checkSalvaged checks that filters, searches and originals agree with what is
// left.
func checkSalvaged(t *testing.T, j *Journal, ids []string, whole bool) {
	t.Helper()
	found := list(t, j, Query{Claim: "garage", Limit: 1000})
	diff(t, found, ids)
	check(t, j.Index(t.Context()))
	unfinished := unfinishedIDs(t, j, "", 100)
	if whole && len(unfinished) != 5 {
		t.Errorf("%d unfinished deliveries are left", len(unfinished))
	}
	for _, id := range unfinished {
		r, err := j.Original(t.Context(), id)
		if err != nil {
			if whole {
				t.Errorf("original of %s: %v", id, err)
			}
			continue
		}
		if len(r.Body) == 0 || len(r.Head) == 0 || r.Redacted {
			t.Errorf("original of %s: %+v", id, r.Delivery)
		}
		if whole && r.SenderID == "" {
			t.Errorf("%s has lost its sender's id", id)
		}
	}
}

// Damage that shows while the journal is open has the file checked next time.
func TestDamageIsNoted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	stored(t, path, 500)
	page := sqlValue(t, path, "SELECT pageno FROM dbstat WHERE name = 'deliveries' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 3").(int64)
	overwrite(t, path, page, 1)
	j := openAt(t, path, Options{Seal: testKey}) // it does not look there
	if _, _, err := j.List(t.Context(), Query{Until: epoch.Add(300 * time.Second), Limit: 1000}); err == nil {
		t.Fatal("the damage does not show")
	}
	check(t, j.Close())
	j = openAt(t, path, Options{Seal: testKey})
	if ids := list(t, j, Query{Limit: 1000}); len(ids) < 440 {
		t.Errorf("%d are left", len(ids))
	}
}

// An index that is damaged is made anew.
func TestDamagedIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	stored(t, path, 500)
	// A record of the index that is none: SQLite itself finds nothing wrong.
	sqlValue(t, indexPath(path), "UPDATE words_1_data SET block = x'"+fmt.Sprintf("%x", binary.BigEndian.AppendUint64(nil, 1<<40))+"' WHERE id > 1000")
	j := openAt(t, path, Options{Seal: testKey})
	_, _, err := j.List(t.Context(), Query{Search: "body 7"})
	check(t, j.Close())
	if err == nil {
		t.Skip("the damage does not show")
	}
	j = openAt(t, path, Options{Seal: testKey})
	for range 2 {
		if got := list(t, j, Query{Search: "hook/77"}); len(got) != 1 {
			t.Errorf("found %d", len(got))
		}
		check(t, j.Index(t.Context()))
	}
	if ids := list(t, j, Query{Limit: 1000}); len(ids) != 505 {
		t.Errorf("%d deliveries", len(ids))
	}
	if got := shardsOf(t, path); !strings.Contains(got, "words_1") {
		t.Errorf("shards %q", got)
	}
}
