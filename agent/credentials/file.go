package credentials

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lockWait is how long a change waits for another process to finish its own.
const lockWait = 5 * time.Second

// errHeld says that another process holds the lock.
var errHeld = errors.New("held by another process")

// errPlaced says that a file is in place, but that a power cut may take it back.
var errPlaced = errors.New("it is written, but may not outlast a power cut")

// readFile reads a file of the store that others cannot read or change. The
// error wraps fs.ErrNotExist when there is none.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil {
		b.Grow(int(min(info.Size(), limit)) + bytes.MinRead) // it is read in one go
	}
	if _, err := b.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	return b.Bytes(), nil
}

// lock waits for the right to change the files of the store.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	// The name is that of the first version's lock, which may still run.
	name := s.plain + ".lock"
	deadline := time.Now().Add(lockWait)
	for {
		if s.base.Err() != nil {
			return nil, errClosed
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		unlock, err := tryLock(name)
		if err == nil {
			return unlock, nil
		}
		if !errors.Is(err, errHeld) {
			return nil, fmt.Errorf("lock credentials: %w", err)
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("another program is changing %s; try again", s.path)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// replaceFile puts data in the place of a file, whole or not at all. Only its
// owner can read it. The error wraps errPlaced when the file is in place.
func replaceFile(path string, data []byte) (err error) {
	dir, name := filepath.Split(path)
	tmp, err := os.CreateTemp(dir, "."+name+".*.tmp") // 0600
	if err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		err = tmp.Close()
	}
	if err == nil {
		err = rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	if err := syncFolder(dir); err != nil {
		return fmt.Errorf("write credentials: %w: %w", errPlaced, err)
	}
	return nil
}

// sweep removes what processes left behind that were killed. The caller holds the
// lock, so that nobody is at work on any of it.
func (s *Store) sweep(v view) {
	all, _ := os.ReadDir(s.dir) // it can wait for the next change
	for _, e := range all {
		name := e.Name()
		if !e.Type().IsRegular() || !strings.HasSuffix(name, ".tmp") {
			continue
		}
		for _, of := range []string{sealedName, keyFileName, plainName} {
			if strings.HasPrefix(name, "."+of+".") {
				_ = shred(filepath.Join(s.dir, name))
			}
		}
	}
	s.sweepTaken(v)
}

// sweepTaken removes the copy in the clear that a process which died was about to
// remove. Damage tells where it cannot be removed.
func (s *Store) sweepTaken(v view) {
	if v.sealed != nil && v.sealed.head != nil {
		_ = shred(filepath.Join(s.dir, takenName))
	}
}

// shred overwrites a file that holds secrets and removes it. Where the disk keeps
// what was overwritten, as flash memory does, or refuses to overwrite, as a full
// one may, nothing more can be done. A file that is not there is no error.
func shred(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode().IsRegular() {
		_ = os.Chmod(path, 0o600) // a careful person made it read-only
		_ = overwrite(path, info.Size())
	}
	if err == nil {
		err = os.Remove(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process was faster
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

func overwrite(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	zeros := make([]byte, 32<<10)
	for left := size; left > 0 && err == nil; left -= int64(len(zeros)) {
		_, err = f.Write(zeros[:min(left, int64(len(zeros)))])
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// keepAside copies a file that is about to be overwritten though it is spoiled, or
// can no longer be opened.
func keepAside(path, why string) error {
	data, err := readFile(path, maxSealed)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return replaceFile(path+"."+why+"-"+time.Now().UTC().Format("20060102-150405.000"), data)
}
