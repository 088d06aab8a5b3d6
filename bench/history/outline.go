package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"homehook/agent/history"
)

// outlinePage is how many deliveries are on a page of the outlines.
const outlinePage = 200

// measureOutlines asks where the pages of everything begin, and of one claim. All
// of it may take several times as long as a page: it is asked for once per view.
func measureOutlines(ctx context.Context, out io.Writer, j *history.Journal, runs int, limit time.Duration) error {
	fmt.Fprintf(out, "\n%-48s %9s %9s %9s %7s\n", "", "median ms", "worst ms", "count", "MB")
	slow := 0
	for _, qu := range []question{
		{name: "outline of all", q: history.Query{}},
		{name: "outline of a claim", q: history.Query{Claim: "garage"}},
		{name: "outline of a rare state", q: history.Query{State: history.Rejected}},
	} {
		var took []time.Duration
		var count int64
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			began := time.Now()
			o, err := j.Outline(ctx, qu.q, outlinePage)
			if err != nil {
				return fmt.Errorf("%s: %w", qu.name, err)
			}
			took, count = append(took, time.Since(began)), o.Count
		}
		runtime.ReadMemStats(&after)
		slices.Sort(took)
		worst, mark := took[len(took)-1], ""
		if worst > limit {
			mark, slow = "  too slow", slow+1
		}
		// All that was asked for, most of which was let go at once.
		allocated := float64(after.TotalAlloc-before.TotalAlloc) / float64(runs) / (1 << 20)
		fmt.Fprintf(out, "%-48s %9.1f %9.1f %9d %7.1f%s\n", qu.name, milliseconds(took[len(took)/2]), milliseconds(worst), count, allocated, mark)
	}
	if slow > 0 {
		return fmt.Errorf("%d outlines took longer than %s", slow, limit)
	}
	return nil
}
