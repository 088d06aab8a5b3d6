package history

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"homehook/dbfile"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// salvagedTables are those that cannot be made anew, the most precious first.
var salvagedTables = []string{"deliveries", "pending", "requests", "remembered", "attempts", "changes", "spans", "numbers"}

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
	if err != nil {
		return nil, fmt.Errorf("open history %s: %w", path, err)
	}
	return j, nil
}

// openDamaged opens what is left of a damaged file.
func openDamaged(ctx context.Context, path string, o Options, why error) (*Journal, error) {
	steps, err := dbfile.Steps(embedded)
	if err != nil {
		return nil, err
	}
	now := o.Now()
	s := dbfile.Schema{App: applicationID, Steps: steps, Tables: salvagedTables}
	rep, err := dbfile.Salvage(ctx, path, s, now)
	if err != nil {
		return nil, fmt.Errorf("%w (and salvage it: %w)", why, err)
	}
	o.Log.Error("the history is damaged and was set aside, what can be read of it was copied to a new one",
		"file", rep.Aside, "deliveries", rep.Rows["deliveries"], "unreadable", rep.Holes, "error", why)
	return open(ctx, path, o, filepath.Base(bodies(path))+".damaged-"+now.UTC().Format("20060102T150405.000"))
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
	if j.seal, err = newSeal(o.Seal); err != nil {
		return nil, err
	}
	if r != nil && j.seal == nil {
		return nil, errRedactNeedsKey
	}
	if j.w, err = openWriter(ctx, path, o, aside); err != nil {
		return nil, err
	}
	if j.reader, err = openReader(path); err != nil {
		j.w.closeConn()
		return nil, errors.Join(err, j.w.blobs.Close())
	}
	go j.w.serve()
	return j, nil
}

func openWriter(ctx context.Context, path string, o Options, aside string) (*writer, error) {
	if err := dbfile.Resume(path, o.Now()); err != nil {
		return nil, err
	}
	if err := dbfile.Secure(path); err != nil {
		return nil, err
	}
	steps, err := dbfile.Steps(embedded)
	if err != nil {
		return nil, err
	}
	unclean, err := dbfile.Unclean(path)
	if err != nil {
		return nil, err
	}
	c, err := connectWriter(ctx, path, o.pragmas)
	if err != nil {
		return nil, err
	}
	blobs, err := ready(c, path, steps, unclean, aside)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	w, err := newWriter(path, o, c, blobs)
	if err != nil {
		return nil, errors.Join(err, blobs.Close(), c.Close())
	}
	if err := w.markInterrupted(); err != nil {
		w.closeConn()
		return nil, errors.Join(fmt.Errorf("mark interrupted deliveries: %w", err), blobs.Close())
	}
	return w, nil
}

// ready makes the file behind c fit for use.
func ready(c *dbfile.Conn, path string, steps []string, unclean bool, aside string) (*dbfile.Blobs, error) {
	if mode, err := c.Value("PRAGMA journal_mode"); err != nil || mode != "wal" {
		return nil, errors.Join(err, fmt.Errorf("the file system of %s cannot share memory, which SQLite needs: keep the state folder on a local disk", path))
	}
	if unclean {
		if err := dbfile.Verify(c); err != nil {
			return nil, err
		}
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

// complete makes what follows from the deliveries, for a file that an earlier
// version wrote or that was salvaged.
func complete(c *dbfile.Conn) error {
	missing, err := c.Number("SELECT EXISTS (SELECT 1 FROM deliveries) AND NOT EXISTS (SELECT 1 FROM facets)")
	if err != nil || missing == 0 {
		return err
	}
	// What is owed an end and not pending would never be run nor deleted.
	err = c.Exec("BEGIN IMMEDIATE;" + refacetSQL + `
DELETE FROM pending WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.seq = pending.seq AND d.arrival = pending.arrival);
INSERT INTO pending (arrival, seq, claim, own, sealed)
SELECT (SELECT ifnull(max(arrival), 0) FROM pending) + row_number() OVER (ORDER BY seq), seq, coalesce(claim, ''), 0, 0
FROM deliveries WHERE durable = 1 AND state IN ('received', 'running', 'waiting') AND seq NOT IN (SELECT seq FROM pending);
UPDATE deliveries SET arrival = (SELECT p.arrival FROM pending p WHERE p.seq = deliveries.seq)
WHERE durable = 1 AND state IN ('received', 'running', 'waiting');
COMMIT`)
	if err != nil {
		_ = c.Exec("ROLLBACK") // SQLite may have done it already
		return fmt.Errorf("complete history: %w", err)
	}
	return nil
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
	return w.transaction(false, func() error {
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
