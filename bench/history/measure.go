package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"homehook/agent/history"
)

// question is something a user may ask the history.
type question struct {
	name string
	q    history.Query
	deep bool // asks for the page in the middle
}

func questions(rows int) []question {
	needle := rows - rows%100_000 - 1
	return []question{
		{name: "newest page", q: history.Query{}},
		{name: "newest page of 1,000", q: history.Query{Limit: 1000}},
		{name: "page in the middle", q: history.Query{}, deep: true},
		{name: "claim, frequent", q: history.Query{Claim: "garage"}},
		{name: "claim, deep", q: history.Query{Claim: "garage"}, deep: true},
		{name: "claim, none", q: history.Query{Claim: "nowhere"}},
		{name: "route", q: history.Query{Route: "shop ring"}},
		{name: "state dead", q: history.Query{State: history.Dead}},
		{name: "state rejected, four in all", q: history.Query{State: history.Rejected}},
		{name: "method", q: history.Query{Method: "DELETE"}},
		{name: "method that nobody uses", q: history.Query{Method: "PURGE"}},
		{name: "status", q: history.Query{Status: 404}},
		{name: "status that never was", q: history.Query{Status: 418}},
		{name: "a minute by since and until", q: history.Query{Since: received(rows / 2), Until: received(rows/2 + 20)}},
		{name: "all filters", q: history.Query{Claim: "code", Route: "code push", State: history.Dead, Method: "PUT", Status: 502}},
		{name: "all filters, deep", q: history.Query{Claim: "code", Route: "code push", State: history.Dead, Method: "PUT", Status: 502}, deep: true},
		{name: "frequent filters, never together", q: history.Query{Claim: "garage", Route: "shop ring"}},
		{name: "search a word of all", q: history.Query{Search: "homehook "}},
		{name: "search a word of all, deep", q: history.Query{Search: "homehook"}, deep: true},
		{name: "search a beginning of all", q: history.Query{Search: "homeh"}},
		{name: "search one letter", q: history.Query{Search: "a"}},
		{name: "search a word of ten", q: history.Query{Search: "needle"}},
		{name: "search a word of one", q: history.Query{Search: fmt.Sprintf("n%d", needle)}},
		{name: "search a word of none", q: history.Query{Search: "nosuchword"}},
		{name: "search two words of all", q: history.Query{Search: "homehook sha256"}},
		{name: "search a frequent and a rare word", q: history.Query{Search: "homehook needle"}},
		{name: "search with punctuation", q: history.Query{Search: "application/json"}},
		{name: "search frequent words, never together", q: history.Query{Search: "even odd"}},
		{name: "search only punctuation", q: history.Query{Search: "{[["}},
		{name: "search and frequent filters", q: history.Query{Search: "homehook", Claim: "garage", State: history.Dead}},
		{name: "search a word of all, rare filter", q: history.Query{Search: "homehook", State: history.Rejected}},
		{name: "search a rare word, frequent filter", q: history.Query{Search: "needle", State: history.Succeeded}},
		{name: "search a frequent word, filters never together", q: history.Query{Search: "odd", Claim: "garage", Route: "shop ring"}},
		{name: "search within an hour", q: history.Query{Search: "homehook", Since: received(rows / 2), Until: received(rows/2 + 1400)}},
	}
}

// measure asks all questions and prints how long the answers took.
func measure(ctx context.Context, out io.Writer, j *history.Journal, rows, runs int, limit time.Duration) error {
	fmt.Fprintf(out, "%-48s %9s %9s %6s %5s\n", "", "median ms", "worst ms", "found", "calls")
	slow := 0
	for _, qu := range questions(rows) {
		if qu.deep {
			_, cursor, err := j.List(ctx, history.Query{Until: received(rows / 2), Limit: 1})
			if err != nil {
				return err
			}
			qu.q.Cursor = cursor
		}
		took, found, calls, err := ask(ctx, j, qu.q, runs)
		if err != nil {
			return fmt.Errorf("%s: %w", qu.name, err)
		}
		worst := took[len(took)-1]
		mark := ""
		if worst > limit {
			mark, slow = "  too slow", slow+1
		}
		fmt.Fprintf(out, "%-48s %9.1f %9.1f %6d %5d%s\n", qu.name, milliseconds(took[len(took)/2]), milliseconds(worst), found, calls, mark)
	}
	if slow > 0 {
		return fmt.Errorf("%d answers took longer than %s", slow, limit)
	}
	return nil
}

// mostCalls is how often one question is asked on with a cursor.
const mostCalls = 8

// ask fills one page, as often as runs says, and returns how long each call
// took, sorted. A search may take several calls to fill a page.
func ask(ctx context.Context, j *history.Journal, q history.Query, runs int) (took []time.Duration, found, calls int, err error) {
	want := q.Limit
	if want == 0 {
		want = 50
	}
	for range runs {
		page := q
		for found, calls = 0, 0; found < want && calls < mostCalls; {
			began := time.Now()
			list, cursor, err := j.List(ctx, page)
			if err != nil {
				return nil, 0, 0, err
			}
			took = append(took, time.Since(began))
			found, calls = found+len(list), calls+1
			if page.Cursor = cursor; cursor == "" {
				break
			}
		}
	}
	slices.Sort(took)
	return took, found, calls, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
