package history

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"time"
)

// Of a shard that grows, mergePages are merged after every mergeBuckets: more
// than these make. A shard that is complete is merged by mergePages a slice.
const (
	mergePages   = 32
	mergeBuckets = 64
)

// addDocument puts a new bucket into the last shard, or begins one.
func (x *index) addDocument(d document, size int64) error {
	n := len(x.shards)
	if n == 0 || x.shards[n-1].buckets >= size {
		// It is also for what may yet come in between.
		if err := x.addShard(x.edge + 1); err != nil {
			return err
		}
		n++
	}
	x.edge = d.bucket
	s := &x.shards[n-1]
	s.buckets++
	x.loose++
	return x.insertDocument(*s, d)
}

func (x *index) insertDocument(s shard, d document) error {
	if x.st.words == nil || x.st.wordsOf != s.id {
		st, err := x.c.Prepare("INSERT INTO " + s.table() + " (rowid, words) VALUES (?, ?)")
		if err != nil {
			return err
		}
		x.st.closeWords()
		x.st.words, x.st.wordsOf = st, s.id
	}
	return x.st.words.Exec(d.bucket, string(d.text))
}

// addShard begins a shard. The one before is complete, and made compact soon.
func (x *index) addShard(low int64) error {
	s := shard{id: 1, low: low}
	for _, other := range x.shards {
		s.id = max(s.id, other.id+1)
	}
	// It holds no text, of each word only in which buckets it is; words come to
	// it in lower case and separated by spaces.
	err := x.c.Exec(fmt.Sprintf(`CREATE VIRTUAL TABLE %s USING fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii');
INSERT INTO %[1]s (%[1]s, rank) VALUES ('automerge', 0);
INSERT INTO %[1]s (%[1]s, rank) VALUES ('crisismerge', 256);
INSERT INTO shards (id, low, buckets, compact) VALUES (%d, %d, 0, 0)`, s.table(), s.id, low))
	if err != nil {
		return err
	}
	if n := len(x.shards); n > 0 {
		if err := x.countBuckets(x.shards[n-1]); err != nil {
			return err
		}
		if err := x.mergePages(x.shards[n-1], -mergePages); err != nil {
			return err
		}
	}
	x.shards = append(slices.Clone(x.shards), s)
	return nil
}

func (x *index) countBuckets(s shard) error { return x.st.countBuckets.Exec(s.buckets, s.id) }

// mergeSome keeps the last shard from falling into many pieces.
func (x *index) mergeSome() error {
	if len(x.shards) == 0 {
		return nil
	}
	last := x.shards[len(x.shards)-1]
	if err := x.countBuckets(last); err != nil || x.loose < mergeBuckets {
		return err
	}
	x.loose = 0
	return x.mergePages(last, mergePages)
}

// mergePages has SQLite merge so many pages of a shard where that is worth it,
// or with a negative number begin to make one piece of it.
func (x *index) mergePages(s shard, pages int) error {
	return x.c.Exec(fmt.Sprintf("INSERT INTO %s (%[1]s, rank) VALUES ('merge', %d)", s.table(), pages))
}

// loosest returns a shard that is complete and has to be made compact, nil if
// there is none.
func (x *index) loosest() *shard {
	for i := range max(len(x.shards)-1, 0) {
		if !x.shards[i].compact {
			return &x.shards[i]
		}
	}
	return nil
}

// compact goes on making one piece of a shard that is complete.
func (x *index) compact() error {
	s := x.loosest()
	before, err := x.c.Number("SELECT total_changes()")
	if err != nil {
		return err
	}
	if err := x.mergePages(*s, mergePages); err != nil {
		return err
	}
	after, err := x.c.Number("SELECT total_changes()")
	if err != nil || after-before >= 2 { // the statement itself counts as one
		return err
	}
	s.compact = true
	return x.st.setCompact.Exec(s.id)
}

// shardOf is the shard for a bucket, nil if there is none at all.
func (x *index) shardOf(bucket int64) *shard {
	for i := range x.shards {
		if i == len(x.shards)-1 || bucket < x.shards[i+1].low {
			return &x.shards[i]
		}
	}
	return nil
}

// indexMarked indexes some buckets again that have changed since. They lose
// their marks once the index is on the disk.
func (w *writer) indexMarked() error {
	x := &w.index
	var buckets []int64
	err := w.st.marked.Each(func(row []driver.Value) error {
		buckets = append(buckets, row[0].(int64))
		return nil
	}, int64(max(x.rows, 8)))
	if err != nil {
		return err
	}
	if len(buckets) == 0 {
		x.marked = false
		return nil
	}
	done := 0
	err = x.transaction(true, func() error {
		for size := 0; done < len(buckets) && size < indexBytes; done++ {
			b := buckets[done]
			docs, _, err := w.documents(w.st.bucket, b*seqsPerBucket, (b+1)*seqsPerBucket)
			if err != nil {
				return err
			}
			for _, d := range docs {
				size += len(d.text)
			}
			if err := x.replaceDocument(b, docs); err != nil {
				return err
			}
		}
		return w.setIndexed()
	})
	if err != nil {
		return err
	}
	err = w.transaction(false, func() error {
		for _, b := range buckets[:done] {
			if err := w.st.unmark.Exec(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.splitLast()
}

// replaceDocument puts a bucket that has changed into its shard. There is no
// document if its deliveries are gone.
func (x *index) replaceDocument(bucket int64, docs []document) error {
	s := x.shardOf(bucket)
	if s == nil {
		return nil
	}
	if err := x.c.Exec(fmt.Sprintf("DELETE FROM %s WHERE rowid = %d", s.table(), bucket)); err != nil {
		return err
	}
	for _, d := range docs {
		s.buckets++ // it may have been there, which makes the shard no smaller
		if err := x.insertDocument(*s, d); err != nil {
			return err
		}
	}
	if x.loose++; x.loose < mergeBuckets {
		return nil
	}
	x.loose = 0
	if err := x.countBuckets(*s); err != nil {
		return err
	}
	return x.mergePages(*s, mergePages)
}

// splitLast has the last shard made anew, as several, when it has become too
// large: after a delivery that came with a clock that was ahead, all others are
// late. Marks that are left do no harm.
func (w *writer) splitLast() error {
	x := &w.index
	n := len(x.shards) - 1
	if n < 0 || x.shards[n].buckets <= 4*w.opts.shard {
		return nil
	}
	last := x.shards[n]
	if x.upto = last.low - 1; n == 0 {
		x.upto = -1
	}
	x.edge, x.shards = x.upto, slices.Clone(x.shards[:n])
	x.st.closeWords()
	return x.transaction(false, func() error {
		if err := x.drop(last); err != nil {
			return err
		}
		return w.setIndexed()
	})
}

// drop drops the table of a shard.
func (x *index) drop(s shard) error {
	return x.c.Exec(fmt.Sprintf("DROP TABLE %s; DELETE FROM shards WHERE id = %d", s.table(), s.id))
}

// dropShard drops a shard whose deliveries are all gone; the last one stays.
func (w *writer) dropShard() (dropped bool, err error) {
	x := &w.index
	if x.c == nil {
		return false, nil
	}
	for i := range len(x.shards) - 1 {
		from := x.shards[i].low * seqsPerBucket
		if i == 0 {
			from = 0
		}
		n, err := w.c.Number(fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE seq >= %d AND seq < %d LIMIT 1)",
			from, x.shards[i+1].low*seqsPerBucket))
		if err != nil {
			return false, fmt.Errorf("look for empty parts of the index: %w", err)
		}
		if n > 0 {
			continue
		}
		s := x.shards[i]
		x.st.closeWords()
		if err := x.transaction(false, func() error { return x.drop(s) }); err != nil {
			return false, fmt.Errorf("drop part of the index: %w", err)
		}
		x.shards = slices.Delete(slices.Clone(x.shards), i, i+1)
		return true, nil
	}
	return false, nil
}

// rest is a timer that is set when there is something to wait for, and keeps
// the earliest time. An idle agent is not woken.
type rest struct {
	timer *time.Timer
	set   bool
}

func (r *rest) start() {
	r.timer = time.NewTimer(time.Hour)
	r.set = true
	r.timer.Reset(0) // what an earlier journal has left
}

func (r *rest) stop() { r.timer.Stop() }

// C fires when the time has come; then over has to be called.
func (r *rest) C() <-chan time.Time { return r.timer.C }

func (r *rest) over() { r.set = false }

// wake sets the timer unless it is set.
func (r *rest) wake(after time.Duration) {
	if !r.set && r.timer != nil {
		r.set = true
		r.timer.Reset(after)
	}
}
