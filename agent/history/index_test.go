package history

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shardsOf lists the parts of the index that the file holds.
func shardsOf(t *testing.T, path string) string {
	t.Helper()
	got, _ := sqlValue(t, indexPath(path), "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%' ORDER BY name)").(string)
	return got
}

// unindexed is how many deliveries the index does not hold as they are.
func unindexed(t *testing.T, path string) int64 {
	t.Helper()
	upto := sqlValue(t, indexPath(path), "SELECT ifnull(max(value), -1) FROM numbers WHERE name = 'bucket'").(int64)
	return sqlValue(t, path, fmt.Sprintf(`SELECT (SELECT count(*) FROM unindexed) + (SELECT count(*) FROM deliveries WHERE seq >= %d)`,
		(upto+1)*seqsPerBucket)).(int64)
}

// Nobody asks: an idle journal indexes by itself, and rests afterwards.
func TestIndexesByItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{shard: 50})
	add(t, j, 1, 300)
	check(t, j.Begin(numbered(301), true))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for unindexed(t, path) > 0 {
		check(t, ctx.Err())
	}
	diff(t, list(t, j, Query{Search: "hook 301"}), testIDs(301))

	// A change that comes later is indexed as well.
	f := done(301, Dead)
	f.Log[0].Output = []byte("the needle")
	check(t, j.Finish(f))
	diff(t, list(t, j, Query{Search: "needle", State: Dead}), testIDs(301))
	for unindexed(t, path) > 0 {
		check(t, ctx.Err())
	}
	diff(t, list(t, j, Query{Search: "needle", State: Dead}), testIDs(301))
	diff(t, list(t, j, Query{Search: "needle", State: Running}), []string(nil))
}

// An index of a file that was closed in between goes on where it was.
func TestIndexGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	for round := range 4 {
		j := openAt(t, path, Options{shard: 50})
		add(t, j, 100*round+1, 100*round+100)
		if round%2 == 0 {
			check(t, j.Index(t.Context()))
		}
		if got := len(list(t, j, Query{Search: "body", Limit: 1000})); got != 100*round+100 {
			t.Errorf("round %d: found %d", round, got)
		}
		check(t, j.Close())
	}
	if n := unindexed(t, path); n != 100 {
		t.Errorf("%d are not indexed, want those of the last round", n)
	}
}

// Parts of the index go with the deliveries they are for.
func TestIndexIsPruned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	now := epoch.Add(500 * time.Second)
	j := openAt(t, path, Options{Keep: 100 * time.Second, PruneEvery: time.Hour, shard: 50, Now: func() time.Time { return now }, since: flying()})
	check(t, j.Begin(numbered(20), true)) // stays: it is owed an end
	add(t, j, 100, 500)
	check(t, j.Index(t.Context()))
	before := shardsOf(t, path)
	check(t, j.Prune(t.Context()))
	if n := strings.Count(before, "words"); n != 9 {
		t.Errorf("before: %s", before)
	}
	// Of 100 to 400 only the first part stays, because of the old one.
	if got := shardsOf(t, path); got != "words_1 words_7 words_8 words_9" {
		t.Errorf("after: %s", got)
	}
	if got := list(t, j, Query{Search: "body 2"}); len(got) != 1 || got[0] != testID(20) {
		t.Errorf("found %v", got)
	}
	if got := len(list(t, j, Query{Search: "body", Limit: 1000})); got != 102 {
		t.Errorf("found %d", got)
	}
	// Late ones find a place, and go again.
	add(t, j, 200, 210)
	check(t, j.Index(t.Context()))
	if got := list(t, j, Query{Search: "body 205"}); len(got) != 1 {
		t.Errorf("found %v", got)
	}
	check(t, j.Prune(t.Context()))
	if got := list(t, j, Query{Search: "body 205"}); len(got) != 0 {
		t.Errorf("found %v", got)
	}
}

// After a delivery from the future all others come late; the index does not
// degenerate.
func TestIndexWithAFutureDelivery(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{shard: 20})
	future := done(10_000, Succeeded)
	future.Received = epoch.AddDate(10, 0, 0)
	check(t, j.Finish(future))
	for n := 0; n < 400; n += 10 {
		add(t, j, n, n+9)
		check(t, j.Index(t.Context()))
	}
	if n := strings.Count(shardsOf(t, path), "words"); n < 8 {
		t.Errorf("%d shards", n)
	}
	if got := sqlValue(t, indexPath(path), "SELECT max(buckets) FROM shards").(int64); got > 120 {
		t.Errorf("a shard has %d buckets", got)
	}
	if got := len(list(t, j, Query{Search: "body", Limit: 300})); got != 401 {
		t.Errorf("found %d", got)
	}
}

// A complete shard ends up in one piece.
func TestIndexIsCompacted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{shard: 500})
	for n := 0; n < 600; n += 20 {
		add(t, j, n, n+19)
		check(t, j.Index(t.Context()))
	}
	// Every piece has rows of its own in words_1_idx.
	if got := sqlValue(t, indexPath(path), "SELECT count(DISTINCT segid) FROM words_1_idx"); got != int64(1) {
		t.Errorf("%v pieces", got)
	}
	diff(t, list(t, j, Query{Search: "body 17"})[:1], testIDs(179))
}

// Deliveries crowded into a few buckets, more than a slice takes.
func TestIndexOfCrowdedBuckets(t *testing.T) {
	j := openTest(t, Options{})
	const n = 1500
	for i := range n {
		r := done(i, Succeeded)
		r.Received = epoch
		if i%1000 == 0 {
			r.Body = []byte("needle")
		}
		check(t, j.Finish(r))
	}
	check(t, j.Index(t.Context()))
	diff(t, list(t, j, Query{Search: "needle"}), testIDs(1000, 0))
	if got := len(list(t, j, Query{Search: "body", Limit: 100})); got != n-2 {
		t.Errorf("found %d", got)
	}
}

func TestIndexClosed(t *testing.T) {
	j := openTest(t, Options{})
	check(t, j.Close())
	if err := j.Index(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

// The index is a help, and its failure is no failure of the journal.
func TestIndexFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{})
	sqlValue(t, indexPath(path), "CREATE TRIGGER fail BEFORE INSERT ON shards BEGIN SELECT RAISE(ABORT, 'no room'); END")
	add(t, j, 1, 10)
	if err := j.Index(t.Context()); err == nil || !strings.Contains(err.Error(), "index deliveries") {
		t.Errorf("error %v", err)
	}
	diff(t, list(t, j, Query{Search: "body 7"}), testIDs(7))
	add(t, j, 11, 12)
	sqlValue(t, indexPath(path), "DROP TRIGGER fail")
	check(t, j.Index(t.Context()))
	diff(t, list(t, j, Query{Search: "hook/1"}), testIDs(12, 11, 10, 1))
	if j.Err() != nil {
		t.Error(j.Err())
	}
}

func TestEachWord(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"a", "a!"},
		{"Hello, World", "hello world!"},
		{"a_b-c.d", "a b c d!"},
		{" a ", "a"},
		{"x1y2 3", "x1y2 3!"},
		{"Grün ÄÖ", "grün äö!"},
		{"日本 go語", "日 本 go 語!"},
		{"n\xffm\x80", "n m"},
		{long, long[:wordBytes] + "!"},
		{strings.Repeat("é", 40), strings.Repeat("é", 32) + "!"},
		{"x" + strings.Repeat("é", 40), "x" + strings.Repeat("é", 31) + "!"},
	} {
		t.Run(fmt.Sprintf("%.20q", tt.in), func(t *testing.T) {
			var got []string
			eachWord(fold(nil, []byte(tt.in)), func(word []byte, last bool) {
				text := string(word)
				if last {
					text += "!"
				}
				got = append(got, text)
			})
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), tt.want)
			}
		})
	}
}

// Whatever matches is what the index is asked for.
func FuzzMatcher(f *testing.F) {
	f.Add("POST /hook/Needle?x=1", "needle x")
	f.Add("日本語 \xff\x00 ", "本 語")
	f.Add(strings.Repeat("é", 70), strings.Repeat("é", 61))
	f.Fuzz(func(t *testing.T, text, search string) {
		m := newMatcher(search)
		if !m.look([]byte(text)) {
			return
		}
		var l wordList
		l.reset()
		l.add([]byte(text))
		words := strings.Fields(string(l.text))
		expression := m.expression(nil)
		if expression == "" {
			return
		}
		for _, part := range strings.Split(expression, " AND ") {
			word, prefix := strings.CutSuffix(part, " *")
			word = strings.Trim(word, `"`)
			found := false
			for _, w := range words {
				found = found || w == word || prefix && strings.HasPrefix(w, word)
			}
			if !found {
				t.Fatalf("%q matches %q, of which the index has %q", search, text, words)
			}
		}
	})
}

// A history that a power cut or a copy has set back gets a new index.
func TestIndexThatIsAhead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{})
	add(t, j, 1, 10)
	check(t, j.Begin(numbered(11), true))
	check(t, j.Close())
	old, err := os.ReadFile(path)
	check(t, err)
	for name, change := range map[string]func(){
		"set back":          func() { check(t, os.WriteFile(path, old, 0o600)) },
		"another history":   func() { check(t, os.Remove(path)); check(t, openAt(t, path, Options{}).Close()) },
		"not there":         func() { check(t, os.Remove(indexPath(path))) },
		"no database":       func() { check(t, os.WriteFile(indexPath(path), []byte("text"), 0o600)) },
		"another version":   func() { sqlValue(t, indexPath(path), "PRAGMA user_version = 99") },
		"another program's": func() { sqlValue(t, indexPath(path), "PRAGMA application_id = 1") },
	} {
		t.Run(name, func(t *testing.T) {
			check(t, os.WriteFile(path, old, 0o600))
			j := openAt(t, path, Options{})
			f := done(11, Succeeded)
			f.Log[0].Output = []byte("needle")
			check(t, j.Finish(f))
			check(t, j.Index(t.Context()))
			check(t, j.Close())
			change()
			j = openAt(t, path, Options{})
			if got := sqlValue(t, indexPath(path), "SELECT count(*) FROM shards"); got != int64(0) {
				t.Errorf("the index was kept, with %v shards", got)
			}
			want := len(list(t, j, Query{Search: "hook"}))
			check(t, j.Index(t.Context()))
			if got := len(list(t, j, Query{Search: "hook"})); got != want {
				t.Errorf("found %d, want %d", got, want)
			}
			check(t, j.Close())
		})
	}
}
