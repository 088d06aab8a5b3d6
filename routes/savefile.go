package routes

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// errThere reports that another file has the name already.
var errThere = errors.New("there is another file of that name")

// errTooLarge reports a file that is larger than the route takes.
var errTooLarge = errors.New("it is too large")

// staging holds files of one delivery that are written, and not yet where they
// belong. All of them go there, or none.
type staging struct {
	root      *os.Root
	id        string // of the delivery, for the names of unfinished files
	limit     int64  // bytes of each file
	overwrite bool
	files     []*staged
	made      []string // folders that were not there, each behind the one it is in
	committed bool
}

// staged is one file.
type staged struct {
	temp, name string // below the root
	size       int64
	sum        [sha256.Size]byte
	placed     bool // under its name, by this attempt
}

// add writes a file next to where it belongs; commit brings it down to the disk.
// Its unfinished name is that of the delivery: an attempt that was cut off leaves
// what the next one takes away.
func (st *staging) add(name string, r io.Reader) error {
	dir := path.Dir(name)
	if err := st.folder(dir); err != nil {
		return err
	}
	f := &staged{name: name, temp: path.Join(dir, fmt.Sprintf(".homehook-%s-%d.part", st.id, len(st.files)))}
	st.root.Remove(f.temp)
	out, err := st.root.OpenFile(f.temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrNotExist) && st.folder(dir) == nil {
		// A delivery that was refused has taken the folder away meanwhile.
		out, err = st.root.OpenFile(f.temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	}
	if err != nil {
		return &writeError{path.Join(st.root.Name(), name), err}
	}
	st.files = append(st.files, f)
	sum := sha256.New()
	to := &noting{w: io.MultiWriter(out, sum)}
	f.size, err = io.Copy(to, io.LimitReader(r, st.limit+1))
	f.sum = [sha256.Size]byte(sum.Sum(nil))
	switch {
	case err != nil && to.err == nil:
		out.Close()
		return err // the body's own
	case err == nil && f.size > st.limit:
		out.Close()
		return errTooLarge
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return &writeError{path.Join(st.root.Name(), name), err}
	}
	return nil
}

// noting keeps the error of a writer, to tell it from that of the reader.
type noting struct {
	w   io.Writer
	err error
}

var _ io.Writer = (*noting)(nil)

func (n *noting) Write(p []byte) (m int, err error) {
	m, err = n.w.Write(p)
	n.err = err
	return m, err
}

// writeError reports a file that could not be written.
type writeError struct {
	name string
	err  error
}

var _ error = (*writeError)(nil)

func (e *writeError) Error() string {
	err := e.err
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		err = link.Err
	}
	return fmt.Sprintf("write %s: %s", e.name, pathCause(err))
}

func (e *writeError) Unwrap() error { return e.err }

// folder makes the folders on the way to a file, for this user alone.
func (st *staging) folder(dir string) error {
	if dir == "." {
		return nil
	}
	if info, err := st.root.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	before := len(st.made)
	for up := dir; up != "."; up = path.Dir(up) {
		if _, err := st.root.Lstat(up); err == nil {
			break
		}
		st.made = slices.Insert(st.made, before, up)
	}
	if err := st.root.MkdirAll(dir, 0o700); err != nil {
		return &writeError{path.Join(st.root.Name(), dir), err}
	}
	for ; dir != "."; dir = path.Dir(dir) {
		st.sync(path.Dir(dir))
	}
	return nil
}

// sync brings the names in a folder to the disk, where the system can.
func (st *staging) sync(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // it has no such call for folders
	}
	d, err := st.root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// commit gives all files their names.
func (st *staging) commit() error {
	if err := st.syncFiles(); err != nil {
		return err
	}
	folders := map[string]bool{}
	for _, f := range st.files {
		if err := st.place(f); err != nil {
			st.undo()
			if errors.Is(err, errThere) {
				return fmt.Errorf("%w: %s", errThere, path.Join(st.root.Name(), f.name))
			}
			return &writeError{path.Join(st.root.Name(), f.name), err}
		}
		folders[path.Dir(f.name)] = true
	}
	for dir := range folders {
		if err := st.sync(dir); err != nil {
			return &writeError{path.Join(st.root.Name(), dir), err}
		}
	}
	st.committed = true
	return nil
}

// syncAtOnce is how many files are brought to the disk side by side: that is much
// faster than one by one, as a file system does several in one go.
const syncAtOnce = 16

// syncFiles brings what is written to the disk.
func (st *staging) syncFiles() error {
	errs := make([]error, len(st.files))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(syncAtOnce, len(st.files)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(errs); i = int(next.Add(1)) - 1 {
				errs[i] = st.syncFile(st.files[i])
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (st *staging) syncFile(f *staged) error {
	out, err := st.root.OpenFile(f.temp, os.O_WRONLY, 0) // Windows syncs only what may be written
	if err == nil {
		err = errors.Join(out.Sync(), out.Close())
	}
	if err != nil {
		return &writeError{path.Join(st.root.Name(), f.name), err}
	}
	return nil
}

// place gives a file its name, in one step.
func (st *staging) place(f *staged) error {
	if st.overwrite {
		return st.root.Rename(f.temp, f.name)
	}
	err := st.root.Link(f.temp, f.name)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = st.reserve(f) // a file system without links
	}
	switch {
	case err == nil:
		f.placed = true
		st.root.Remove(f.temp)
		return nil
	case errors.Is(err, fs.ErrExist) && st.same(f):
		// An attempt before this one came as far as here.
		st.root.Remove(f.temp)
		return nil
	case errors.Is(err, fs.ErrExist):
		return errThere
	}
	return err
}

// reserve takes a name with an empty file, which nobody else can, and then
// puts the written one in its place.
func (st *staging) reserve(f *staged) error {
	out, err := st.root.OpenFile(f.name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out.Close()
	if err := st.root.Rename(f.temp, f.name); err != nil {
		st.root.Remove(f.name)
		return err
	}
	return nil
}

// same reports whether the file that has the name already has the same content.
func (st *staging) same(f *staged) bool {
	info, err := st.root.Lstat(f.name)
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.size {
		return false
	}
	in, err := st.root.Open(f.name)
	if err != nil {
		return false
	}
	defer in.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, in)
	return err == nil && bytes.Equal(sum.Sum(nil), f.sum[:])
}

// undo takes away what this attempt has placed.
func (st *staging) undo() {
	for _, f := range st.files {
		if f.placed {
			st.root.Remove(f.name)
		}
	}
}

// discard removes what is unfinished, and folders made for it that are empty.
func (st *staging) discard() {
	for _, f := range st.files {
		st.root.Remove(f.temp)
	}
	if st.committed {
		return
	}
	for _, dir := range slices.Backward(st.made) {
		st.root.Remove(dir)
	}
}
