package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"
)

const (
	defaultLimit = 50
	maxLimit     = 1000
	maxSearch    = 1000 // bytes

	// listPatience is how long one call of List looks for deliveries at most,
	// where it cannot know beforehand which they are.
	listPatience = 60 * time.Millisecond
)

// deliveryColumns are what scanDelivery expects.
const deliveryColumns = `d.seq, d.id, coalesce(d.claim,''), coalesce(d.relay,''), d.state, coalesce(d.method,''),
coalesce(d.path,''), coalesce(d.query,''), coalesce(d.remote,''), d.size, coalesce(d.body_sha256,''), coalesce(d.route,''),
d.status, d.duration_ms, d.attempts, coalesce(d.sender_id,''), coalesce(d.duplicate_of,''), coalesce(d.replay_of,''),
coalesce(d.reason,''), coalesce(d.answer,''), coalesce(d.due,0), d.starts`

// scanDelivery reads deliveryColumns and what comes behind them.
func scanDelivery(row interface{ Scan(...any) error }, d *Delivery, more ...any) (seq int64, err error) {
	var due int64
	err = row.Scan(append([]any{
		&seq, &d.ID, &d.Claim, &d.Relay, &d.State, &d.Method, &d.Path, &d.Query, &d.Remote, &d.Size,
		&d.BodySHA256, &d.Route, &d.Status, &d.DurationMS, &d.Attempts, &d.SenderID, &d.DuplicateOf, &d.ReplayOf, &d.Reason,
		&d.Answer, &due, &d.Starts,
	}, more...)...)
	d.Received, d.Due = timeOf(seq), dueTime(due)
	return seq, err
}

// List returns the deliveries that q selects, the newest first, and the cursor
// of the next page, which is empty after the last. Deliveries that come in
// while a caller pages show up on no later page and shift none.
//
// One call looks for what it cannot find by an index for a short time only: its
// page may hold fewer deliveries than q.Limit, even none, while the cursor says
// that there is more to read. That happens with searches, of which the words
// are common and never together, or that have no words; and while much is not
// indexed yet. Errors are ErrQuery, ErrClosed and those of ctx and the file.
func (j *Journal) List(ctx context.Context, q Query) ([]Delivery, string, error) {
	l, err := newListing(q)
	if err != nil {
		return nil, "", err
	}
	if err := j.settle(ctx); err != nil {
		return nil, "", err
	}
	next, err := l.run(ctx, j)
	if err != nil {
		suspect(j.w.path, err, j.opts.Log)
		return nil, "", fmt.Errorf("list deliveries: %w", err)
	}
	return l.page, next, nil
}

// settle flushes, so that a reader sees what was written before. A disk that
// takes no writes does not keep anybody from reading.
func (j *Journal) settle(ctx context.Context) error {
	err := j.Flush(ctx)
	if errors.Is(err, ErrClosed) {
		return err
	}
	return ctx.Err()
}

// pageLimit is how many entries a page holds that asks for so many.
func pageLimit(limit int) int {
	if limit <= 0 {
		limit = defaultLimit
	}
	return min(limit, maxLimit)
}

// listing is one call of List under way.
type listing struct {
	q        Query
	before   int64 // what is left to read: from <= seq < before
	from     int64
	limit    int
	patience time.Duration
	matcher  *matcher // nil without a search
	unsure   bool     // not all that a walk leads to is selected

	tx    *sql.Tx
	index *sql.Tx   // of the index; nil without a search
	read  *sql.Stmt // of a delivery
	// readContent and readOutputs read what is searched.
	readContent, readOutputs *sql.Stmt

	facets map[int64]bool // those that q selects; nil = all
	page   []Delivery
	last   int64 // seq of the last delivery on the page
}

func newListing(q Query) (*listing, error) {
	l := &listing{q: q, before: math.MaxInt64, limit: pageLimit(q.Limit), patience: listPatience}
	if len(q.Search) > maxSearch {
		return nil, fmt.Errorf("%w: the text to search has %d bytes; at most %d are possible", ErrQuery, len(q.Search), maxSearch)
	}
	if m := newMatcher(q.Search); len(m.terms) > 0 {
		l.matcher = m
	}
	l.unsure = l.matcher != nil || facetMethod(q.Method) != q.Method
	if !q.Since.IsZero() {
		l.from = seqOf(q.Since)
	}
	if !q.Until.IsZero() {
		l.before = seqOf(q.Until)
	}
	if q.Cursor != "" {
		seq, err := decodeCursor(q.Cursor)
		if err != nil {
			return nil, err
		}
		l.before = min(l.before, seq)
	}
	return l, nil
}

// run fills the page and returns the cursor of the next one.
func (l *listing) run(ctx context.Context, j *Journal) (next string, err error) {
	tx, end, err := j.snapshot(ctx)
	if err != nil {
		return "", err
	}
	defer end()
	l.tx = tx
	ids, all, err := selectFacets(ctx, tx, l.q)
	if err != nil {
		return "", err
	}
	if all && l.matcher == nil {
		return l.plain(ctx)
	}
	if !all {
		l.facets = make(map[int64]bool, len(ids))
		for _, id := range ids {
			l.facets[id] = true
		}
		if len(ids) == 0 {
			return "", nil
		}
	}
	if l.matcher != nil {
		end, err := l.openIndex(ctx, j)
		if err != nil {
			return "", err
		}
		defer end()
	}
	w, err := l.walk(ctx, ids)
	if err != nil {
		return "", err
	}
	next, err = l.gather(ctx, w)
	return next, errors.Join(err, w.close())
}

// plain reads a page of everything.
func (l *listing) plain(ctx context.Context) (next string, err error) {
	rows, err := l.tx.QueryContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries d
WHERE d.seq < ? AND d.seq >= ? ORDER BY d.seq DESC LIMIT ?`, l.before, l.from, l.limit+1)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	for rows.Next() {
		var d Delivery
		seq, err := scanDelivery(rows, &d)
		if err != nil {
			return "", err
		}
		if next = l.add(seq, d); next != "" {
			return next, nil
		}
	}
	return "", rows.Err()
}

// add puts a delivery on the page. Once that is full, the delivery says only
// that there is a next page.
func (l *listing) add(seq int64, d Delivery) (next string) {
	if len(l.page) == l.limit {
		return encodeCursor(l.last)
	}
	l.page, l.last = append(l.page, d), seq
	return ""
}

// step is what a walker has come to.
type step uint8

const (
	ended  step = iota
	passed      // nothing is at the seq; all that may be on the page is older
	candidate
)

// walker leads to the deliveries that may be on the page.
type walker interface {
	// next returns seqs from the newest to the oldest, each once.
	next(ctx context.Context) (seq int64, to step, err error)
	close() error
}

// walk says where to look.
func (l *listing) walk(ctx context.Context, facets []int64) (walker, error) {
	if l.matcher == nil {
		return newFacetWalk(l.tx, facets, l.from, l.before, l.limit+1), nil
	}
	return newSearchWalk(ctx, l, facets)
}

// gather fills the page with what w leads to, or if it has to look for what is
// selected, while the patience lasts. It makes one step at least.
func (l *listing) gather(ctx context.Context, w walker) (next string, err error) {
	if l.read, err = l.tx.PrepareContext(ctx, `SELECT `+deliveryColumns+`, d.facet FROM deliveries d WHERE d.seq = ?`); err != nil {
		return "", err
	}
	defer l.read.Close()
	if l.readContent, err = l.tx.PrepareContext(ctx, `SELECT head, body FROM requests WHERE seq = ?`); err != nil {
		return "", err
	}
	defer l.readContent.Close()
	if l.readOutputs, err = l.tx.PrepareContext(ctx, outputsSQL); err != nil {
		return "", err
	}
	defer l.readOutputs.Close()
	for began := time.Now(); ; {
		seq, to, err := w.next(ctx)
		if err != nil || to == ended {
			return "", err
		}
		if to == candidate {
			if next, err = l.try(ctx, seq); next != "" || err != nil {
				return next, err
			}
		}
		if l.unsure && time.Since(began) > l.patience {
			return encodeCursor(seq), nil
		}
	}
}

// try puts a delivery on the page if it is selected.
func (l *listing) try(ctx context.Context, seq int64) (next string, err error) {
	var d Delivery
	var facet int64
	if _, err := scanDelivery(l.read.QueryRowContext(ctx, seq), &d, &facet); err != nil {
		return "", err
	}
	match, err := l.matches(ctx, seq, &d, facet)
	if err != nil || !match {
		return "", err
	}
	return l.add(seq, d), nil
}

// matches says whether a delivery is selected.
func (l *listing) matches(ctx context.Context, seq int64, d *Delivery, facet int64) (bool, error) {
	if l.facets != nil && !l.facets[facet] || l.q.Method != "" && l.q.Method != d.Method {
		return false, nil
	}
	if l.matcher == nil {
		return true, nil
	}
	return l.found(ctx, seq, d)
}
