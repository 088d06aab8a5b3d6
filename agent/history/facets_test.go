package history

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Hundreds of facets are merged in order, whatever each has left.
func TestManyFacets(t *testing.T) {
	j := openTest(t, Options{})
	const n = 1300
	var want []string
	for i := range n {
		r := done(i, Succeeded)
		r.Route, r.Status = fmt.Sprintf("route %d", i*i%61), 200+i%7
		if i > n/2 {
			r.Route = fmt.Sprintf("route %d", i%3) // most facets end early
		}
		check(t, j.Finish(r))
		want = append(want, r.ID)
	}
	check(t, j.Flush(t.Context()))
	slices.Reverse(want)
	if got := sqlValue(t, j.w.path, "SELECT count(*) FROM facets").(int64); got < 2*walkFacets {
		t.Fatalf("%d facets: the test sees too little", got)
	}
	for _, limit := range []int{70, 1000} {
		diff(t, list(t, j, Query{Claim: "garage", Limit: limit}), want)
	}
	page, _, err := j.List(t.Context(), Query{Claim: "garage", Since: epoch.Add(100 * time.Second), Until: epoch.Add(103 * time.Second)})
	check(t, err)
	if len(page) != 3 {
		t.Errorf("%d between since and until", len(page))
	}
}

// A sender that makes up methods makes up no facets.
func TestMadeUpMethods(t *testing.T) {
	j := openTest(t, Options{})
	const n = 300
	for i := range n {
		r := done(i, Succeeded)
		r.Method = fmt.Sprintf("METHOD%d", i)
		check(t, j.Finish(r))
	}
	diff(t, list(t, j, Query{Method: "METHOD7"}), testIDs(7))
	diff(t, list(t, j, Query{Method: otherMethod}), []string(nil))
	if got := sqlValue(t, j.w.path, "SELECT count(*) FROM facets"); got != int64(1) {
		t.Errorf("%v facets", got)
	}
}

// The SQL that makes facets anew agrees with the code that makes them one by
// one.
func TestRefacet(t *testing.T) {
	j := openTest(t, Options{})
	for i, method := range []string{"", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "*", "get"} {
		r := done(i, []string{Succeeded, Dead}[i%2])
		r.Method, r.Claim = method, []string{"", "garage"}[i/2%2]
		check(t, j.Finish(r))
	}
	check(t, j.Close())
	const facets = `SELECT group_concat(x, ' ') FROM (SELECT d.id || ':' || f.claim || f.route || f.state || f.method || f.status AS x
FROM deliveries d JOIN facets f ON f.id = d.facet ORDER BY d.id)`
	before := sqlValue(t, j.w.path, facets)
	c := openRaw(t, j.w.path)
	check(t, c.Exec("BEGIN;"+refacetSQL+"COMMIT"))
	if after := sqlValue(t, j.w.path, facets); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

// A search that finds nothing for long gives up for the moment, and goes on
// from where it was.
func TestSearchIsPutOff(t *testing.T) {
	j := openTest(t, Options{shard: 20})
	for n := range 100 {
		r := done(n, Succeeded)
		r.Body = []byte([]string{"even", "odd"}[n%2])
		if n == 3 {
			r.Body = []byte("even odd")
		}
		check(t, j.Finish(r))
	}
	check(t, j.Flush(t.Context()))
	for _, indexed := range []bool{false, true} {
		if indexed {
			check(t, j.Index(t.Context()))
		}
		q := Query{Search: "even odd"}
		var got []string
		calls := 0
		for {
			l, err := newListing(q)
			check(t, err)
			l.patience = -1
			next, err := l.run(t.Context(), j)
			check(t, err)
			calls++
			for _, d := range l.page {
				got = append(got, d.ID)
			}
			if q.Cursor = next; next == "" {
				break
			}
		}
		diff(t, got, testIDs(3))
		if indexed && calls > 15 || !indexed && calls < 75 {
			t.Errorf("indexed %t: %d calls", indexed, calls)
		}
	}
}

// What a filter selects little of is read, without the index.
func TestSearchInFew(t *testing.T) {
	j := openTest(t, Options{})
	for n := range 700 {
		r := done(n, Succeeded)
		if n%100 == 5 {
			r.State, r.Status = Dead, 500
		}
		check(t, j.Finish(r))
	}
	check(t, j.Index(t.Context()))
	sqlValue(t, indexPath(j.w.path), "DELETE FROM shards") // as if the index knew nothing
	diff(t, list(t, j, Query{Search: "body", State: Dead}), testIDs(605, 505, 405, 305, 205, 105, 5))
	if got := list(t, j, Query{Search: "body", State: Succeeded}); len(got) != 0 {
		t.Errorf("found %d without an index", len(got))
	}
}

func TestMatcher(t *testing.T) {
	for _, tt := range []struct {
		search, text string
		want         bool
	}{
		{"needle", "a needle.", true},
		{"need", "a needle.", true},
		{"eedle", "a needle.", false},
		{"need a", "a needle.", false},
		{"needle a", "a needle.", true},
		{"NEEDLE", "nEEdlE", true},
		{"a.b", "xa.b a.bc", true},
		{"a.b x", "x a.bc", false},
		{"a.b x", "x a.b.c", true},
		{".b", "a.bc", true},
		{"b.", "ab.c", false},
		{"b.", "a b.c", true},
		{"grün", "GRÜNE", true},
		{"本", "日本語", true},
		{"本 日", "日本語", true},
		{"go", "日go", true},
		{"x", "a\x00x", false},
		{"x", strings.Repeat("a ", searchedBytes/2) + "x", false},
		{"{", "{}", true},
		{"\xff", "\xff", true}, // no term is left
	} {
		t.Run(fmt.Sprintf("%q in %.20q", tt.search, tt.text), func(t *testing.T) {
			m := newMatcher(tt.search)
			for range 2 {
				m.begin()
				if got := m.look([]byte(tt.text)); got != tt.want {
					t.Errorf("matches: %t", got)
				}
			}
		})
	}
}
