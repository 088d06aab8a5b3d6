package history

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// outlined are the ids of a whole listing, page after page, each read with the
// cursor that an outline has for it.
func outlined(t *testing.T, j *Journal, q Query, every int) (ids []string) {
	t.Helper()
	o, err := j.Outline(t.Context(), q, every)
	check(t, err)
	q.Limit = every
	for _, cursor := range append([]string{""}, o.Cursors...) {
		q.Cursor = cursor
		page, _, err := j.List(t.Context(), q)
		check(t, err)
		if len(page) == 0 && cursor != "" || len(page) < every && cursor != "" && cursor != o.Cursors[len(o.Cursors)-1] {
			t.Errorf("the page at %q has %d deliveries of %d", cursor, len(page), every)
		}
		for i := range page {
			ids = append(ids, page[i].ID)
		}
	}
	if o.Count != int64(len(ids)) {
		t.Errorf("count %d, but the pages have %d", o.Count, len(ids))
	}
	return ids
}

// The pages of an outline are those of the listing, whatever the filters and
// however many facets there are.
func TestOutline(t *testing.T) {
	j := openTest(t, Options{})
	r := rand.New(rand.NewPCG(5, 6))
	const n = 1200
	for i := range n {
		d := done(i, []string{Succeeded, Succeeded, Succeeded, Dead}[r.IntN(4)])
		d.Claim, d.Route, d.Status = []string{"garage", "shop", ""}[r.IntN(3)], fmt.Sprintf("route %d", r.IntN(9)), 200+r.IntN(4)
		d.Method = []string{"POST", "GET", "BREW"}[r.IntN(3)]
		d.Received = epoch.Add(time.Duration(i/3) * time.Second) // several at the same time
		check(t, j.Finish(d))
	}
	for _, q := range []Query{
		{},
		{Claim: "garage"},
		{Claim: "nowhere"},
		{State: Dead, Status: 202},
		{Method: "GET"},
		{Route: "route 3", Claim: "shop"},
		{Since: epoch.Add(100 * time.Second)},
		{Since: epoch.Add(100 * time.Second), Until: epoch.Add(103 * time.Second), Claim: "garage"},
	} {
		want := list(t, j, q)
		for _, every := range []int{1, 7, 100, 1000} {
			t.Run(fmt.Sprintf("%+v by %d", q, every), func(t *testing.T) {
				if every == 1 && len(want) > 400 {
					return // each would be read alone
				}
				diff(t, outlined(t, j, q, every), want)
			})
		}
	}
}

// A full last page has no page behind it.
func TestOutlineEnds(t *testing.T) {
	j := openTest(t, Options{})
	for _, want := range []struct{ rows, cursors int }{{0, 0}, {9, 0}, {10, 0}, {11, 1}, {20, 1}, {21, 2}} {
		count := 0
		if o, err := j.Outline(t.Context(), Query{}, 10); err == nil {
			count = int(o.Count)
		}
		if count < want.rows {
			add(t, j, count, want.rows-1)
		}
		o, err := j.Outline(t.Context(), Query{}, 10)
		check(t, err)
		if o.Count != int64(want.rows) || len(o.Cursors) != want.cursors || o.Cursors == nil {
			t.Errorf("%d rows: count %d, cursors %q", want.rows, o.Count, o.Cursors)
		}
	}
}

func TestOutlineRefuses(t *testing.T) {
	j := openTest(t, Options{})
	for _, tt := range []struct {
		q     Query
		every int
		want  string
	}{
		{Query{Search: "a"}, 10, "search"},
		{Query{Cursor: encodeCursor(1)}, 10, "cursor"},
		{Query{Method: "BREW"}, 10, `"BREW"`},
		{Query{Method: otherMethod}, 10, "method"},
		{Query{}, 0, "1 to 1000"},
		{Query{}, 1001, "1 to 1000"},
	} {
		_, err := j.Outline(t.Context(), tt.q, tt.every)
		if !errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt.q, err)
		}
	}
}

// Pages that would take too much memory together are refused.
func TestOutlineBounds(t *testing.T) {
	j := openTest(t, Options{})
	add(t, j, 0, 19)
	l, err := newOutlining(Query{}, 5)
	check(t, err)
	if o, err := l.outline(t.Context(), j, 5, 4); err != nil || len(o.Cursors) != 3 {
		t.Errorf("4 pages of at most 4: %+v, %v", o, err)
	}
	if _, err := l.outline(t.Context(), j, 5, 3); !errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), "at most 3 pages") {
		t.Errorf("4 pages of at most 3: %v", err)
	}
}

func TestParseSeqs(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []int64
	}{
		{"", nil},
		{"0", []int64{0}},
		{"12,1772366400000000001", []int64{12, 1772366400000000001}},
		{"1,,2", nil},
		{"1,", nil},
		{"-1", nil},
		{"99999999999999999999", nil},
	} {
		got, err := parseSeqs(nil, []byte(tt.text))
		if (err != nil) != (tt.want == nil && tt.text != "") || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %v, %v", tt.text, got, err)
		}
	}
}
