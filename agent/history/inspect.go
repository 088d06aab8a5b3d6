package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"homehook/access"
	"homehook/dbfile"

	"modernc.org/sqlite"
)

const (
	// maxVerified is how large a file may be, in bytes, for Inspect to read it
	// all; that takes about a quarter of a second.
	maxVerified = 256 << 20
	// verifying bounds the reading on a slow disk.
	verifying = 3 * time.Second
)

// Inspection is how the file of a history is doing.
type Inspection struct {
	// Size is that of the file and its WAL, in bytes.
	Size int64
	// Exposed are paths of files that other users may read or write; on Windows
	// there are none, as the folder keeps others out.
	Exposed []string
	// Verified says that the whole file was read and is sound; if it is not,
	// Unverified says why nobody knows.
	Verified   bool
	Unverified string
}

// Inspect looks at the file while it is in use, and keeps nobody waiting. The
// error says what is wrong with the contents; the Inspection holds all the same.
func (j *Journal) Inspect(ctx context.Context) (Inspection, error) {
	in, err := look(j.w.path)
	if err != nil || in.Unverified != "" {
		return in, err
	}
	return in, in.verify(ctx, j.reader)
}

// Inspect looks at the history at path, which nobody may have open: not this
// process, nor an agent. It changes nothing. The error wraps fs.ErrNotExist when
// there is no history yet, or says what is wrong with the file; in the latter
// case the Inspection holds all the same.
func Inspect(ctx context.Context, path string) (Inspection, error) {
	in, err := look(path)
	if err != nil {
		return in, err
	}
	// Who looks may have more rights than who could put a link there.
	if err := access.Mine(path); err != nil {
		return in, fmt.Errorf("look at history: %w", err)
	}
	// To close a file takes the locks from whoever has it open in this process,
	// so this is for a file that nobody has.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return in, fmt.Errorf("write history: %w", err)
	}
	if err := f.Close(); err != nil {
		return in, fmt.Errorf("write history: %w", err)
	}
	unclean, err := dbfile.Unclean(path)
	if err != nil {
		return in, fmt.Errorf("look at history: %w", err)
	}
	switch {
	case unclean:
		in.Unverified = "the agent did not end in order; it checks the file when it starts"
	case in.Unverified == "" && in.Size > 0:
		db, err := openUnused(path)
		if err != nil {
			return in, fmt.Errorf("open history: %w", err)
		}
		return in, errors.Join(in.verify(ctx, db), db.Close())
	}
	return in, nil
}

// look reads no file, only what folders say of them.
func look(path string) (Inspection, error) {
	var in Inspection
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Lstat(path + suffix)
		if errors.Is(err, fs.ErrNotExist) && suffix != "" {
			continue
		}
		if err != nil {
			return in, fmt.Errorf("look at history: %w", err)
		}
		if !info.Mode().IsRegular() {
			return in, fmt.Errorf("look at history: %s is not a plain file; remove it", path+suffix)
		}
		if suffix != "-shm" { // no contents
			in.Size += info.Size()
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			in.Exposed = append(in.Exposed, path+suffix)
		}
	}
	if in.Size > maxVerified {
		in.Unverified = "it is too large to be read quickly"
	}
	return in, nil
}

// openUnused opens a file that nobody writes and that was closed in order. As
// the driver is told so, it makes no files beside it.
func openUnused(path string) (*sql.DB, error) {
	name, err := dbfile.DSN(path, "mode=ro", "immutable=1", "_dqs=0", "_error_rc=1", "_query_only=1", "_pragma=temp_store(memory)")
	if err != nil {
		return nil, err
	}
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// verify reads the whole file.
func (in *Inspection) verify(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, verifying)
	defer cancel()
	var found string
	err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found)
	switch {
	case ctx.Err() != nil:
		in.Unverified = "it takes too long to be read"
		return nil
	case err != nil:
		return fmt.Errorf("read history: %w", err)
	case found != "ok":
		return fmt.Errorf("read history: %w: %s", dbfile.ErrDamaged, found)
	}
	in.Verified = true
	return nil
}

// Space is how many bytes the file system of dir has free for this user, and
// how many it has in all.
func Space(dir string) (free, total int64, err error) { return dbfile.Space(dir) }
