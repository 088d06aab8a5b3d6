package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

const (
	// walkChunk is how many deliveries are read of one facet at first, where
	// there are several; walkFacets how many facets one statement reads.
	walkChunk  = 8
	walkFacets = 100
)

// facetWalk leads to the deliveries of some facets: it merges the ranges that
// they have in the index, and reads a few of each at a time.
type facetWalk struct {
	tx     *sql.Tx
	from   int64
	ranges []facetRange
}

var _ walker = (*facetWalk)(nil)

// facetRange is one facet under way.
type facetRange struct {
	facet  int64
	before int64 // what is left in the file
	chunk  int   // how many to read next
	seqs   []int64
	ended  bool // nothing is left in the file
}

// newFacetWalk expects that want deliveries will be asked for.
func newFacetWalk(tx *sql.Tx, facets []int64, from, before int64, want int) *facetWalk {
	f := &facetWalk{tx: tx, from: from}
	chunk := walkChunk
	if len(facets) < 4 {
		chunk = want
	}
	for _, id := range facets {
		f.ranges = append(f.ranges, facetRange{facet: id, before: before, chunk: chunk})
	}
	return f
}

func (f *facetWalk) next(ctx context.Context) (seq int64, to step, err error) {
	if err := f.fill(ctx); err != nil {
		return 0, ended, fmt.Errorf("read facets: %w", err)
	}
	best := -1
	for i := range f.ranges {
		r := &f.ranges[i]
		if len(r.seqs) > 0 && (best < 0 || r.seqs[0] > seq) {
			best, seq = i, r.seqs[0]
		}
	}
	if best < 0 {
		return 0, ended, nil
	}
	f.ranges[best].seqs = f.ranges[best].seqs[1:]
	return seq, candidate, nil
}

func (f *facetWalk) close() error { return nil }

// fill reads on where nothing is at hand, and drops the ranges that have ended.
func (f *facetWalk) fill(ctx context.Context) error {
	left := f.ranges[:0]
	var empty []int
	for _, r := range f.ranges {
		if len(r.seqs) == 0 && r.ended {
			continue
		}
		if len(r.seqs) == 0 {
			empty = append(empty, len(left))
		}
		left = append(left, r)
	}
	f.ranges = left
	for len(empty) > 0 {
		n := min(len(empty), walkFacets)
		if err := f.read(ctx, empty[:n]); err != nil {
			return err
		}
		empty = empty[n:]
	}
	return nil
}

// read reads the next chunk of some ranges.
func (f *facetWalk) read(ctx context.Context, which []int) error {
	var text strings.Builder
	var args []any
	for k, i := range which {
		r := &f.ranges[i]
		if k > 0 {
			text.WriteString(" UNION ALL ")
		}
		text.WriteString(`SELECT * FROM (SELECT ?, seq FROM deliveries WHERE facet = ? AND seq < ? AND seq >= ? ORDER BY seq DESC LIMIT ?)`)
		args = append(args, i, r.facet, r.before, f.from, r.chunk)
	}
	rows, err := f.tx.QueryContext(ctx, text.String(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var seq int64
		if err := rows.Scan(&i, &seq); err != nil {
			return err
		}
		f.ranges[i].seqs = append(f.ranges[i].seqs, seq)
	}
	for _, i := range which {
		r := &f.ranges[i]
		if r.ended = len(r.seqs) < r.chunk; !r.ended {
			r.before = r.seqs[len(r.seqs)-1]
		}
		r.chunk = min(2*r.chunk, maxLimit)
	}
	return rows.Err()
}
