package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// indexWalk leads to the deliveries in the buckets that the index tells of, and
// to those in buckets that have changed since they were indexed.
type indexWalk struct {
	l          *listing
	expression string
	shards     []shard   // left to ask, by low
	hits       *sql.Rows // of the shard under way
	marks      *sql.Rows // buckets that the index does not hold as they are now
	read       *sql.Stmt
	hit, mark  int64 // the next of each; -1 = no more
	hollow     bool  // there is nothing at hit, but nothing left in its shard either
	floor      int64 // the first bucket of the shard under way; 0 = nothing is below
	before     int64
	seqs       []int64 // of the bucket under way
}

var _ walker = (*indexWalk)(nil)

func newIndexWalk(ctx context.Context, l *listing, expression string, before int64) (_ walker, err error) {
	x := &indexWalk{l: l, expression: expression, before: before, hit: -1}
	if err := x.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("read index: %w", err), x.close())
	}
	return x, nil
}

func (x *indexWalk) prepare(ctx context.Context) (err error) {
	rows, err := x.l.index.QueryContext(ctx, `SELECT id, low, buckets FROM shards ORDER BY low`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s shard
		if err := rows.Scan(&s.id, &s.low, &s.buckets); err != nil {
			return err
		}
		x.shards = append(x.shards, s)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if x.read, err = x.l.tx.PrepareContext(ctx, `SELECT seq FROM deliveries WHERE seq < ? AND seq >= ? ORDER BY seq DESC`); err != nil {
		return err
	}
	x.marks, err = x.l.tx.QueryContext(ctx, `SELECT bucket FROM unindexed WHERE bucket BETWEEN ? AND ? ORDER BY bucket DESC`,
		bucketOf(x.l.from), bucketOf(x.before-1))
	if err != nil {
		return err
	}
	x.mark, err = nextInteger(x.marks)
	return err
}

func (x *indexWalk) next(ctx context.Context) (seq int64, to step, err error) {
	for len(x.seqs) == 0 {
		bucket, to, err := x.nextBucket(ctx)
		if err != nil || to != candidate {
			return max(bucket*seqsPerBucket, x.l.from), to, err
		}
		rows, err := x.read.QueryContext(ctx, min((bucket+1)*seqsPerBucket, x.before), max(bucket*seqsPerBucket, x.l.from))
		if err != nil {
			return 0, ended, err
		}
		if x.seqs, err = integers(rows); err != nil {
			return 0, ended, err
		}
	}
	seq, x.seqs = x.seqs[0], x.seqs[1:]
	return seq, candidate, nil
}

// nextBucket returns the newest bucket that is left.
func (x *indexWalk) nextBucket(ctx context.Context) (bucket int64, to step, err error) {
	if x.hit < 0 {
		if err := x.nextHit(ctx); err != nil {
			return 0, ended, fmt.Errorf("ask index: %w", err)
		}
	}
	hit, mark := x.hit, x.mark
	switch {
	case hit < 0 && mark < 0:
		return 0, ended, nil
	case mark >= hit:
		if x.mark, err = nextInteger(x.marks); err != nil {
			return 0, ended, err
		}
		if hit < mark || x.hollow {
			return mark, candidate, nil
		}
	case x.hollow:
		x.hit = -1
		return hit, passed, nil
	}
	return hit, candidate, x.advance()
}

// advance goes on to the next hit of the shard under way.
func (x *indexWalk) advance() (err error) {
	x.hit, err = nextInteger(x.hits)
	if x.hollow = x.hit < 0 && x.floor > 0; x.hollow {
		x.hit = x.floor
	}
	return err
}

// nextHit asks the next shard. One that has nothing leaves a hollow hit where it
// begins, so that the search can be put off there.
func (x *indexWalk) nextHit(ctx context.Context) (err error) {
	first, last := bucketOf(x.l.from), bucketOf(x.before-1)
	for len(x.shards) > 1 && x.shards[len(x.shards)-1].low > last {
		x.shards = x.shards[:len(x.shards)-1]
	}
	n := len(x.shards) - 1
	if n < 0 {
		return nil
	}
	s := x.shards[n]
	if x.shards, x.floor = x.shards[:n], s.low; n == 0 || s.low <= first {
		x.shards, x.floor = nil, 0
	}
	if x.hits != nil {
		if err := x.hits.Close(); err != nil {
			return err
		}
	}
	x.hits, err = x.l.index.QueryContext(ctx, fmt.Sprintf(`SELECT rowid FROM %s WHERE %[1]s MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC`,
		s.table()), x.expression, first, last)
	if err != nil {
		return err
	}
	return x.advance()
}

// nextInteger returns the next of rows of one integer, or -1.
func nextInteger(rows *sql.Rows) (n int64, err error) {
	if !rows.Next() {
		return -1, rows.Err()
	}
	return n, rows.Scan(&n)
}

func (x *indexWalk) close() error {
	var errs []error
	for _, rows := range []*sql.Rows{x.hits, x.marks} {
		if rows != nil {
			errs = append(errs, rows.Close())
		}
	}
	if x.read != nil {
		errs = append(errs, x.read.Close())
	}
	return errors.Join(errs...)
}
