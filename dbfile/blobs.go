package dbfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"homehook/access"
)

// Blobs is a folder of files that rows of a database name, for bodies too large
// for a row. A file is complete and on the disk before a row names it; what no
// row names is a stray, for [Blobs.Sweep]. Safe for concurrent use.
type Blobs struct {
	dir  string
	root *os.Root
}

// part ends the names of files that are not kept yet.
const part = ".part"

// OpenBlobs opens the folder, creating it with mode 0700 if there is none. It
// refuses a symbolic link, and a folder of another user.
func OpenBlobs(dir string) (*Blobs, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	fi, err := os.Lstat(dir)
	if err != nil {
		return nil, err
	}
	if fi.Mode()&fs.ModeSymlink != 0 || !fi.IsDir() {
		return nil, access.Refuse("%s is not a folder of its own: move it away", dir)
	}
	if err := access.Mine(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Blobs{dir: dir, root: root}, nil
}

// Close lets go of the folder.
func (b *Blobs) Close() error { return b.root.Close() }

// Create begins a new file. The caller has to Close the blob.
func (b *Blobs) Create() (*Blob, error) {
	name := rand.Text()
	// On Windows too, a file opened through os.Root may be renamed and removed
	// while it is open.
	f, err := b.root.OpenFile(name+part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &Blob{blobs: b, name: name, f: f}, nil
}

// Open opens a kept file for reading.
func (b *Blobs) Open(name string) (*os.File, error) { return b.root.Open(name) }

// Size is that of a kept file.
func (b *Blobs) Size(name string) (int64, error) {
	fi, err := b.root.Lstat(name)
	if err != nil {
		return 0, err
	}
	if !fi.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a regular file", filepath.Join(b.dir, name))
	}
	return fi.Size(), nil
}

// Remove deletes a kept file. One that is not there is no error.
func (b *Blobs) Remove(name string) error {
	if err := b.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Sweep deletes the files that named does not report, and returns how many.
// With aside it moves them to a new folder of that name, beside the folder,
// instead. Nothing may be created meanwhile.
func (b *Blobs) Sweep(named func(name string) bool, aside string) (swept int, err error) {
	d, err := b.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(1000)
		for _, name := range names {
			if named(name) {
				continue
			}
			if err := b.sweepOne(name, aside); err != nil {
				return swept, err
			}
			swept++
		}
		if errors.Is(err, io.EOF) {
			return swept, nil
		}
		if err != nil {
			return swept, err
		}
	}
}

func (b *Blobs) sweepOne(name, aside string) error {
	if aside == "" || strings.HasSuffix(name, part) {
		return b.root.RemoveAll(name)
	}
	to := filepath.Join(filepath.Dir(b.dir), aside)
	if err := os.Mkdir(to, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(filepath.Join(b.dir, name), filepath.Join(to, name))
}

// Blob is a file that is being written. One goroutine writes; the other methods
// are safe for concurrent use.
type Blob struct {
	blobs *Blobs
	name  string

	mu    sync.Mutex // guards what follows
	f     *os.File   // nil after Close
	size  int64
	kept  bool  // it has its final name
	err   error // of syncing: what is on the disk is unknown from then on
	owned bool  // a row names it
}

var _ io.WriteCloser = (*Blob)(nil)

// Write appends to the file.
func (t *Blob) Write(p []byte) (int, error) {
	n, err := t.f.Write(p)
	t.mu.Lock()
	t.size += int64(n)
	t.mu.Unlock()
	return n, err
}

// Size is the number of bytes written.
func (t *Blob) Size() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size
}

// Keep puts the file on the disk for good, under the name that it returns: it
// syncs the file, renames it and syncs the folder. The file still belongs to the
// blob, and Close removes it, until Release. Nothing may be written afterwards.
// Keep may be called again and repeats its outcome: after a sync that failed
// nothing helps but a new file.
func (t *Blob) Keep() (name string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.f == nil {
		return "", fs.ErrClosed
	}
	if t.err == nil && !t.kept {
		t.err = t.keepLocked()
	}
	return t.name, t.err
}

func (t *Blob) keepLocked() error {
	// On macOS, Sync asks the drive itself (F_FULLFSYNC).
	if err := t.f.Sync(); err != nil {
		return err
	}
	if err := t.blobs.root.Rename(t.name+part, t.name); err != nil {
		return err
	}
	t.kept = true
	return SyncFolder(t.blobs.dir)
}

// Release leaves the file to the row that names it: Close does not remove it.
func (t *Blob) Release() {
	t.mu.Lock()
	t.owned = true
	t.mu.Unlock()
}

// NewReader opens the file for reading from its beginning.
func (t *Blob) NewReader() (*os.File, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.blobs.root.Open(t.path())
}

func (t *Blob) path() string {
	if t.kept {
		return t.name
	}
	return t.name + part
}

// Close closes the file, and removes it unless it was released.
func (t *Blob) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.f == nil {
		return nil
	}
	err := t.f.Close()
	t.f = nil
	if !t.owned {
		err = errors.Join(err, t.blobs.Remove(t.path()))
	}
	return err
}
