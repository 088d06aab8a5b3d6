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
	"syscall"

	"golang.org/x/sys/unix"
)

// credOf is peerCred of a connection.
func credOf(c net.Conn) (uid uint32, pid int, err error) {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return 0, 0, errors.New("connection is not a unix socket")
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var credErr error
	err = raw.Control(func(fd uintptr) { uid, pid, credErr = peerCred(int(fd)) })
	return uid, pid, errors.Join(err, credErr)
}

func peerOf(c net.Conn) (peer, error) {
	uid, pid, err := credOf(c)
	if err != nil {
		return peer{}, fmt.Errorf("read peer of control socket: %w", err)
	}
	return peer{user: fmt.Sprintf("uid %d", uid), pid: pid, allowed: mayAsk(os.Geteuid(), uid)}, nil
}

// mayAsk reports whether a client run by uid may use an agent run by self.
func mayAsk(self int, uid uint32) bool { return uid == 0 || int(uid) == self }

// mayServe reports whether a client run by self trusts an agent run by uid.
// Root may look after the agent of any user, but only where that user's own
// folder holds the socket.
func mayServe(self int, uid, folder uint32) bool {
	return uid == 0 || int(uid) == self || self == 0 && uid == folder
}

// dial connects to the agent's socket. Errors wrap ErrNotRunning or ErrNotOwner
// where they apply.
func dial(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOTDIR):
		return nil, fmt.Errorf("%w: nothing listens at %s", ErrNotRunning, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w of %s: run this as the user who runs the agent", ErrNotOwner, path)
	case err != nil:
		return nil, fmt.Errorf("connect to agent: %w", err)
	}
	if err := checkServer(path, c); err != nil {
		_ = c.Close() // nothing was sent
		return nil, err
	}
	return c, nil
}

// checkServer returns an error unless the right user listens at path.
func checkServer(path string, c net.Conn) error {
	uid, pid, err := credOf(c)
	if err != nil {
		return fmt.Errorf("read peer of control socket: %w", err)
	}
	folder, err := ownerOf(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("check folder of control socket: %w", err)
	}
	if mayServe(os.Geteuid(), uid, folder) {
		return nil
	}
	return fmt.Errorf("%w: the agent at %s belongs to uid %d (pid %d), this is uid %d: run this as that user, or start an agent of your own",
		ErrNotOwner, path, uid, pid, os.Geteuid())
}

// ownerOf is the uid that owns path; a symlink is not followed.
func ownerOf(path string) (uint32, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	return statOwner(info), nil
}

func statOwner(info os.FileInfo) uint32 {
	// On unix Sys is always this; the nobody id is refused everywhere.
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Uid
	}
	return ^uint32(0)
}
