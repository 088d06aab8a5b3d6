package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"homehook/dbfile"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Journal is one open history file. Its methods are safe for concurrent use.
type Journal struct {
	opts   Options
	w      *writer
	reader *sql.DB

	closing sync.Once
	closed  error
}

var _ io.Closer = (*Journal)(nil)

// Open opens the history at path, creating the file with mode 0600 if there is
// none; the folder has to exist. Deliveries that a crash left received or
// running become dead with the reason Interrupted, except those whose Begin was
// durable: they stay as they are, to be run again. A file that is damaged is set
// aside under a name with the date, and a new one begun: deliveries go on. ctx
// bounds Open only. The caller has to Close the journal. Errors are ErrNewer,
// ErrForeign and those of the file system.
func Open(ctx context.Context, path string, o Options) (*Journal, error) {
	o = o.withDefaults()
	j, err := open(ctx, path, o)
	if dbfile.Damaged(err) {
		aside, failed := dbfile.SetAside(path, o.Now())
		if failed != nil {
			return nil, fmt.Errorf("open history %s: %w (and set it aside: %w)", path, err, failed)
		}
		o.Log.Error("the history is damaged and was set aside, a new one begins", "file", aside, "error", err)
		j, err = open(ctx, path, o)
	}
	if err != nil {
		return nil, fmt.Errorf("open history %s: %w", path, err)
	}
	return j, nil
}

func open(ctx context.Context, path string, o Options) (*Journal, error) {
	if err := dbfile.Secure(path); err != nil {
		return nil, err
	}
	steps, err := dbfile.Steps(embedded)
	if err != nil {
		return nil, err
	}
	c, err := connectWriter(ctx, path, o.pragmas)
	if err != nil {
		return nil, err
	}
	w, err := start(c, path, steps, o)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	reader, err := openReader(path)
	if err != nil {
		w.closeConn()
		return nil, err
	}
	go w.run()
	return &Journal{opts: o, w: w, reader: reader}, nil
}

// start makes the file behind c ready and hands it to a writer.
func start(c *dbfile.Conn, path string, steps []string, o Options) (*writer, error) {
	if mode, err := c.Value("PRAGMA journal_mode"); err != nil || mode != "wal" {
		return nil, errors.Join(err, fmt.Errorf("the file system of %s cannot share memory, which SQLite needs: keep the state folder on a local disk", path))
	}
	if err := dbfile.Migrate(c, path, applicationID, steps); err != nil {
		return nil, err
	}
	if err := markInterrupted(c); err != nil {
		return nil, fmt.Errorf("mark interrupted deliveries: %w", err)
	}
	return newWriter(path, o, c)
}

// connectWriter opens the writing connection in WAL mode.
func connectWriter(ctx context.Context, path string, pragmas []string) (*dbfile.Conn, error) {
	name, err := dbfile.WriterDSN(path, pragmas)
	if err != nil {
		return nil, err
	}
	c, err := dbfile.Connect(ctx, name)
	if dbfile.Code(err)&0xff == sqlite3.SQLITE_NOTADB {
		return nil, fmt.Errorf("%w: move the file away to begin a new history (%w)", ErrForeign, err)
	}
	return c, err
}

func openReader(path string) (*sql.DB, error) {
	name, err := dbfile.ReaderDSN(path)
	if err != nil {
		return nil, err
	}
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	// Each connection has a page cache of its own; an idle agent keeps none.
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(2)
	db.SetConnMaxIdleTime(30 * time.Second)
	return db, nil
}

// markInterrupted ends what a crash left running and nobody will run again.
func markInterrupted(c *dbfile.Conn) error {
	return c.Exec(`UPDATE deliveries SET state = '` + Dead + `', reason = '` + Interrupted + `'
WHERE state <> 'succeeded' AND state IN ('received', 'running') AND durable = 0`)
}

// Begin stores a delivery that has come in, in state Received if it names none.
//
// Begin returns when the delivery is committed, which kill -9 cannot undo. With
// durable the commit is fsync'd too, so that a power cut cannot either; only then
// may the delivery's acceptance be told to the relay. An error means that it is
// not stored: ErrExists for an id that the journal holds already, ErrClosed, or
// why the file takes no writes. While that lasts every Begin fails at once.
//
// The record's bytes may be used again as soon as Begin returns. Begin does not
// store r.Log, that is for Finish.
func (j *Journal) Begin(r *Record, durable bool) error {
	if r.ID == "" {
		return errors.New("begin delivery: it has no id")
	}
	it := newItem(opBegin)
	it.copy(r, j.opts.Body)
	j.normalize(&it.rec, Received)
	it.durable = durable
	return j.put(it)
}

// Finish stores the outcome of a delivery: state, route, status, duration and
// the attempts in r.Log; attempts stored before stay, one of the same number is
// replaced. It may be called again, for instance after each retry. Of the rest,
// Finish takes Size, BodySHA256, SenderID, DuplicateOf, ReplayOf and Reason
// where r names them, and Head and Body where Begin had none. A delivery that
// no Begin announced, or whose Begin failed, is stored whole, in state Succeeded
// if it names none.
//
// Finish never waits for the disk; it blocks only while the queue is full, and a
// failure to write shows in Err and Lost. The record is copied. A Finish that is
// lost to a crash leaves a durable delivery running, to be run again.
func (j *Journal) Finish(r *Record) error {
	if r.ID == "" {
		return errors.New("finish delivery: it has no id")
	}
	it := newItem(opFinish)
	it.copy(r, j.opts.Body)
	j.normalize(&it.rec, Succeeded)
	return j.put(it)
}

func (j *Journal) normalize(r *Record, state string) {
	if r.State == "" {
		r.State = state
	}
	if r.Received.IsZero() {
		r.Received = j.opts.Now()
	}
}

// put queues the item and waits for its outcome if there is one.
func (j *Journal) put(it *item) error {
	waited := it.waited()
	if err := j.w.q.put(it); err != nil {
		it.recycle()
		return err
	}
	if !waited {
		return nil // the item is the writer's now
	}
	err := <-it.done
	it.recycle()
	return err
}

// Flush returns when everything that was queued before is committed. It does
// not fsync.
func (j *Journal) Flush(ctx context.Context) error {
	if settled, err := j.w.q.settled(); settled || err != nil {
		return err
	}
	it := newItem(opFlush)
	if err := j.w.q.put(it); err != nil {
		it.recycle()
		return err
	}
	select {
	case err := <-it.done:
		it.recycle()
		return err
	case <-ctx.Done():
		return ctx.Err() // the item is left to the garbage collector
	}
}

// Prune deletes at once what Keep and MaxSize no longer allow, and returns when
// it is done. The journal does the same by itself every PruneEvery.
func (j *Journal) Prune(ctx context.Context) error {
	// A full disk keeps records in the queue until pruning has made room.
	if err := j.settle(ctx); err != nil {
		return err
	}
	reply := make(chan error, 1)
	select {
	case j.w.prunes <- reply:
	case <-j.w.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// bounds are what Keep and MaxSize are to be from now on.
type bounds struct {
	keep time.Duration
	size int64
}

// SetRetention replaces Options.Keep and Options.MaxSize, with the same
// meaning, and has the history pruned to them soon.
func (j *Journal) SetRetention(keep time.Duration, size int64) {
	var o Options
	o.Keep, o.MaxSize = keep, size
	o = o.withDefaults()
	select {
	case j.w.bounds <- bounds{o.Keep, o.MaxSize}:
	case <-j.w.done:
	}
}

// Err is why the last commit failed, or nil when it did not. The journal tries
// again every second while it holds records, and with every new one.
func (j *Journal) Err() error {
	j.w.outage.mu.Lock()
	defer j.w.outage.mu.Unlock()
	return j.w.outage.public
}

// Lost is how many records could not be written since Open and were given up.
func (j *Journal) Lost() int64 {
	j.w.outage.mu.Lock()
	defer j.w.outage.mu.Unlock()
	return j.w.outage.lost
}

// Close writes what is queued, waits for it and closes the file. Begin and
// Finish return ErrClosed from then on. Further calls return the same error.
func (j *Journal) Close() error {
	j.closing.Do(func() {
		j.w.q.close()
		// Readers go first: the last connection to close tidies the WAL away, and
		// only the writer's may write.
		err := j.reader.Close()
		<-j.w.done
		if lost := j.w.outage.err; lost != nil {
			err = errors.Join(err, fmt.Errorf("write the last records: %w", lost))
		}
		if err != nil {
			j.closed = fmt.Errorf("close history: %w", err)
		}
	})
	return j.closed
}
