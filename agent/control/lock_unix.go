//go:build unix

package control

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// takeLock locks the file at path for this process and writes its id there for
// others to read. Closing the file, or the end of the process, frees the lock.
// The file itself stays: removing it would let two processes lock two files of
// one name.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("lock file %s is a symlink: remove it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := lockAndSign(f); err != nil {
		_ = f.Close() // the first error says more
		return nil, err
	}
	return f, nil
}

func lockAndSign(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("check lock file: %w", err)
	}
	if !info.Mode().IsRegular() || int(statOwner(info)) != os.Geteuid() {
		return fmt.Errorf("lock file %s is not a plain file of uid %d: remove it", f.Name(), os.Geteuid())
	}
	err = lockOutlived(f)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return running(signedBy(f))
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("write lock file: %w", err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("write lock file: %w", err)
	}
	return nil
}

// lockOutlived locks f, and waits for a moment if the process that signed it is
// gone. One that is killed while it starts a program leaves a child with its
// files, and so its lock, until the child has become that program.
func lockOutlived(f *os.File) error {
	for end := time.Now().Add(outlivedFor); ; time.Sleep(outlivedFor / 100) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) || !isGone(signedBy(f)) || time.Now().After(end) {
			return err
		}
	}
}

// outlivedFor is how long the lock of a process that is gone is waited for.
const outlivedFor = time.Second

// isGone reports whether there is no process of that id; 0 is none that is known.
func isGone(pid int) bool {
	return pid > 0 && errors.Is(unix.Kill(pid, 0), unix.ESRCH)
}

// signedBy is the process id in a lock file, 0 if there is none (yet).
func signedBy(f io.ReaderAt) int {
	buf := make([]byte, 20)
	n, _ := f.ReadAt(buf, 0) // the end of the file is expected
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}
