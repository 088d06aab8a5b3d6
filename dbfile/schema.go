package dbfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

var (
	// ErrNewer says that a newer version wrote the file.
	ErrNewer = errors.New("written by a newer version of Homehook")
	// ErrForeign says that the file is not one of Homehook's.
	ErrForeign = errors.New("not a file of Homehook")
)

// Steps are the steps from an empty file to this version's schema, in
// order: files 0001_name.sql, 0002_name.sql and so on, without a gap.
func Steps(fsys fs.FS) ([]string, error) {
	names, err := fs.Glob(fsys, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]string, 0, len(names))
	for i, name := range names { // Glob sorts
		if !strings.HasPrefix(path.Base(name), fmt.Sprintf("%04d_", i+1)) {
			return nil, fmt.Errorf("migration %s: its number should be %04d", name, i+1)
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, string(text))
	}
	return steps, nil
}

// Migrate brings the file behind c up to the last step; the first one sets its
// application id to app. It refuses a file of a
// newer version or of another program, and copies an older file to
// <file>.v<version> before it changes it.
func Migrate(c *Conn, file string, app int64, steps []string) error {
	version, err := schemaVersion(c, app)
	if err != nil {
		return err
	}
	if version > len(steps) {
		return fmt.Errorf("%w (its format is %d, this version knows up to %d): update Homehook, or move the file away to begin a new one",
			ErrNewer, version, len(steps))
	}
	if version > 0 && version < len(steps) {
		if err := backup(c, fmt.Sprintf("%s.v%d", file, version)); err != nil {
			return fmt.Errorf("back up before the change of format: %w", err)
		}
	}
	for ; version < len(steps); version++ {
		text := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT", steps[version], version+1)
		if err := c.Exec(text); err != nil {
			// Nothing to roll back is fine: SQLite may have done it already.
			_ = c.Exec("ROLLBACK")
			return fmt.Errorf("change to format %d: %w", version+1, err)
		}
	}
	return nil
}

// schemaVersion is the number of steps the file has behind it, 0 for an empty
// one.
func schemaVersion(c *Conn, want int64) (int, error) {
	version, err := c.Number("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	app, err := c.Number("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	objects, err := c.Number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	empty := version == 0 && app == 0 && objects == 0
	if !empty && app != want {
		return 0, fmt.Errorf("%w but another program's database: move the file away to begin a new one", ErrForeign)
	}
	return int(version), nil
}

// backup copies the database to path, mode 0600 and on the disk when it returns.
// A copy that is already there is from an attempt that did not end.
func backup(c *Conn, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = c.Exec("VACUUM INTO '" + strings.ReplaceAll(path, "'", "''") + "'")
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
