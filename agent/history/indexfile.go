package history

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"

	"homehook/dbfile"
)

// The index of searches is a file of its own, beside the history: it can be made
// anew at any time, and neither its damage nor its size is the ledger's.

const (
	indexApplicationID = 0x486f6d78 // "Homx"
	indexVersion       = 1
)

// indexSchema is that of an empty index. shards has one row for each table
// words_<id>, numbers says how far the index is and of which history.
var indexSchema = fmt.Sprintf(`BEGIN IMMEDIATE;
PRAGMA application_id = %d;
PRAGMA user_version = %d;
CREATE TABLE shards (id INTEGER PRIMARY KEY, low INTEGER NOT NULL, buckets INTEGER NOT NULL, compact INTEGER NOT NULL);
CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
COMMIT`, indexApplicationID, indexVersion)

// The names of what the numbers of the index hold.
const (
	indexOfNumber  = "history" // drawn by lot for each history, which knows it too
	indexedNumber  = "bucket"  // the last one that is indexed
	asOfNumber     = "change"  // the newest change when that was
	indexByLotName = "index"   // of indexOfNumber in the history
)

// indexPath is where the index of a history is.
func indexPath(path string) string { return strings.TrimSuffix(path, ".db") + "-search.db" }

// removeIndex removes the index of a history, which nobody has open.
func removeIndex(path string) error {
	var errs []error
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		if err := os.Remove(indexPath(path) + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// openIndex opens the index of the history at path, which is open as c, or
// begins one: where there is none, or one that is damaged, of another version, of
// another history, or ahead of this one, which a power cut or a copy may have
// set back.
func openIndex(ctx context.Context, c *dbfile.Conn, path string, pragmas []string) (*dbfile.Conn, error) {
	lot, err := indexLot(c)
	if err != nil {
		return nil, fmt.Errorf("prepare index: %w", err)
	}
	newest, err := c.Number("SELECT ifnull(max(number), 0) FROM changes")
	if err != nil {
		return nil, fmt.Errorf("prepare index: %w", err)
	}
	x, err := connectIndex(ctx, path, pragmas)
	if err == nil && fits(x, lot, newest) {
		return x, nil
	}
	if err == nil {
		err = x.Close()
	}
	// Whatever is wrong with it: a new one will do.
	if removed := removeIndex(path); removed != nil {
		return nil, fmt.Errorf("remove index: %w", errors.Join(removed, err))
	}
	if x, err = connectIndex(ctx, path, pragmas); err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	text := fmt.Sprintf("%s; INSERT INTO numbers (name, value) VALUES ('%s', %d)", indexSchema, indexOfNumber, lot)
	if err := x.Exec(text); err != nil {
		return nil, errors.Join(fmt.Errorf("create index: %w", err), x.Close())
	}
	// All of the history is behind a new index.
	if err := c.Exec("DELETE FROM unindexed"); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare index: %w", err), x.Close())
	}
	return x, nil
}

func connectIndex(ctx context.Context, path string, pragmas []string) (*dbfile.Conn, error) {
	if err := dbfile.Secure(indexPath(path)); err != nil {
		return nil, err
	}
	// Nobody waits for it: a small cache will do.
	return connectWriter(ctx, indexPath(path), append([]string{"cache_size(-1000)"}, pragmas...))
}

// indexLot is the number that ties an index to the history behind c.
func indexLot(c *dbfile.Conn) (int64, error) {
	lot, err := c.Number("SELECT ifnull(max(value), 0) FROM numbers WHERE name = '" + indexByLotName + "'")
	if err != nil || lot != 0 {
		return lot, err
	}
	lot = 1 + rand.Int64N(1<<62)
	return lot, c.Exec(fmt.Sprintf("INSERT INTO numbers (name, value) VALUES ('%s', %d)", indexByLotName, lot))
}

// fits says that an index is one of this version, and of the history that has
// the lot and the newest change.
func fits(x *dbfile.Conn, lot, newest int64) bool {
	for _, q := range []struct {
		text string
		want int64
	}{
		{"PRAGMA application_id", indexApplicationID},
		{"PRAGMA user_version", indexVersion},
		{"SELECT value FROM numbers WHERE name = '" + indexOfNumber + "'", lot},
		{fmt.Sprintf("SELECT ifnull(max(value), 0) <= %d FROM numbers WHERE name = '%s'", newest, asOfNumber), 1},
	} {
		if got, err := x.Number(q.text); err != nil || got != q.want {
			return false
		}
	}
	return true
}

// indexStatements are the prepared statements of the writer's connection to the
// index.
type indexStatements struct {
	setNumber, countBuckets *dbfile.Stmt
	setCompact              *dbfile.Stmt
	all                     dbfile.Prepared

	words   *dbfile.Stmt // adds to the shard wordsOf; nil = none yet
	wordsOf int64
}

func prepareIndex(c *dbfile.Conn) (*indexStatements, error) {
	s := &indexStatements{}
	var err error
	s.all, err = c.PrepareAll(map[**dbfile.Stmt]string{
		&s.setNumber:    setNumberSQL,
		&s.countBuckets: "UPDATE shards SET buckets = ? WHERE id = ?",
		&s.setCompact:   "UPDATE shards SET compact = 1 WHERE id = ?",
	})
	return s, err
}

// close lets go of them.
func (s *indexStatements) close() {
	s.all.Close()
	s.closeWords()
}

func (s *indexStatements) closeWords() {
	if s.words != nil {
		_ = s.words.Close()
		s.words = nil
	}
}

// open takes over the connection to the index, and reads how far that is.
func (x *index) open(c *dbfile.Conn) (err error) {
	if x.st, err = prepareIndex(c); err != nil {
		return err
	}
	x.c, x.shards = c, nil
	st, err := c.Prepare("SELECT id, low, buckets, compact FROM shards ORDER BY low")
	if err == nil {
		err = st.Each(func(row []driver.Value) error {
			next := cellReader{cells: row}
			x.shards = append(x.shards, shard{next.number(), next.number(), next.number(), next.number() != 0})
			return next.err
		})
		err = errors.Join(err, st.Close())
	}
	if err == nil {
		x.upto, err = c.Number("SELECT ifnull(max(value), -1) FROM numbers WHERE name = '" + indexedNumber + "'")
	}
	if x.edge = x.upto; err != nil {
		x.st.close()
		x.c, x.st = nil, nil
	}
	return err
}

// close closes the connection to the index, if there is one.
func (x *index) close() error {
	if x.c == nil {
		return nil
	}
	x.st.close()
	err := x.c.Close()
	x.c, x.st = nil, nil
	return err
}

// transaction does what f does to the index within one transaction, fsync'd if
// full.
func (x *index) transaction(full bool, f func() error) error { return x.c.Transact(full, f) }
