package queue

import (
	"context"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"time"

	"homehook/dbfile"
)

//go:embed migrations/*.sql
var embedded embed.FS

const applicationID = 0x48487271 // "HHrq"; 0001_items.sql sets it

// open opens the file: the first time, or again after it was given up, which
// always verifies it. On a full disk it goes on by what the ballast gives.
func (w *writer) open(ctx context.Context, again bool) error {
	err := w.tryOpen(ctx, again)
	if dbfile.Full(err) && w.ballast.Drop() {
		w.abandon()
		err = w.tryOpen(ctx, again)
	}
	return err
}

func (w *writer) tryOpen(ctx context.Context, again bool) error {
	steps, err := dbfile.Steps(embedded)
	if err != nil {
		return err
	}
	schema := dbfile.Schema{App: applicationID, Steps: steps, Tables: []string{"items", "lost"}}
	if err := dbfile.Resume(w.path, w.q.opts.Now()); err != nil {
		return err
	}
	unclean, err := dbfile.Unclean(w.path)
	if err != nil {
		return err
	}
	damage := w.connect(ctx, schema, again || unclean)
	if damage == nil {
		damage = w.load(again)
	}
	if damage != nil && !dbfile.Damaged(damage) {
		return damage
	}
	if damage != nil {
		w.abandon()
		if err := w.salvage(ctx, schema, damage); err != nil {
			return errors.Join(damage, err)
		}
	}
	if err := w.q.reader.open(ctx); err != nil {
		return err
	}
	if again {
		return nil
	}
	w.loadBallast()
	return errors.Join(w.sweep(damage != nil), dbfile.SyncFolder(w.q.opts.Dir))
}

// connect opens the connection that writes.
func (w *writer) connect(ctx context.Context, s dbfile.Schema, verify bool) error {
	if err := dbfile.Secure(w.path); err != nil {
		return err
	}
	// The writer brings the log into the file itself, to see the errors of that.
	name, err := dbfile.WriterDSN(w.path, append([]string{"wal_autocheckpoint(0)"}, w.q.opts.pragmas...))
	if err != nil {
		return err
	}
	c, err := dbfile.Connect(ctx, name)
	if err != nil {
		return err
	}
	if err := w.ready(c, s, verify); err != nil {
		return errors.Join(err, c.Abandon(w.path))
	}
	w.c = c
	return nil
}

// ready makes the file behind c fit for use.
func (w *writer) ready(c *dbfile.Conn, s dbfile.Schema, verify bool) error {
	if mode, err := c.Value("PRAGMA journal_mode"); err != nil || mode != "wal" {
		return errors.Join(err, errors.New("its file system cannot share memory, which SQLite needs: keep the data folder on a local disk"))
	}
	if verify {
		if err := dbfile.Verify(c); err != nil {
			return err
		}
	}
	if err := dbfile.Migrate(c, w.path, s.App, s.Steps); err != nil {
		return err
	}
	if verify {
		// Whatever the log holds is written once more, to where it belongs. On a
		// full disk it stays there, which is no less safe.
		if _, err := c.Value("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil && !dbfile.Full(err) {
			return fmt.Errorf("bring log into file: %w", err)
		}
	}
	var err error
	w.st, err = prepare(c)
	return err
}

// salvage replaces the damaged file and opens the new one.
func (w *writer) salvage(ctx context.Context, s dbfile.Schema, damage error) error {
	rep, err := dbfile.Salvage(ctx, w.path, s, w.q.opts.Now())
	if err != nil {
		return fmt.Errorf("salvage it: %w", err)
	}
	w.q.opts.Log.Error("the queue is damaged; it was set aside, and what can be read of it is in a new one",
		"file", rep.Aside, "deliveries", rep.Rows["items"], "unreadable", rep.Holes, "err", damage)
	if err := w.connect(ctx, s, false); err != nil {
		return err
	}
	return w.load(true)
}

// load makes memory know what the file holds, once what was refused is out of
// it. With report it says so if items are missing that memory knew.
func (w *writer) load(report bool) error {
	w.log = 0
	seq, _, err := w.number("SELECT max(seq) FROM items")
	if err != nil {
		return err
	}
	w.seq = max(w.seq, seq)
	if err := w.removeUnwanted(); err != nil {
		return err
	}
	stored, err := readLines(w.c)
	if err != nil {
		return err
	}
	q := w.q
	q.mu.Lock()
	defer q.mu.Unlock()
	if before, now := count(q.lines), count(stored); report && now < before {
		q.opts.Log.Error("deliveries that were accepted are not in the queue any more", "count", before-now)
	}
	q.reloadLocked(stored)
	return nil
}

func (w *writer) number(text string) (int64, bool, error) {
	v, err := w.c.Value(text)
	n, ok := v.(int64)
	return n, ok, err
}

// removeUnwanted deletes what was refused and yet came into the file.
func (w *writer) removeUnwanted() error {
	if len(w.unwanted) == 0 {
		return nil
	}
	err := w.transact(true, func() error {
		for _, seq := range w.unwanted {
			if _, err := w.st.remove.Value(seq); err != nil {
				return fmt.Errorf("delete refused delivery: %w", err)
			}
		}
		return nil
	})
	if err == nil {
		w.unwanted = nil
	}
	return err
}

func count(lines map[string]*line) (items int) {
	for _, n := range lines {
		items += n.items
	}
	return items
}

func readLines(c *dbfile.Conn) (map[string]*line, error) {
	s, err := c.Prepare(`SELECT n.claim, n.items, n.bytes, f.received FROM
(SELECT claim, count(*) AS items, sum(bytes) AS bytes, min(seq) AS first FROM items GROUP BY claim) n JOIN items f ON f.seq = n.first`)
	if err != nil {
		return nil, err
	}
	lines := make(map[string]*line)
	err = s.Each(func(row []driver.Value) error {
		lines[textOf(row[0])] = &line{
			items: int(numberOf(row[1])), bytes: numberOf(row[2]), oldest: time.UnixMicro(numberOf(row[3])),
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("count deliveries: %w", err)
	}
	return lines, errors.Join(err, s.Close())
}

// sweep deletes the body files that no row names, or sets them aside if rows may
// have been lost. Rows whose file is gone go to the table lost.
func (w *writer) sweep(damaged bool) error {
	named := make(map[string]bool)
	var lost []int64
	s, err := w.c.Prepare(`SELECT seq, id, claim, size, file, 0 AS lost FROM items WHERE file IS NOT NULL
UNION ALL SELECT seq, id, claim, size, file, 1 FROM lost`)
	if err != nil {
		return err
	}
	err = s.Each(func(row []driver.Value) error {
		file := textOf(row[4])
		named[file] = true
		size, err := w.q.blobs.Size(file)
		if err == nil && size == numberOf(row[3]) || numberOf(row[5]) == 1 {
			return nil
		}
		lost = append(lost, numberOf(row[0]))
		w.q.opts.Log.Error("the body of a queued delivery is gone or cut; what is left of it is in the table lost",
			"delivery", textOf(row[1]), "claim", textOf(row[2]), "file", file, "err", err)
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("look for body files: %w", err)
	}
	if err := w.setLost(lost); err != nil {
		return err
	}
	aside := ""
	if damaged {
		aside = bodiesName + ".damaged-" + w.q.opts.Now().UTC().Format("20060102T150405.000")
	}
	n, err := w.q.blobs.Sweep(func(name string) bool { return named[name] }, aside)
	if n > 0 {
		w.q.opts.Log.Info("swept body files that belong to no delivery", "count", n)
	}
	return err
}

// setLost moves items to the table lost.
func (w *writer) setLost(seqs []int64) error {
	if len(seqs) == 0 {
		return nil
	}
	err := w.transact(true, func() error {
		for _, seq := range seqs {
			if err := w.st.lose.Exec(errCut.Error(), seq); err != nil {
				return err
			}
			if _, err := w.st.remove.Value(seq); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set deliveries without body aside: %w", err)
	}
	return w.load(false)
}
