package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"runtime"
	"syscall"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// handleOf is the pipe's handle; go-winio's connections have one.
func handleOf(c net.Conn) (windows.Handle, error) {
	f, ok := c.(interface{ Fd() uintptr })
	if !ok {
		return 0, errors.New("connection is not a named pipe")
	}
	return windows.Handle(f.Fd()), nil
}

// ownUser is the user this process runs as.
func ownUser() (*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("read user of this process: %w", err)
	}
	return user.User.Sid, nil
}

// trusted reports whether sid is the user of this process or SYSTEM.
func trusted(sid *windows.SID) (bool, error) {
	own, err := ownUser()
	if err != nil {
		return false, err
	}
	return sid.Equals(own) || sid.IsWellKnown(windows.WinLocalSystemSid), nil
}

// peerOf may only be called after something was read from c.
func peerOf(c net.Conn) (peer, error) {
	pipe, err := handleOf(c)
	if err != nil {
		return peer{}, err
	}
	sid, err := clientUser(pipe)
	if err != nil {
		return peer{}, fmt.Errorf("read peer of control pipe: %w", err)
	}
	allowed, err := trusted(sid)
	if err != nil {
		return peer{}, err
	}
	var pid uint32
	if windows.GetNamedPipeClientProcessId(pipe, &pid) != nil {
		pid = 0 // it only serves messages
	}
	return peer{user: sid.String(), pid: int(pid), allowed: allowed}, nil
}

// clientUser asks the pipe for the token of its client. The process behind a
// process id could have been replaced, and its token may be out of reach when
// it runs elevated; this has neither weakness.
func clientUser(pipe windows.Handle) (*windows.SID, error) {
	impersonate := windows.NewLazySystemDLL("advapi32.dll").NewProc("ImpersonateNamedPipeClient")
	if err := impersonate.Find(); err != nil {
		return nil, err
	}
	// Impersonation is a state of the thread. If it can not be undone, the
	// goroutine ends locked and the runtime ends the thread with it.
	type result struct {
		sid *windows.SID
		err error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		if ok, _, errno := syscall.SyscallN(impersonate.Addr(), uintptr(pipe)); ok == 0 {
			runtime.UnlockOSThread()
			done <- result{err: errno}
			return
		}
		sid, err := threadUser()
		if revertErr := windows.RevertToSelf(); revertErr == nil {
			runtime.UnlockOSThread()
		}
		done <- result{sid, err}
	}()
	r := <-done
	return r.sid, r.err
}

// threadUser is the user that this thread acts as.
func threadUser() (*windows.SID, error) {
	var token windows.Token
	if err := windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY, true, &token); err != nil {
		return nil, err
	}
	defer token.Close()
	user, err := token.GetTokenUser()
	if err != nil {
		return nil, err
	}
	return user.User.Sid.Copy()
}

// dial connects to the agent's pipe. Errors wrap ErrNotRunning or ErrNotOwner
// where they apply.
func dial(ctx context.Context, path string) (net.Conn, error) {
	// Identification lets the server see who asks, and not act as the user.
	c, err := winio.DialPipeAccessImpLevel(ctx, path, windows.GENERIC_READ|windows.GENERIC_WRITE, winio.PipeImpLevelIdentification)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: nothing listens at %s", ErrNotRunning, path)
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
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

// checkServer returns an error unless the pipe belongs to the right user. Its
// maker can not choose an owner but itself without a privilege that only
// administrators have.
func checkServer(path string, c net.Conn) error {
	pipe, err := handleOf(c)
	if err != nil {
		return err
	}
	sd, err := windows.GetSecurityInfo(pipe, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("read owner of control pipe: %w", err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return fmt.Errorf("read owner of control pipe: %w", err)
	}
	ok, err := trusted(owner)
	if err != nil || ok {
		return err
	}
	return fmt.Errorf("%w: the agent at %s belongs to %s: run this as that user, or start an agent of your own", ErrNotOwner, path, owner)
}
