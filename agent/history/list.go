package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
)

const (
	defaultLimit = 50
	maxLimit     = 1000
	maxSearch    = 1000 // bytes

	// A search reads bodies. One statement reads this many deliveries at most,
	// so that no long read keeps the WAL from being reused, and one call of List
	// this many in all.
	windowRows = 10_000
	searchRows = 200_000
)

// searchSQL casts because this SQLite's LIKE matches no blobs.
const searchSQL = `(d.path LIKE ? ESCAPE '\' OR d.query LIKE ? ESCAPE '\'
OR EXISTS (SELECT 1 FROM requests r WHERE r.seq = d.seq AND
	(CAST(r.head AS TEXT) LIKE ? ESCAPE '\' OR CAST(r.body AS TEXT) LIKE ? ESCAPE '\'))
OR EXISTS (SELECT 1 FROM attempts a WHERE a.seq = d.seq AND CAST(a.output AS TEXT) LIKE ? ESCAPE '\'))`

// deliveryColumns are what scanDelivery expects.
const deliveryColumns = `d.seq, d.id, coalesce(d.claim,''), coalesce(d.relay,''), d.state, coalesce(d.method,''),
coalesce(d.path,''), coalesce(d.query,''), coalesce(d.remote,''), d.size, coalesce(d.body_sha256,''), coalesce(d.route,''),
d.status, d.duration_ms, d.attempts, coalesce(d.sender_id,''), coalesce(d.duplicate_of,''), coalesce(d.replay_of,''),
coalesce(d.reason,'')`

func scanDelivery(row interface{ Scan(...any) error }, d *Delivery) (seq int64, err error) {
	err = row.Scan(&seq, &d.ID, &d.Claim, &d.Relay, &d.State, &d.Method, &d.Path, &d.Query, &d.Remote, &d.Size,
		&d.BodySHA256, &d.Route, &d.Status, &d.DurationMS, &d.Attempts, &d.SenderID, &d.DuplicateOf, &d.ReplayOf, &d.Reason)
	d.Received = timeOf(seq)
	return seq, err
}

// List returns the deliveries that q selects, the newest first, and the cursor
// of the next page, which is empty after the last. Deliveries that come in
// while a caller pages show up on no later page and shift none.
//
// A search reads at most 200,000 deliveries a call: its page may hold fewer
// than q.Limit deliveries, even none, while the cursor says that there is more
// to read. Errors are ErrQuery, ErrClosed and those of ctx and the file.
func (j *Journal) List(ctx context.Context, q Query) ([]Delivery, string, error) {
	l, err := newListing(q)
	if err != nil {
		return nil, "", err
	}
	if err := j.settle(ctx); err != nil {
		return nil, "", err
	}
	next, err := l.run(ctx, j.reader, q.Search != "")
	if err != nil {
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

// listing is one call of List under way.
type listing struct {
	where  string // with " AND " before each term
	args   []any
	before int64 // what is left to read: from <= seq < before
	from   int64
	limit  int
	window int // deliveries one statement of a search reads
	budget int // deliveries a search reads in all
	page   []Delivery
	last   int64 // seq of the last delivery on the page
}

func newListing(q Query) (*listing, error) {
	l := &listing{before: math.MaxInt64, limit: q.Limit, window: windowRows, budget: searchRows}
	if l.limit <= 0 {
		l.limit = defaultLimit
	}
	l.limit = min(l.limit, maxLimit)
	if len(q.Search) > maxSearch {
		return nil, fmt.Errorf("%w: the text to search has %d bytes; at most %d are possible", ErrQuery, len(q.Search), maxSearch)
	}
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
	l.filter(q)
	return l, nil
}

func (l *listing) filter(q Query) {
	for _, f := range []struct{ column, value string }{
		{"claim", q.Claim}, {"route", q.Route}, {"state", q.State}, {"method", q.Method},
	} {
		if f.value != "" {
			l.and("d."+f.column+" = ?", f.value)
		}
	}
	if q.State != "" && q.State != Succeeded {
		l.and("d.state <> 'succeeded'") // lets SQLite use deliveries_state
	}
	if q.Status != 0 {
		l.and("d.status = ?", q.Status)
	}
	if q.Search != "" {
		p := likePattern(q.Search)
		l.and(searchSQL, p, p, p, p, p)
	}
}

func (l *listing) and(term string, args ...any) {
	l.where += " AND " + term
	l.args = append(l.args, args...)
}

// likePattern matches any text that holds s.
func likePattern(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}

// run fills the page and returns the cursor of the next one.
func (l *listing) run(ctx context.Context, db *sql.DB, search bool) (next string, err error) {
	for read := l.window; ; read += l.window {
		low, final := l.from, true
		if search {
			if low, final, err = l.windowEnd(ctx, db); err != nil {
				return "", err
			}
		}
		if err := l.read(ctx, db, low); err != nil {
			return "", err
		}
		switch {
		case len(l.page) > l.limit: // one more than asked for: there is a next page
			l.page = l.page[:l.limit]
			return encodeCursor(l.last), nil
		case final:
			return "", nil
		case read >= l.budget:
			return encodeCursor(low), nil
		}
		l.before = low
	}
}

// windowEnd finds where the next window ends; final says that it is the last.
func (l *listing) windowEnd(ctx context.Context, db *sql.DB) (low int64, final bool, err error) {
	row := db.QueryRowContext(ctx, `SELECT seq FROM deliveries WHERE seq < ? AND seq >= ? ORDER BY seq DESC LIMIT 1 OFFSET ?`,
		l.before, l.from, l.window-1)
	err = row.Scan(&low)
	if errors.Is(err, sql.ErrNoRows) {
		return l.from, true, nil
	}
	return low, false, err
}

// read appends the deliveries from low to before that match, up to one more
// than the limit.
func (l *listing) read(ctx context.Context, db *sql.DB, low int64) error {
	args := append([]any{l.before, low}, l.args...)
	args = append(args, l.limit+1-len(l.page))
	rows, err := db.QueryContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.seq < ? AND d.seq >= ?`+l.where+
		` ORDER BY d.seq DESC LIMIT ?`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var d Delivery
		seq, err := scanDelivery(rows, &d)
		if err != nil {
			return err
		}
		if l.page = append(l.page, d); len(l.page) <= l.limit {
			l.last = seq
		}
	}
	return rows.Err()
}
