//go:build unix

package dbfile

import (
	"errors"
	"os"
)

// SyncFolder puts the names in a folder on the disk. Windows does that by
// itself, and there is no way to ask for it.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
