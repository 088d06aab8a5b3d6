//go:build unix

package credentials

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openFile opens the store's file for reading and refuses one that is a link,
// another user's or not closed to others.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("%s is a symbolic link; put the file itself there", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		err = checkFile(path, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// checkFile checks kind, owner and mode of the store's file.
func checkFile(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file; move it away", path)
	}
	if err := checkOwner(path, info); err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s is open to others (%#o); run: chmod 600 %s, and replace the secrets in it if others use this machine", path, mode, path)
	}
	return nil
}

// checkFolder checks kind, owner and mode of the store's folder: who may write
// there could put another file in the place of the store's.
func checkFolder(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("open credentials: %w", err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("folder %s is a symbolic link; name the folder that is meant", dir)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder; move it away", dir)
	}
	if err := checkOwner(dir, info); err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("folder %s can be changed by others (%#o); run: chmod 700 %s", dir, mode, dir)
	}
	return nil
}

// checkOwner checks that a file or folder is this user's. Root is no
// exception: what it writes into a user's store, that user could not read.
func checkOwner(path string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if me := os.Geteuid(); ok && int(st.Uid) != me {
		return fmt.Errorf("%s belongs to another user (uid %d, this is uid %d); run as that user", path, st.Uid, me)
	}
	return nil
}

// tryLock takes the lock file name, and removes it when it is given back. It
// returns errHeld while another process has it. The system lets go of the
// lock of a process that dies.
func tryLock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errHeld
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
	return nil, errHeld
}

// rename puts a file in the place of another, in one step.
func rename(from, to string) error { return os.Rename(from, to) }

// syncFolder makes a rename in dir outlast a power cut.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	// Some file systems do not sync folders; they order renames themselves.
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// readHanded reads a secret that systemd hands over. It may be root's or this
// user's, and is open to nobody else but, where root owns it, to a group.
func readHanded(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("read root key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read root key: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("%s belongs to another user (uid %d); let systemd hand it over", path, st.Uid)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o027 != 0 {
		return nil, fmt.Errorf("%s can be read or changed by others (%#o); let systemd hand it over, or run: chmod 400 %s", path, mode.Perm(), path)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read root key: %w", err)
	}
	return data, nil
}
