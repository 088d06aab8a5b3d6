package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// lockHeld bounds how long a change works with the lock in its hands.
	lockHeld = 10 * time.Second
	// lockWait is how long an edit waits for another one of the same file: longer
	// than that may take, with reading and writing.
	lockWait = lockHeld + 5*time.Second
)

// replace puts data in the place of the file at path, whole or not at all. It
// leaves mode 0600 and the owner of the old file.
func replace(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp") // 0600
	if err != nil {
		return fmt.Errorf("write config: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(data); err == nil {
		err = keepOwner(tmp, path)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		err = tmp.Close()
	}
	if err == nil {
		err = rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write config: %w", err)
	}
	return syncFolder(dir)
}

// target is the file that an edit of path has to replace: behind a symbolic
// link the file itself, so that the link stays.
func target(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("find config: %w", err)
	}
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s is a symbolic link to nothing; remove it or restore the file it points to", path)
	}
	return path, nil
}

// withLock runs edit while no other process edits the file at path.
func withLock(path string, edit func() error) error {
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
	deadline := time.Now().Add(lockWait)
	for {
		unlock, err := tryLock(name)
		if err == nil {
			defer unlock()
			return edit()
		}
		if !errors.Is(err, errLocked) {
			return fmt.Errorf("lock config: %w", err)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("another program is changing %s; try again", path)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// errLocked says that somebody else holds the lock.
var errLocked = errors.New("locked")
