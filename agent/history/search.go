package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// openIndex begins to read the index, as it is later than the history is read:
// what the history does not mark is in the index then.
func (l *listing) openIndex(ctx context.Context, j *Journal) (end func(), err error) {
	var one int
	row := l.tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM unindexed LIMIT 1)`) // which begins the snapshot
	if err := row.Scan(&one); err != nil {
		return nil, err
	}
	tx, err := j.index.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	l.index = tx
	return func() { _ = tx.Rollback() }, nil // nothing was written
}

// found says whether a delivery holds what the search looks for.
func (l *listing) found(ctx context.Context, seq int64, d *Delivery) (bool, error) {
	m := l.matcher
	m.begin()
	if m.look([]byte(d.Path)) || m.look([]byte(d.Query)) {
		return true, nil
	}
	var head, body []byte
	row := l.readContent.QueryRowContext(ctx, seq)
	if err := row.Scan(&head, &body); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	if m.look(head) || m.look(body) || d.Attempts == 0 {
		return m.all(), nil
	}
	return l.foundInOutput(ctx, seq)
}

func (l *listing) foundInOutput(ctx context.Context, seq int64) (bool, error) {
	rows, err := l.readOutputs.QueryContext(ctx, seq)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var output sql.RawBytes
		if err := rows.Scan(&output); err != nil {
			return false, err
		}
		if l.matcher.look(output) {
			return true, nil
		}
	}
	return false, rows.Err()
}

// searchWalk leads to the deliveries that may match a search: all that are too
// new for the index, then those the index tells of.
type searchWalk struct {
	walker                                           // what is under way; nil = none
	then   func(ctx context.Context) (walker, error) // makes the next one; nil = there is none
}

func newSearchWalk(ctx context.Context, l *listing, facets []int64) (walker, error) {
	var upto int64
	row := l.index.QueryRowContext(ctx, `SELECT ifnull(max(value), -1) FROM numbers WHERE name = ?`, indexedNumber)
	if err := row.Scan(&upto); err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	border := (upto + 1) * seqsPerBucket
	expression := l.matcher.expression(filterWords(facetOf(&Delivery{
		Claim: l.q.Claim, Route: l.q.Route, State: l.q.State, Method: l.q.Method, Status: l.q.Status,
	})))
	few, err := l.few(ctx, facets)
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	if expression == "" || few {
		border = 0
	}
	s := &searchWalk{}
	if from := max(l.from, border); from < l.before {
		s.walker = l.everything(facets, from, l.before)
	}
	if before := min(l.before, border); l.from < before {
		s.then = func(ctx context.Context) (walker, error) { return newIndexWalk(ctx, l, expression, before) }
	}
	return s, nil
}

// fewRows is how many deliveries are read rather than looked up in the index.
const fewRows = 500

// few says that the filters select few deliveries.
func (l *listing) few(ctx context.Context, facets []int64) (bool, error) {
	if l.facets == nil || len(facets) > fewRows {
		return false, nil
	}
	n := 0
	for _, id := range facets {
		var rows int
		row := l.tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE facet = ? AND seq < ? AND seq >= ? LIMIT ?)`,
			id, l.before, l.from, fewRows)
		if err := row.Scan(&rows); err != nil {
			return false, err
		}
		if n += rows; n >= fewRows {
			return false, nil
		}
	}
	return true, nil
}

// everything leads to all deliveries that the filters select.
func (l *listing) everything(facets []int64, from, before int64) walker {
	if l.facets == nil {
		return &plainWalk{tx: l.tx, from: from, before: before, chunk: l.limit}
	}
	return newFacetWalk(l.tx, facets, from, before, l.limit+1)
}

func (s *searchWalk) next(ctx context.Context) (seq int64, to step, err error) {
	for {
		if s.walker != nil {
			if seq, to, err = s.walker.next(ctx); to != ended || err != nil {
				return seq, to, err
			}
			if err := s.close(); err != nil {
				return 0, ended, err
			}
		}
		if s.then == nil {
			return 0, ended, nil
		}
		if s.walker, err = s.then(ctx); err != nil {
			s.walker = nil
			return 0, ended, err
		}
		s.then = nil
	}
}

func (s *searchWalk) close() (err error) {
	if s.walker != nil {
		err = s.walker.close()
	}
	s.walker = nil
	return err
}

// plainWalk leads to all deliveries.
type plainWalk struct {
	tx           *sql.Tx
	from, before int64
	chunk        int
	seqs         []int64
}

func (p *plainWalk) next(ctx context.Context) (seq int64, to step, err error) {
	if len(p.seqs) == 0 {
		rows, err := p.tx.QueryContext(ctx, `SELECT seq FROM deliveries WHERE seq < ? AND seq >= ? ORDER BY seq DESC LIMIT ?`,
			p.before, p.from, p.chunk)
		if err != nil {
			return 0, ended, err
		}
		if p.seqs, err = integers(rows); err != nil || len(p.seqs) == 0 {
			return 0, ended, err
		}
	}
	p.before, p.seqs = p.seqs[0], p.seqs[1:]
	return p.before, candidate, nil
}

func (p *plainWalk) close() error { return nil }
