package history

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"homehook/dbfile"
)

// A bucket is the deliveries of one millisecond: the index says which buckets
// hold a word, one of them may hold several deliveries.
const seqsPerBucket = 1000 * seqsPerMicrosecond

func bucketOf(seq int64) int64 { return seq / seqsPerBucket }

const (
	// shardBuckets is how many buckets one table of the index takes. Looking for
	// the beginning of a word makes SQLite read all of a table that has it.
	shardBuckets = 32_768

	// indexSlice is how long one slice of indexing should take, indexBytes how
	// much text it takes, and indexRest how long a delivery rests before it is
	// indexed: most change soon after they have come.
	indexSlice = 2 * time.Millisecond
	indexBytes = 256 << 10
	indexRest  = time.Second
	// indexRowsNow is how many deliveries a slice takes at least while somebody
	// waits for the index.
	indexRowsNow = 128
	// indexBusy is the time between two looks for an idle moment.
	indexBusy = 50 * time.Millisecond
)

const (
	indexedColumns = `d.seq, coalesce(d.claim,''), coalesce(d.route,''), d.state, coalesce(d.method,''), d.status,
coalesce(d.path,''), coalesce(d.query,''), d.attempts, r.head, r.body`

	tailSQL = `SELECT ` + indexedColumns + ` FROM deliveries d LEFT JOIN requests r ON r.seq = d.seq
WHERE d.seq >= ? AND d.seq < ? ORDER BY d.seq LIMIT ?`
	bucketSQL  = `SELECT ` + indexedColumns + ` FROM deliveries d LEFT JOIN requests r ON r.seq = d.seq WHERE d.seq >= ? AND d.seq < ?`
	outputsSQL = `SELECT output FROM attempts WHERE seq = ? AND output IS NOT NULL`

	staleSQL  = `INSERT OR IGNORE INTO unindexed (bucket) VALUES (?)`
	markedSQL = `SELECT bucket FROM unindexed ORDER BY bucket LIMIT ?`
	unmarkSQL = `DELETE FROM unindexed WHERE bucket = ?`
)

// index is the writer's part of the full-text index: it adds what has come and
// changed, slice by slice, while there is nothing better to do.
type index struct {
	c  *dbfile.Conn // nil while it could not be opened
	st *indexStatements

	shards []shard // by low
	upto   int64   // the last bucket that is indexed; those up to it are, unless marked
	edge   int64   // the last bucket in the last shard, or one behind it
	top    int64   // the last bucket with a delivery behind upto
	marked bool    // unindexed may hold buckets
	rows   int     // deliveries a slice takes; adapts to indexSlice
	loose  int     // buckets that were added since the last merge

	calm, fresh int64 // top some time ago, and at the last look
	looked      time.Time
	rest        rest
	words       wordList
}

// shard is one table of the index.
type shard struct {
	id      int64
	low     int64 // the first bucket it is for; the first shard takes earlier ones too
	buckets int64
	compact bool // it is complete, and one piece
}

func (s shard) table() string { return fmt.Sprintf("words_%d", s.id) }

// load reads from the history behind c what there is to index.
func (x *index) load(c *dbfile.Conn) error {
	x.rows, x.upto = 32, -1
	top, err := c.Number("SELECT ifnull(max(seq), 0) FROM deliveries")
	if err != nil {
		return err
	}
	x.top = bucketOf(top)
	marked, err := c.Number("SELECT count(*) FROM (SELECT 1 FROM unindexed LIMIT 1)")
	x.marked = marked > 0
	return err
}

// stale notes, within a transaction, that the index does not hold a delivery as
// it is now.
func (w *writer) stale(seq int64) error {
	x, b := &w.index, bucketOf(seq)
	x.rest.wake(indexRest)
	if b > x.upto {
		x.top = max(x.top, b)
		return nil
	}
	x.marked = true
	if err := w.st.stale.Exec(b); err != nil {
		return fmt.Errorf("mark delivery as not indexed: %w", err)
	}
	return nil
}

// look lets what has come before the last look be indexed.
func (x *index) look(now time.Time) {
	if now.Sub(x.looked) >= indexRest {
		x.looked, x.calm, x.fresh = now, x.fresh, x.top
	}
}

// due says that there is something to index now.
func (x *index) due() bool { return x.upto < x.calm || x.marked || x.loosest() != nil }

// indexIdly does one slice if nothing else is to be done, and sees to the next.
func (w *writer) indexIdly() {
	x := &w.index
	x.rest.over()
	x.look(time.Now())
	switch {
	case w.q.occupied():
		x.rest.wake(indexBusy)
		return
	case !x.due():
		if x.upto < x.top {
			x.rest.wake(indexRest)
		}
		return
	}
	began := time.Now()
	if err := w.indexSlice(); err != nil {
		w.opts.Log.Warn("deliveries are not indexed for searches, which are slower", "err", err)
		x.rest.wake(time.Minute)
		return
	}
	// Half of the time is left to others.
	x.rest.wake(max(time.Since(began), time.Millisecond))
}

// indexNow does one slice for the callers of Index, and answers them after the
// last.
func (w *writer) indexNow() {
	x := &w.index
	x.calm, x.rows = x.top, max(x.rows, indexRowsNow)
	var err error
	if x.due() {
		if err = w.indexSlice(); err == nil {
			return
		}
	}
	for _, reply := range w.indexing {
		reply <- err
	}
	w.indexing = nil
}

// indexSlice does a little of what is due.
func (w *writer) indexSlice() error {
	x, began := &w.index, time.Now()
	if err := w.openBoth(); err != nil {
		return fmt.Errorf("index deliveries: %w", err)
	}
	before := *x
	before.shards = slices.Clone(x.shards)
	var err error
	switch {
	case x.loosest() != nil:
		err = x.transaction(false, x.compact)
	case x.upto < x.calm:
		err = x.transaction(false, w.indexTail)
	case x.marked:
		err = w.indexMarked()
	}
	if took := time.Since(began); took > indexSlice*3/2 {
		x.rows = max(x.rows/2, 4)
	} else if took < indexSlice/2 {
		x.rows = min(x.rows*2, 512)
	}
	if err == nil {
		return nil
	}
	x.shards, x.upto, x.edge, x.marked = before.shards, before.upto, before.edge, true
	suspect(w.path, err, w.opts.Log)
	if !dbfile.Passing(err) {
		err = errors.Join(err, x.close())
	}
	return fmt.Errorf("index deliveries: %w", err)
}

// openBoth opens what a failure has closed.
func (w *writer) openBoth() error {
	if err := w.open(); err != nil {
		return err
	}
	x := &w.index
	if x.c != nil {
		return nil
	}
	c, err := connectIndex(context.Background(), w.path, w.opts.pragmas)
	if err != nil {
		return err
	}
	if err := x.open(c); err != nil {
		return errors.Join(err, c.Close())
	}
	return nil
}

// document is a bucket and its text.
type document struct {
	bucket int64
	text   []byte
}

// indexTail adds the buckets behind the last one that is indexed.
func (w *writer) indexTail() error {
	x := &w.index
	from, to := (x.upto+1)*seqsPerBucket, (x.calm+1)*seqsPerBucket
	limit := x.rows
	docs, rows, err := w.documents(w.st.tail, from, to, int64(limit))
	if err != nil {
		return err
	}
	upto := x.calm
	if rows == limit {
		// The last bucket may go on behind the limit.
		if upto = docs[len(docs)-1].bucket - 1; len(docs) == 1 {
			upto++
			if docs, _, err = w.documents(w.st.bucket, upto*seqsPerBucket, (upto+1)*seqsPerBucket); err != nil {
				return err
			}
		} else {
			docs = docs[:len(docs)-1]
		}
	}
	size := 0
	for i, d := range docs {
		if err := x.addDocument(d, w.opts.shard); err != nil {
			return err
		}
		if size += len(d.text); size > indexBytes && i < len(docs)-1 {
			upto = d.bucket
			break
		}
	}
	x.upto, x.edge = upto, upto
	if err := w.setIndexed(); err != nil {
		return err
	}
	return x.mergeSome()
}

// setIndexed writes down how far the index is.
func (w *writer) setIndexed() error {
	x := &w.index
	if err := x.st.setNumber.Exec(indexedNumber, x.upto); err != nil {
		return err
	}
	return x.st.setNumber.Exec(asOfNumber, int64(w.numbers.stored))
}

// documents reads deliveries with s and gathers the words of each bucket.
func (w *writer) documents(s *dbfile.Stmt, args ...any) (docs []document, rows int, err error) {
	words := &w.index.words
	size := 0
	end := func() {
		if n := len(docs); n > 0 {
			docs[n-1].text = append([]byte(nil), words.text...)
			size += len(words.text)
		}
	}
	err = s.Each(func(row []driver.Value) error {
		next := cellReader{cells: row}
		seq := next.number()
		rows++
		if b := bucketOf(seq); len(docs) == 0 || docs[len(docs)-1].bucket != b {
			end()
			words.reset()
			docs = append(docs, document{bucket: b})
		}
		return w.addWords(seq, &next)
	}, args...)
	end()
	return docs, rows, err
}

// addWords adds the words of the delivery that a row of indexedColumns holds.
func (w *writer) addWords(seq int64, row *cellReader) error {
	words := &w.index.words
	d := Delivery{Claim: row.text(), Route: row.text(), State: row.text(), Method: row.text(), Status: int(row.number())}
	for _, word := range filterWords(facetOf(&d)) {
		words.put([]byte(word))
	}
	words.add([]byte(row.text()))
	words.add([]byte(row.text()))
	attempts := row.number()
	for range 2 {
		content, _ := row.next().([]byte)
		words.add(content)
	}
	if attempts == 0 || row.err != nil {
		return row.err
	}
	return w.st.outputs.Each(func(row []driver.Value) error {
		output, _ := row[0].([]byte)
		words.add(output)
		return nil
	}, seq)
}
