package history

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"homehook/dbfile"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// errRedactNeedsKey says what is missing.
var errRedactNeedsKey = errors.New("redaction needs a key to seal what has yet to be delivered")

// Open opens the history at path, creating the file with mode 0600 if there is
// none; the folder has to exist. Large bodies of unfinished deliveries go to a
// folder beside it. Deliveries that a crash left received or running become dead
// with the reason Interrupted, except those whose Begin was durable: they stay as
// they are, to be run again.
//
// A file of an earlier version is changed to this one's format, after a copy was
// made beside it. After an unclean stop the file is checked. One that is damaged
// is set aside under a name with the date, and what can still be read goes to a
// new one: deliveries go on.
//
// ctx bounds Open only. The caller has to Close the journal. Errors are ErrNewer,
// ErrForeign, what is wrong with Redact and Seal, and those of the file system.
func Open(ctx context.Context, path string, o Options) (*Journal, error) {
	o = o.withDefaults()
	j, err := open(ctx, path, o, "")
	if dbfile.Damaged(err) {
		j, err = openDamaged(ctx, path, o, err)
	}
	if dbfile.Full(err) {
		return nil, fmt.Errorf("open history %s: %w: make room on the disk where it lies, and start the agent again", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open history %s: %w", path, err)
	}
	return j, nil
}

// bodies is the folder for large bodies of unfinished deliveries.
func bodies(path string) string { return strings.TrimSuffix(path, ".db") + "-bodies" }

// open opens the file. Bodies that nobody names go, or are set aside under a
// name.
func open(ctx context.Context, path string, o Options, aside string) (*Journal, error) {
	j := &Journal{opts: o}
	r, err := newRedactor(o.Redact)
	if err != nil {
		return nil, err
	}
	j.redact.Store(r)
	sealing, err := newSeal(o.Seal)
	if err != nil {
		return nil, err
	}
	j.seal.Store(sealing)
	if r != nil && sealing == nil {
		return nil, errRedactNeedsKey
	}
	if j.w, err = openWriter(ctx, path, o, aside); err != nil {
		return nil, err
	}
	if j.reader, err = openReader(path); err == nil {
		j.index, err = openReader(indexPath(path), "cache_size(-8000)")
	}
	if err != nil {
		j.w.closeConn()
		return nil, errors.Join(err, j.w.blobs.Close())
	}
	go j.w.serve()
	return j, nil
}

func openWriter(ctx context.Context, path string, o Options, aside string) (_ *writer, err error) {
	steps, err := dbfile.Steps(embedded)
	if err != nil {
		return nil, err
	}
	c, err := connectSound(ctx, path, o, len(steps))
	if err != nil {
		return nil, err
	}
	blobs, err := ready(c, path, steps, aside)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	w, err := newWriter(path, o, c, blobs)
	if err != nil {
		return nil, errors.Join(err, blobs.Close(), c.Close())
	}
	err = w.beginIndex(ctx)
	if err == nil {
		err = w.markInterrupted()
	}
	if err == nil {
		err = cleared(path)
	}
	if err != nil {
		w.closeConn()
		return nil, errors.Join(err, blobs.Close())
	}
	return w, nil
}

// beginIndex opens the index.
func (w *writer) beginIndex(ctx context.Context) error {
	c, err := openIndex(ctx, w.c, w.path, w.opts.pragmas)
	if err != nil {
		return err
	}
	if err := w.index.open(c); err != nil {
		return errors.Join(fmt.Errorf("open index: %w", err), c.Close())
	}
	return nil
}

// ready makes the file behind c fit for use.
func ready(c *dbfile.Conn, path string, steps []string, aside string) (*dbfile.Blobs, error) {
	if mode, err := c.Value("PRAGMA journal_mode"); err != nil || mode != "wal" {
		return nil, errors.Join(err, fmt.Errorf("the file system of %s cannot share memory, which SQLite needs: keep the state folder on a local disk", path))
	}
	if err := dbfile.Migrate(c, path, applicationID, steps); err != nil {
		return nil, err
	}
	if err := complete(c); err != nil {
		return nil, err
	}
	blobs, err := dbfile.OpenBlobs(bodies(path))
	if err != nil {
		return nil, err
	}
	if err := sweepFiles(c, blobs, aside); err != nil {
		return nil, errors.Join(fmt.Errorf("tidy up %s: %w", bodies(path), err), blobs.Close())
	}
	return blobs, nil
}

// markInterrupted ends what a crash left running and nobody will run again.
func (w *writer) markInterrupted() error {
	var ids []string
	st, err := w.c.Prepare(`SELECT d.id FROM facets f CROSS JOIN deliveries d ON d.facet = f.id
WHERE f.state IN ('received', 'running') AND d.durable = 0`)
	if err != nil {
		return err
	}
	err = st.Each(func(row []driver.Value) error {
		ids = append(ids, str(row[0]))
		return nil
	})
	if err = errors.Join(err, st.Close()); err != nil || len(ids) == 0 {
		return err
	}
	err = w.transaction(false, func() error {
		for _, id := range ids {
			row, found, err := w.take(id)
			if err != nil || !found {
				return err
			}
			row.State, row.Reason = Dead, Interrupted
			if err := w.update(&row, false); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark interrupted deliveries: %w", err)
	}
	return nil
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

func openReader(path string, pragmas ...string) (*sql.DB, error) {
	name, err := dbfile.ReaderDSN(path)
	if err != nil {
		return nil, err
	}
	for _, p := range pragmas {
		name += "&_pragma=" + p
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
