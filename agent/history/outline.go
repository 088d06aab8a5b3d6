package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Outline says how many deliveries a query selects and where each page of them
// begins.
type Outline struct {
	Count int64
	// Cursors are those of every page but the first, which has none.
	Cursors []string
}

// Outline counts the deliveries that q selects, and returns the cursors with
// which [Journal.List] returns each page of every deliveries but the first. It
// reads no delivery, only the index of what filters look at: a million takes some
// tenths of a second, and apart from the cursors a few megabytes of memory. It is
// one view of the history: deliveries that come in meanwhile do not count.
//
// More than a hundred thousand pages are too many: that too is ErrQuery.
//
// What a search selects is known only by reading; so that, and a method that
// hardly anybody uses, is ErrQuery, as are a cursor and an every that is not a
// page of List. The other errors are those of List.
func (j *Journal) Outline(ctx context.Context, q Query, every int) (*Outline, error) {
	l, err := newOutlining(q, every)
	if err != nil {
		return nil, err
	}
	if err := j.settle(ctx); err != nil {
		return nil, err
	}
	out, err := l.outline(ctx, j, every, mostPages)
	if errors.Is(err, ErrQuery) {
		return nil, err
	}
	if err != nil {
		suspect(j.w.path, err, j.opts.Log)
		return nil, fmt.Errorf("outline deliveries: %w", err)
	}
	return out, nil
}

// newOutlining refuses what cannot be told without reading deliveries.
func newOutlining(q Query, every int) (*listing, error) {
	switch {
	case q.Search != "":
		return nil, fmt.Errorf("%w: a search cannot be outlined, since what it finds is known only by reading; leave search out, or page through the listing", ErrQuery)
	case q.Cursor != "":
		return nil, fmt.Errorf("%w: an outline is always of the whole; leave the cursor out", ErrQuery)
	case facetMethod(q.Method) != q.Method || q.Method == otherMethod:
		return nil, fmt.Errorf("%w: deliveries with the method %.40q cannot be outlined, since no index tells them apart; page through the listing", ErrQuery, q.Method)
	case every < 1 || every > maxLimit:
		return nil, fmt.Errorf("%w: a page of an outline has 1 to %d deliveries, not %d", ErrQuery, maxLimit, every)
	}
	return newListing(q)
}

// mostPages bounds the cursors of an outline, which take some megabytes then.
const mostPages = 100_000

// outline walks over the seqs of all that is selected.
func (l *listing) outline(ctx context.Context, j *Journal, every, most int) (*Outline, error) {
	tx, end, err := j.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	ids, all, err := selectFacets(ctx, tx, l.q)
	if err == nil && all {
		ids, err = allFacets(ctx, tx)
	}
	if err != nil {
		return nil, err
	}
	m, err := newMerge(ctx, tx, ids, l.from, l.before)
	if err != nil {
		return nil, err
	}
	defer m.read.Close()
	out := &Outline{Cursors: []string{}}
	for last := int64(0); len(m.heap) > 0; out.Count++ {
		if out.Count > 0 && out.Count%int64(every) == 0 {
			if len(out.Cursors)+1 == most {
				return nil, fmt.Errorf("%w: an outline has at most %d pages, and those of %d deliveries are more; ask for longer ones, or for less time", ErrQuery, most, every)
			}
			out.Cursors = append(out.Cursors, encodeCursor(last))
		}
		if last, err = m.next(ctx); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// allFacets are the numbers of all facets.
func allFacets(ctx context.Context, tx *sql.Tx) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM facets`)
	if err != nil {
		return nil, err
	}
	return integers(rows)
}

// mergeBuffer is how many seqs a merge holds, of all facets together, and
// mergeLeast and mergeMost bound what it reads of one facet at once.
const (
	mergeBuffer = 1 << 18
	mergeLeast  = 32
	mergeMost   = 4096
)

// outlineSQL reads a chunk of a facet as one text: as rows they would take several
// times as long to get here.
const outlineSQL = `SELECT coalesce(group_concat(seq), '') FROM
(SELECT seq FROM deliveries WHERE facet = ? AND seq < ? AND seq >= ? ORDER BY seq DESC LIMIT ?)`

// merge returns the seqs of many facets from the newest to the oldest. Unlike a
// facetWalk it is made to go through all of them.
type merge struct {
	read   *sql.Stmt
	from   int64
	chunk  int
	ranges []mergeRange
	heap   []mergeHead // of all ranges that have something left, the newest first
}

// mergeRange is one facet under way.
type mergeRange struct {
	facet int64
	seqs  []int64 // from the oldest to the newest, which goes next
	ended bool    // nothing is left in the file
}

// mergeHead is the newest seq of a range. They lie close together, since they are
// looked at far more often than the rest.
type mergeHead struct {
	seq int64
	of  int // in ranges
}

func newMerge(ctx context.Context, tx *sql.Tx, facets []int64, from, before int64) (*merge, error) {
	m := &merge{from: from, chunk: min(max(mergeBuffer/max(len(facets), 1), mergeLeast), mergeMost)}
	var err error
	if m.read, err = tx.PrepareContext(ctx, outlineSQL); err != nil {
		return nil, err
	}
	for _, id := range facets {
		r := mergeRange{facet: id}
		if err := m.fill(ctx, &r, before); err != nil {
			m.read.Close()
			return nil, err
		}
		if n := len(r.seqs); n > 0 {
			m.heap = append(m.heap, mergeHead{r.seqs[n-1], len(m.ranges)})
			m.ranges = append(m.ranges, r)
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m, nil
}

// next returns the newest seq that is left. There is one while the heap has any.
func (m *merge) next(ctx context.Context) (seq int64, err error) {
	seq = m.heap[0].seq
	r := &m.ranges[m.heap[0].of]
	r.seqs = r.seqs[:len(r.seqs)-1]
	if len(r.seqs) == 0 && !r.ended {
		if err := m.fill(ctx, r, seq); err != nil {
			return 0, err
		}
	}
	if n := len(r.seqs); n > 0 {
		m.heap[0].seq = r.seqs[n-1]
	} else {
		last := len(m.heap) - 1
		m.heap[0] = m.heap[last]
		m.heap = m.heap[:last]
	}
	m.sink(0)
	return seq, nil
}

// fill reads the next chunk of a range, which is empty.
func (m *merge) fill(ctx context.Context, r *mergeRange, before int64) error {
	var text sql.RawBytes
	rows, err := m.read.QueryContext(ctx, r.facet, before, m.from, m.chunk)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if r.seqs, err = parseSeqs(r.seqs[:0], text); err != nil {
			return err
		}
	}
	slices.Sort(r.seqs) // the order in which they were put together is nobody's promise
	r.ended = len(r.seqs) < m.chunk
	return rows.Err()
}

// sink puts what is at i of the heap where it belongs among those below it.
func (m *merge) sink(i int) {
	if i >= len(m.heap) {
		return
	}
	h, moving := m.heap, m.heap[i]
	for child := 2*i + 1; child < len(h); child = 2*i + 1 {
		if child+1 < len(h) && h[child+1].seq > h[child].seq {
			child++
		}
		if h[child].seq <= moving.seq {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = moving
}

// parseSeqs reads numbers with commas between them.
func parseSeqs(to []int64, text []byte) ([]int64, error) {
	n, digits := int64(0), 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && text[i] >= '0' && text[i] <= '9' && n <= (math.MaxInt64-9)/10:
			n = n*10 + int64(text[i]-'0')
			digits++
		case digits > 0 && (i == len(text) || text[i] == ','):
			to = append(to, n)
			n, digits = 0, 0
		case len(text) > 0:
			return nil, fmt.Errorf("seqs of deliveries are not numbers: %s", strconv.QuoteToASCII(string(text[:min(len(text), 40)])))
		}
	}
	return to, nil
}
