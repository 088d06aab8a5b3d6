package dbfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Schema says what a database of ours looks like.
type Schema struct {
	App    int64    // its application id
	Steps  []string // as for [Migrate]
	Tables []string // what Salvage copies, in this order; every one has a rowid
}

// Salvaged is what [Salvage] could do.
type Salvaged struct {
	Aside string           // where the damaged file is now
	Rows  map[string]int64 // rows copied, by table
	Holes int64            // places that could not be read; each may have held several rows
}

const (
	salvaging = ".salvaging" // what is being copied to
	salvaged  = ".salvaged"  // a copy that is complete
	spare     = ".spare"     // a copy of the damaged file that got a new first page
)

// Salvage replaces the damaged database at path by a new one with every row
// that can still be read, and sets the damaged one aside. Nobody may have it
// open. A Salvage that is interrupted goes on with [Resume]. An error means that
// the new one could not be written; the damaged one is where it was.
func Salvage(ctx context.Context, path string, s Schema, now time.Time) (Salvaged, error) {
	if err := discard(path + salvaging); err != nil {
		return Salvaged{}, err
	}
	rep := Salvaged{Rows: make(map[string]int64)}
	if err := rep.copy(ctx, path, path+salvaging, s); err != nil {
		return rep, errors.Join(err, discard(path+salvaging))
	}
	// From here on a crash costs nothing: Resume does what is left.
	if err := publish(path+salvaging, path+salvaged); err != nil {
		return rep, err
	}
	var err error
	rep.Aside, err = replace(path, now)
	return rep, err
}

// Resume ends what an interrupted Salvage left: a complete copy takes the
// place of the damaged file, an incomplete one goes. Call it before the
// database is opened.
func Resume(path string, now time.Time) error {
	_, err := os.Lstat(path + salvaged)
	switch {
	case err == nil:
		_, err = replace(path, now)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	return errors.Join(err, discard(path+salvaging), discard(path+spare))
}

// copy fills a new database at to with what from still tells.
func (rep *Salvaged) copy(ctx context.Context, from, to string, s Schema) error {
	fresh, err := createFresh(ctx, to, s)
	if err != nil {
		return err
	}
	err = rep.copyTables(ctx, from, fresh, s.Tables)
	if headless(err) {
		// Without the first page nothing can be read. The same steps always lead
		// to the same first page, so that of the new file does.
		if err = lendFirstPage(from, from+spare, fresh, to); err == nil {
			err = rep.copyTables(ctx, from+spare, fresh, s.Tables)
		}
		if headless(err) {
			rep.Holes++ // all of it
			err = nil
		}
		err = errors.Join(err, discard(from+spare))
	}
	if err == nil {
		err = fresh.Exec("PRAGMA synchronous=FULL")
	}
	if err == nil {
		_, err = fresh.Value("PRAGMA wal_checkpoint(TRUNCATE)")
	}
	return errors.Join(err, fresh.Close())
}

// headless says that an error comes from a damaged file whose tables cannot even
// be found.
func headless(err error) bool {
	var ours *copyError
	return !errors.As(err, &ours) && (Damaged(err) || unreadable(err))
}

func createFresh(ctx context.Context, path string, s Schema) (*Conn, error) {
	if err := Secure(path); err != nil {
		return nil, err
	}
	// Its fsyncs come at the end, all at once.
	name, err := WriterDSN(path, []string{"synchronous(off)"})
	if err != nil {
		return nil, err
	}
	c, err := Connect(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := Migrate(c, path, s.App, s.Steps); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// copyTables returns an error for which Damaged holds if from cannot even be
// opened.
func (rep *Salvaged) copyTables(ctx context.Context, from string, to *Conn, tables []string) error {
	// cell_size_check finds damage before it is taken for a row.
	name, err := DSN(from, "mode=ro", "_dqs=0", "_error_rc=1", "_busy_timeout=5000",
		"_pragma=cell_size_check(1)", "_pragma=cache_size(-2000)", "_pragma=temp_store(memory)")
	if err != nil {
		return err
	}
	c, err := Connect(ctx, name)
	if err != nil {
		return err
	}
	found := false
	for _, table := range tables {
		t := tableCopy{ctx: ctx, from: c, to: to, table: table}
		there, err := t.run()
		found = found || there
		rep.Rows[table] += t.rows
		rep.Holes += t.holes
		if err != nil {
			return errors.Join(fmt.Errorf("salvage %s: %w", table, err), c.Close())
		}
	}
	if !found {
		return errors.Join(fmt.Errorf("%w: its tables are gone", ErrDamaged), c.Close())
	}
	return c.Close()
}

// publish renames a database that is closed, once all of it is on the disk.
func publish(from, to string) error {
	f, err := os.OpenFile(from, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolderOf(to)
}

// replace sets the database at path aside and puts the salvaged one there.
func replace(path string, now time.Time) (aside string, err error) {
	if aside, err = SetAside(path, now); err != nil {
		return "", err
	}
	if err := os.Rename(path+salvaged, path); err != nil {
		return aside, err
	}
	return aside, syncFolderOf(path)
}

// discard removes a database that nobody needs.
func discard(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
