package dbfile

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Offsets in the header of a database, which its first page begins with.
const (
	pageSizeAt  = 16 // 2 bytes
	changesAt   = 24 // 4 bytes, as all that follow
	pagesAt     = 28
	freeAt      = 32 // first page of the list of free pages
	freeCountAt = 36
	validAt     = 92 // the number of changes at which the number of pages is right
	headerBytes = 100
)

// lendFirstPage copies the database at from to to, with the first page of
// another one, which is open as fresh.
func lendFirstPage(from, to string, fresh *Conn, freshPath string) error {
	if _, err := fresh.Value("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return &copyError{err}
	}
	page, err := firstPage(freshPath)
	if err != nil {
		return &copyError{err}
	}
	if err := copyFile(from, to); err != nil {
		return &copyError{err}
	}
	// What the log holds replaces pages of the file as it always does.
	if err := copyFile(from+"-wal", to+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &copyError{err}
	}
	f, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return &copyError{err}
	}
	if err := errors.Join(fitFirstPage(f, page), f.Close()); err != nil {
		return &copyError{err}
	}
	return nil
}

// fitFirstPage makes page the first one of f.
func fitFirstPage(f *os.File, page []byte) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	pages := (size + int64(len(page)) - 1) / int64(len(page))
	binary.BigEndian.PutUint32(page[pagesAt:], uint32(pages))
	binary.BigEndian.PutUint32(page[validAt:], binary.BigEndian.Uint32(page[changesAt:]))
	clear(page[freeAt : freeCountAt+4])
	_, err = f.WriteAt(page, 0)
	return err
}

// firstPage reads the first page of a database that has nothing in its log.
func firstPage(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	header := make([]byte, headerBytes)
	if _, err := io.ReadFull(f, header); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(header[pageSizeAt:]))
	if size == 1 {
		size = 64 << 10 // which does not fit
	}
	page := make([]byte, size)
	if _, err := f.ReadAt(page, 0); err != nil {
		return nil, err
	}
	return page, nil
}

// copyFile copies a file of ours, to mode 0600.
func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

func syncFolderOf(path string) error { return SyncFolder(filepath.Dir(path)) }
