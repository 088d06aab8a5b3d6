package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// image is what a disk holds of a folder, as far as a power cut would leave it:
// each file has what was synced, and behind it the changes that were not.
type image struct {
	dir   string
	files map[string]*imageFile
	// moves are renames whose folder was not synced since.
	moves []move
	// begun are calls of threads that have not returned.
	begun map[string]call
	syncs int
}

type imageFile struct {
	synced  []byte
	pending []change
	size    int64 // with what is pending
}

// change is a write, or a new length if data is nil.
type change struct {
	at   int64
	data []byte
}

type move struct{ from, to string }

// newImage takes a folder as it lies there for the state after a sync.
func newImage(dir string) (*image, error) {
	m := &image{dir: dir, files: make(map[string]*imageFile), begun: make(map[string]call)}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		m.files[path] = &imageFile{synced: text, size: int64(len(text))}
		return err
	})
	return m, err
}

// begin applies what a call changes.
func (m *image) begin(c call) error {
	switch c.name {
	case "pwrite64", "write":
		return m.write(c)
	case "ftruncate":
		if f := m.file(descriptor(c.args)); f != nil {
			n, err := strconv.ParseInt(lastWord(c.args), 10, 64)
			f.pending = append(f.pending, change{at: n})
			f.size = n
			return err
		}
	}
	return nil
}

// end applies what is certain once a call has returned.
func (m *image) end(c call) error {
	if strings.HasPrefix(c.result, "-1") || c.result == "?" {
		return nil
	}
	switch c.name {
	case "fsync", "fdatasync":
		m.sync(descriptor(c.args))
	case "openat":
		if strings.Contains(c.args, "O_CREAT") {
			m.file(descriptor(c.result))
		}
	case "renameat", "renameat2", "rename":
		return m.rename(c.args)
	case "unlinkat", "unlink":
		paths, err := paths(c.args)
		if err == nil && len(paths) > 0 {
			delete(m.files, paths[0])
		}
		return err
	}
	return nil
}

func (m *image) write(c call) error {
	f := m.file(descriptor(c.args))
	if f == nil {
		return nil
	}
	_, rest, _ := strings.Cut(c.args, `"`)
	text, rest, ok := strings.Cut(rest, `"`)
	if !ok || strings.HasPrefix(rest, "...") {
		return fmt.Errorf("the data are not whole")
	}
	data, err := unhex(text)
	if err != nil {
		return err
	}
	at := f.size // plain writes go to the end of these files
	if c.name == "pwrite64" {
		if at, err = strconv.ParseInt(lastWord(c.args), 10, 64); err != nil {
			return err
		}
	}
	f.pending = append(f.pending, change{at, data})
	f.size = max(f.size, at+int64(len(data)))
	return nil
}

// sync makes what is pending of a file, or of a folder's names, certain.
func (m *image) sync(path string) {
	if path != m.dir && !strings.HasPrefix(path, m.dir+"/") {
		return
	}
	m.syncs++
	if f := m.files[path]; f != nil {
		for _, c := range f.pending {
			f.synced = c.apply(f.synced)
		}
		f.pending = nil
		return
	}
	kept := m.moves[:0]
	for _, mv := range m.moves {
		if filepath.Dir(mv.to) != path {
			kept = append(kept, mv)
		}
	}
	m.moves = kept
}

func (m *image) rename(args string) error {
	paths, err := paths(args)
	if err != nil || len(paths) < 2 {
		return err
	}
	f := m.files[paths[0]]
	if f == nil {
		return nil
	}
	delete(m.files, paths[0])
	m.files[paths[1]] = f
	m.moves = append(m.moves, move{paths[0], paths[1]})
	return nil
}

// apply returns the bytes with the change made to them.
func (c change) apply(b []byte) []byte {
	end := c.at + int64(len(c.data))
	if c.data == nil && int64(len(b)) > end {
		return b[:end:end]
	}
	if int64(len(b)) < end {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	copy(b[c.at:], c.data)
	return b
}

// file returns the image's file of that name, new if it has to be, nil if it is
// none of the folder.
func (m *image) file(path string) *imageFile {
	if !strings.HasPrefix(path, m.dir+"/") || strings.HasSuffix(path, " (deleted)") {
		return nil
	}
	f := m.files[path]
	if f == nil {
		f = &imageFile{}
		m.files[path] = f
	}
	return f
}

// cut writes the folder anew as a power cut leaves it: what was synced, and of
// what was not, nothing, or, with an rng, some of the sectors. SQLite's index of
// its log is left out: it is made anew from the log.
func (m *image) cut(rng *rand.Rand) error {
	for i := len(m.moves) - 1; i >= 0; i-- {
		if mv := m.moves[i]; m.files[mv.to] != nil && (rng == nil || rng.IntN(2) == 0) {
			m.files[mv.from] = m.files[mv.to]
			delete(m.files, mv.to)
		}
	}
	if err := removeFiles(m.dir); err != nil {
		return err
	}
	for path, f := range m.files {
		if strings.HasSuffix(path, "-shm") {
			continue
		}
		if err := os.WriteFile(path, f.left(rng), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// left is what a power cut leaves of a file.
func (f *imageFile) left(rng *rand.Rand) []byte {
	const sector = 512
	b := slices.Clone(f.synced)
	for _, c := range f.pending {
		if rng == nil {
			break
		}
		if c.data == nil {
			if rng.IntN(2) == 0 {
				b = c.apply(b)
			}
			continue
		}
		for at := 0; at < len(c.data); at += sector {
			if rng.IntN(2) == 0 {
				b = change{c.at + int64(at), c.data[at:min(at+sector, len(c.data))]}.apply(b)
			}
		}
	}
	return b
}

// removeFiles empties a folder and leaves the folders in it.
func removeFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		return os.Remove(path)
	})
}
