package relay

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"homehook/access"
)

//go:embed migrations/*.sql
var migrations embed.FS

const storeFile = "relay.db"

// store is the relay's data on disk: SQLite in WAL mode, each change synced
// before it is reported as done. Other processes may use it at the same time.
type store struct {
	db *sql.DB
}

// openStore opens the store in a folder, which is created if need be, and
// brings its schema up to date.
func openStore(ctx context.Context, dir string) (*store, error) {
	if err := prepareFolder(dir); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(filepath.Join(dir, storeFile))
	if err != nil {
		return nil, fmt.Errorf("find data folder: %w", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := checkOwner(path + suffix); err != nil {
			return nil, fmt.Errorf("open relay data: %w", err)
		}
	}
	// SQLite gives its other files the mode of this one and, as root, its owner.
	if err := createFile(path); err != nil {
		return nil, fmt.Errorf("open relay data: %w", err)
	}
	db, err := sql.Open("sqlite", storeURL(path))
	if err != nil {
		return nil, fmt.Errorf("open relay data: %w", err)
	}
	// One connection: data_version then tells of other processes only.
	db.SetMaxOpenConns(1)
	s := &store{db: db}
	if err := s.migrate(ctx, dir); err != nil {
		db.Close()
		return nil, err
	}
	return s, nil
}

// createFile makes an empty file of mode 0600 where there is none. What root makes
// is given to the owner of the folder, the relay's user, who could not open it.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(access.LikeFolder(f), f.Close())
}

func storeURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // file:///C:/…
	}
	q := "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate"
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?" + q
}

// prepareFolder creates the data folder and refuses one that others could
// have put something into.
func prepareFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create data folder: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at data folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("data folder %s is not a folder", dir)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o022 != 0 {
		return fmt.Errorf("data folder %s can be changed by others (%04o); run: chmod 700 %s", dir, mode, dir)
	}
	return nil
}

// checkOwner refuses a file of another user, and a link. An administrator makes
// tokens for a relay that has a user of its own: root is refused links alone.
func checkOwner(path string) error {
	if os.Geteuid() != 0 {
		return access.Mine(path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a symbolic link: remove it", path)
	}
	return nil
}

func (s *store) close() error { return s.db.Close() }

// migrate runs the migrations that the schema lacks, each in a transaction
// that also counts it.
func (s *store) migrate(ctx context.Context, dir string) error {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for saved := false; ; {
		var have int
		if err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
			return fmt.Errorf("read relay data in %s: %w", dir, err)
		}
		switch {
		case have > len(files):
			return fmt.Errorf("relay data in %s were written by a newer version (schema %d, this one knows %d); install that version, or choose another folder with --data",
				dir, have, len(files))
		case have == len(files):
			return nil
		}
		if have > 0 && !saved {
			if err := s.save(ctx, filepath.Join(dir, fmt.Sprintf("%s.v%d", storeFile, have))); err != nil {
				return fmt.Errorf("copy relay data in %s before their update: %w", dir, err)
			}
		}
		saved = true // or there was nothing to copy
		if err := s.migrateOne(ctx, files[have], have); err != nil {
			return fmt.Errorf("update relay data in %s to schema %d: %w", dir, have+1, err)
		}
	}
}

// save copies the data to a file of mode 0600, which is on the disk when it
// returns. One that is there is from an update that did not end.
func (s *store) save(ctx context.Context, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err = access.LikeFolder(f); err == nil {
		_, err = s.db.ExecContext(ctx, "VACUUM INTO ?", path)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (s *store) migrateOne(ctx context.Context, file string, have int) error {
	text, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		var now int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now); err != nil || now != have {
			return err // another process was first
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", have+1))
		return err
	})
}

// change runs f in a transaction that holds the write lock from its start.
func (s *store) change(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// version returns a number that changes when another process has changed the
// store.
func (s *store) version(ctx context.Context) (int64, error) {
	var v int64
	err := s.db.QueryRowContext(ctx, "PRAGMA data_version").Scan(&v)
	return v, err
}
