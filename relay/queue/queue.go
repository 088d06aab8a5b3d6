package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"homehook/dbfile"
)

// Options say where the queue lies and what it may use. Only Dir has to be set.
type Options struct {
	// Dir is the relay's data folder. It has to exist.
	Dir string
	// Linger is the longest that a Put waits for others to share its fsync with,
	// which it does while there are several at a time: 2 ms by default, negative
	// for not at all.
	Linger time.Duration
	// Reserve is how many bytes of the disk are left free: the larger of 256 MiB
	// and 5 % by default, negative for none. Puts are refused below it.
	Reserve int64
	// Ballast is the size of the file that makes room for deletes on a full disk:
	// 4 MiB by default, negative for none.
	Ballast int64
	// Memory is how many bytes of bodies all spools together keep in memory:
	// 64 MiB by default. Beyond that they use files early.
	Memory int64
	// Log is slog.DiscardHandler by default.
	Log *slog.Logger
	// Now is time.Now by default; tests set it.
	Now func() time.Time

	pragmas []string      // for tests: more of them, for the writer
	round   time.Duration // between two rounds of the writer's housekeeping; 1 s by default
}

func (o Options) withDefaults() Options {
	if o.Linger == 0 {
		o.Linger = 2 * time.Millisecond
	}
	if o.Ballast == 0 {
		o.Ballast = 4 << 20
	}
	if o.Memory == 0 {
		o.Memory = 64 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.round == 0 {
		o.round = time.Second
	}
	return o
}

// Queue is one open queue. Its methods are safe for concurrent use.
type Queue struct {
	opts   Options
	lock   io.Closer
	blobs  *dbfile.Blobs
	disk   disk
	reader reader
	w      *writer
	memory atomic.Int64 // bytes that spools hold

	// ready holds a token while there is something to write or the queue is
	// closed; hurry while waiting for more is of no use. A second token is dropped.
	ready, hurry chan struct{}

	mu     sync.Mutex // guards what follows
	lines  map[string]*line
	ops    []*op              // to be written, in order
	puts   int                // among ops
	expect int                // as many Puts are worth a commit at once
	gone   map[int64]struct{} // done, but perhaps still in the file
	tried  map[int64]int      // attempts that the file does not know yet
	fault  *FullError         // why every Put is refused; nil = it is not
	stats  Stats
	closed bool

	closing sync.Once
	result  error // of Close
}

var _ io.Closer = (*Queue)(nil)

const (
	fileName    = "queue.db"
	lockName    = "queue.lock"
	bodiesName  = "bodies"
	ballastName = "queue.ballast"
)

// Open opens the queue in a folder, creating it if there is none. If it was not
// closed the last time, its file is verified first; what is damaged is set aside
// under a name with the date, and what can be read of it goes into a new file.
// ctx bounds Open only. The caller has to Close the queue. Errors are those of
// package dbfile, [dbfile.ErrInUse] while another process has the queue open, and
// those of the file system.
func Open(ctx context.Context, o Options) (*Queue, error) {
	q := &Queue{
		opts: o.withDefaults(), disk: disk{dir: o.Dir, reserve: o.Reserve},
		ready: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		lines: make(map[string]*line), gone: make(map[int64]struct{}), tried: make(map[int64]int),
	}
	q.reader.path = filepath.Join(o.Dir, fileName)
	if err := q.open(ctx); err != nil {
		return nil, fmt.Errorf("open queue in %s: %w", o.Dir, errors.Join(err, q.closeFiles()))
	}
	go q.w.run()
	return q, nil
}

func (q *Queue) open(ctx context.Context) (err error) {
	if q.lock, err = dbfile.Lock(filepath.Join(q.opts.Dir, lockName)); err != nil {
		return err
	}
	if q.blobs, err = dbfile.OpenBlobs(filepath.Join(q.opts.Dir, bodiesName)); err != nil {
		return err
	}
	q.w = newWriter(q)
	return q.w.open(ctx, false)
}

// closeFiles closes what open has opened.
func (q *Queue) closeFiles() error {
	var errs []error
	if q.w != nil {
		q.w.abandon()
	}
	if q.blobs != nil {
		errs = append(errs, q.blobs.Close())
	}
	if q.lock != nil {
		errs = append(errs, q.lock.Close())
	}
	return errors.Join(errs...)
}

// Stats are counts since Open.
type Stats struct {
	Puts      int64 // deliveries that became durable
	Dones     int64 // deliveries that were forgotten because they were done
	Cancelled int64 // deliveries that were done before their Put was written: nothing was
	Discarded int64 // deliveries that Discard has forgotten
	Lost      int64 // deliveries that were set aside in the table lost
	Refused   int64 // Puts that ended with a FullError
	Commits   int64 // transactions written
	Syncs     int64 // transactions written with fsync
	Files     int64 // bodies stored as files
}

// Stats returns the counts since Open.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}

// Err is why every Put is refused at the moment, or nil.
func (q *Queue) Err() error {
	q.mu.Lock()
	fault := q.fault
	q.mu.Unlock()
	if fault != nil {
		return fault
	}
	if full := q.disk.room(0); full != nil {
		return full
	}
	return nil
}

// Close writes what is pending, waits for it and closes the files. Everything
// returns ErrClosed from then on, but for Count, Claims, Stats and Err. Further
// calls return the same error.
func (q *Queue) Close() error {
	q.closing.Do(func() {
		q.mu.Lock()
		q.closed = true
		q.signalLocked()
		q.mu.Unlock()
		<-q.w.done
		if err := errors.Join(q.w.failed, q.closeFiles()); err != nil {
			q.result = fmt.Errorf("close queue: %w", err)
		}
	})
	return q.result
}
