//go:build unix

package agent

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// errNotPlain is the error for what is not changed, whoever has put it there.
var errNotPlain = errors.New("it is no plain file or folder of this user with one name; look at it, and move it away")

// closeToOthers takes a file or folder of this user from all others. It follows no
// link, symbolic or hard: where others may write, they may have put one there.
func closeToOthers(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("close %s to others: %w", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("close %s to others: %w", path, err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	alone := ok && int(st.Uid) == os.Geteuid() && (info.IsDir() || info.Mode().IsRegular() && st.Nlink == 1)
	if !alone {
		return fmt.Errorf("close %s to others: %w", path, errNotPlain)
	}
	if err := f.Chmod(info.Mode().Perm() & 0o700); err != nil {
		return fmt.Errorf("close %s to others: %w", path, err)
	}
	return nil
}
