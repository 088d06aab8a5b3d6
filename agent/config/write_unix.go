//go:build unix

package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock file name, and removes it when it is given back. It
// returns errLocked while somebody else has it. The system lets go of the lock
// of a process that dies.
func tryLock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, err
	}
	// Its last holder may have removed the file between open and lock; the
	// lock of a removed file keeps nobody out.
	mine, err := f.Stat()
	if err == nil {
		var named os.FileInfo
		if named, err = os.Lstat(name); err == nil && os.SameFile(mine, named) {
			return func() { os.Remove(name); f.Close() }, nil
		}
	}
	f.Close()
	return nil, errLocked
}

// keepOwner gives tmp to the owner of the file at path, so that an
// administrator's edit does not lock out the user whose agent reads it.
func keepOwner(tmp *os.File, path string) error {
	me := os.Geteuid()
	info, err := os.Stat(path)
	switch {
	case err == nil:
	case me == 0:
		return letGroupRead(tmp, filepath.Dir(path), 0o050)
	default:
		return nil // a new file is the caller's
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if ok && int(st.Uid) == me && me == 0 {
		return letGroupRead(tmp, path, 0o040)
	}
	if !ok || int(st.Uid) == me {
		return nil
	}
	return tmp.Chown(int(st.Uid), int(st.Gid))
}

// letGroupRead lets the group of what is at like read tmp, if it has those rights
// there and root owns it: so the system's agent reads a file that only root changes.
func letGroupRead(tmp *os.File, like string, rights os.FileMode) error {
	info, err := os.Stat(like)
	if err != nil {
		return nil // the next step says what is wrong
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid != 0 || st.Gid == 0 || info.Mode().Perm()&rights != rights {
		return nil
	}
	return errors.Join(tmp.Chown(0, int(st.Gid)), tmp.Chmod(0o640))
}

// rename puts a file in the place of another, in one step.
func rename(from, to string) error { return os.Rename(from, to) }

// syncFolder makes a rename in dir outlast a power cut.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write config: %w", err)
	}
	defer d.Close()
	// Some file systems do not sync folders; they order renames themselves.
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return fmt.Errorf("write config: %w", err)
	}
	return nil
}
