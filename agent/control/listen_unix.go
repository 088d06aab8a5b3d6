//go:build unix

package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// probeTimeout bounds the look whether someone answers at an existing socket.
const probeTimeout = 2 * time.Second

// maxSocketPath is how long a path the system takes, in bytes.
const maxSocketPath = len(unix.RawSockaddrUnix{}.Path) - 1

// listener is a unix socket that removes its file and frees its lock at the end.
type listener struct {
	*net.UnixListener
	path string
	made os.FileInfo // the socket as created
	lock *os.File
	once sync.Once
	err  error
}

var _ net.Listener = (*listener)(nil)

func listen(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("socket path %s has %d bytes and the system takes %d: set HOMEHOOK_HOME to a shorter folder", path, len(path), maxSocketPath)
	}
	if err := prepareFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock, err := takeLock(path + ".lock")
	if err != nil {
		return nil, err
	}
	l, err := bind(path)
	if err != nil {
		_ = lock.Close() // frees the lock
		return nil, err
	}
	l.lock = lock
	return l, nil
}

// prepareFolder makes dir, or checks that nobody else can get into it.
func prepareFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder of control socket: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("check folder of control socket: %w", err)
	}
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return fmt.Errorf("folder %s is a symlink: name the folder it leads to", dir)
	case !mode.IsDir():
		return fmt.Errorf("%s is not a folder: move it away", dir)
	case int(statOwner(info)) != os.Geteuid():
		return fmt.Errorf("folder %s belongs to uid %d, not to uid %d: remove it or choose another with HOMEHOOK_HOME", dir, statOwner(info), os.Geteuid())
	case mode.Perm()&0o077 != 0:
		return fmt.Errorf("folder %s is open to others (%#o): run chmod 700 %s", dir, mode.Perm(), dir)
	}
	return nil
}

// bind makes the socket. The folder keeps others out until its mode is set:
// changing the umask instead would change it for all goroutines.
func bind(path string) (*listener, error) {
	if err := clearPath(path); err != nil {
		return nil, err
	}
	ul, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on control socket: %w", err)
	}
	ul.SetUnlinkOnClose(false) // Close removes the socket only if it is still ours
	info, err := os.Lstat(path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		_ = ul.Close() // the first error says more
		return nil, fmt.Errorf("set mode of control socket: %w", err)
	}
	return &listener{UnixListener: ul, path: path, made: info}, nil
}

// clearPath removes a dead socket of this user and refuses anything else.
func clearPath(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("check control socket: %w", err)
	}
	switch mode := info.Mode(); {
	case int(statOwner(info)) != os.Geteuid():
		return fmt.Errorf("control socket %s belongs to uid %d, not to uid %d: remove it", path, statOwner(info), os.Geteuid())
	case mode&fs.ModeSymlink != 0:
		return fmt.Errorf("control socket %s is a symlink: remove it", path)
	case mode.Type() != fs.ModeSocket:
		return fmt.Errorf("%s is not a socket: move it away", path)
	}
	pid, err := probe(path)
	if err != nil {
		return err
	}
	if pid >= 0 {
		return running(pid)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove dead control socket: %w", err)
	}
	return nil
}

// probe is the process that listens at path: 0 if it is not known, -1 if there
// is none.
func probe(path string) (pid int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		return -1, nil
	case errors.Is(err, unix.EAGAIN), errors.Is(err, context.DeadlineExceeded):
		return 0, nil // someone listens and is too busy to accept
	case err != nil:
		return 0, fmt.Errorf("probe control socket: %w", err)
	}
	defer c.Close()
	if _, pid, err = credOf(c); err != nil {
		return 0, nil // it answered, which is all that matters
	}
	return pid, nil
}

// Close stops listening, removes the socket if it is still the one Listen made,
// and lets another agent start. It may be called more than once.
func (l *listener) Close() error {
	l.once.Do(func() {
		// Remove first: nobody may find a socket that does not answer.
		if now, err := os.Lstat(l.path); err == nil && os.SameFile(now, l.made) {
			l.err = os.Remove(l.path)
		}
		l.err = errors.Join(l.err, l.UnixListener.Close(), l.lock.Close())
	})
	return l.err
}
