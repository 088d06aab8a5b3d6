package dbfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrDamaged says that a file's contents contradict themselves.
var ErrDamaged = errors.New("damaged")

// Unclean says that whoever had the database at path open last did not close
// it: SQLite still has something to bring in from the files beside it.
func Unclean(path string) (bool, error) {
	for _, suffix := range []string{"-wal", "-journal"} {
		fi, err := os.Stat(path + suffix)
		if err == nil && fi.Size() > 0 {
			return true, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return false, nil
}

// Verify reads the whole database and returns an error for which [Damaged]
// holds if it is not sound. It takes about a second per gigabyte.
func Verify(c *Conn) error {
	v, err := c.Value("PRAGMA quick_check(1)")
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	if v != "ok" {
		return fmt.Errorf("%w: %v", ErrDamaged, v)
	}
	return nil
}
