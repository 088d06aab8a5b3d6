package queue

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"homehook/dbfile"
)

const (
	listSQL = `SELECT seq, id, received, attempts, bytes, size, file, sum, crc, head, origin, trailer, body FROM items
WHERE claim = ? AND seq > ? ORDER BY seq`
	bodySQL = `SELECT body FROM items WHERE seq = ?`
)

// reader is the connection that reads.
type reader struct {
	path string

	mu         sync.Mutex   // guards what follows, and the connection's use
	c          *dbfile.Conn // nil while the file is broken or closed
	list, body *dbfile.Stmt
}

func (r *reader) open(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	name, err := dbfile.ReaderDSN(r.path)
	if err != nil {
		return err
	}
	if r.c, err = dbfile.Connect(ctx, name); err != nil {
		return err
	}
	if r.list, err = r.c.Prepare(listSQL); err != nil {
		return err
	}
	r.body, err = r.c.Prepare(bodySQL)
	return err
}

func (r *reader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range []*dbfile.Stmt{r.list, r.body} {
		if s != nil {
			_ = s.Close() // repeats the error of its last run
		}
	}
	if r.c != nil {
		_ = r.c.Close() // it has written nothing
	}
	r.c, r.list, r.body = nil, nil, nil
}

// errEnough ends a listing.
var errEnough = errors.New("enough")

// List returns the first items of a claim's line whose Seq is larger than after:
// at most so many (64 if items is 0 or less), and no more than add up to so many
// bytes (8 MiB if bytes is 0 or less), but at least one if there is any. Bodies
// that lie in rows come along, in memory. Items that are done are not among
// them, items whose Put has not returned need not be.
func (q *Queue) List(ctx context.Context, claim string, after int64, items int, bytes int64) ([]*Item, error) {
	if items <= 0 {
		items = 64
	}
	if bytes <= 0 {
		bytes = 8 << 20
	}
	var found []*Item
	known := q.known()
	err := q.read(func(r *reader) error {
		return r.list.Each(func(row []driver.Value) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			it := itemOf(claim, row)
			if _, gone := known.gone[it.Seq]; gone {
				return nil
			}
			if uint32(numberOf(row[8])) != it.checksum(it.body) {
				q.lose(it, errChanged)
				return nil
			}
			it.Attempts = max(it.Attempts, known.tried[it.Seq])
			bytes -= it.bytes()
			if bytes < 0 && len(found) > 0 {
				return errEnough
			}
			found = append(found, it)
			if len(found) == items {
				return errEnough
			}
			return nil
		}, claim, after)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("list queue of claim %s: %w", claim, err)
	}
	return found, nil
}

// read uses the connection that reads, and has the file verified if it turns out
// to be damaged.
func (q *Queue) read(f func(r *reader) error) error {
	q.mu.Lock()
	closed, fault := q.closed, q.fault
	q.mu.Unlock()
	if closed {
		return ErrClosed
	}
	q.reader.mu.Lock()
	defer q.reader.mu.Unlock()
	if q.reader.c == nil {
		return cmp.Or(fault, broken(nil))
	}
	err := f(&q.reader)
	if dbfile.Damaged(err) {
		select {
		case q.w.suspects <- err:
		default:
		}
	}
	return err
}

// knowledge is what memory knew about items before a listing began to read. The
// file may learn it, and memory forget it, while the listing still reads the
// file as it was.
type knowledge struct {
	gone  map[int64]struct{}
	tried map[int64]int
}

func (q *Queue) known() knowledge {
	q.mu.Lock()
	defer q.mu.Unlock()
	return knowledge{maps.Clone(q.gone), maps.Clone(q.tried)}
}

func itemOf(claim string, row []driver.Value) *Item {
	return &Item{
		Claim: claim, Seq: numberOf(row[0]), ID: textOf(row[1]), Received: time.UnixMicro(numberOf(row[2])).UTC(),
		Attempts: int(numberOf(row[3])), Size: numberOf(row[5]), file: textOf(row[6]), sum: uint32(numberOf(row[7])),
		Head: bytesOf(row[9]), Origin: bytesOf(row[10]), Trailer: bytesOf(row[11]), body: bytesOf(row[12]), state: kept,
	}
}
