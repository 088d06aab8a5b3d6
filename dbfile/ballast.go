package dbfile

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
)

// Ballast is a file that does nothing but occupy the disk. When the disk is
// full it is dropped, so that there is room to write what frees more: deletes
// need space before they give some back. Not safe for concurrent use.
type Ballast struct {
	Path string
	Size int64 // in bytes; none is kept if it is 0 or less
}

// Standing says that the file is there in its full size.
func (b Ballast) Standing() bool {
	fi, err := os.Lstat(b.Path)
	return b.Size <= 0 || err == nil && fi.Mode().IsRegular() && fi.Size() == b.Size
}

// Drop deletes the file, and says whether that made room.
func (b Ballast) Drop() bool { return b.Size > 0 && os.Remove(b.Path) == nil }

// Load makes the file if it is not there. It is random: a file system that
// compresses must not make less of it. An error leaves no file.
func (b Ballast) Load() error {
	if b.Standing() {
		return nil
	}
	if err := os.Remove(b.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(b.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.Reader, b.Size)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(b.Path))
	}
	return nil
}
