package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"runtime"
	"strings"
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

// peerOf may only be called after something was read from c. An administrator
// who acts as one may ask every agent, as root may elsewhere.
func peerOf(c net.Conn) (peer, error) {
	pipe, err := handleOf(c)
	if err != nil {
		return peer{}, err
	}
	sid, administrator, err := clientUser(pipe)
	if err != nil {
		return peer{}, fmt.Errorf("read peer of control pipe: %w", err)
	}
	allowed, err := trusted(sid)
	if err != nil {
		return peer{}, err
	}
	allowed = allowed || administrator
	var pid uint32
	if windows.GetNamedPipeClientProcessId(pipe, &pid) != nil {
		pid = 0 // it only serves messages
	}
	return peer{user: sid.String(), pid: int(pid), allowed: allowed}, nil
}

// clientUser asks the pipe for the token of its client. The process behind a
// process id could have been replaced, and its token may be out of reach when
// it runs elevated; this has neither weakness.
//
// The second result says whether that token is an administrator's with all
// rights.
func clientUser(pipe windows.Handle) (*windows.SID, bool, error) {
	impersonate := windows.NewLazySystemDLL("advapi32.dll").NewProc("ImpersonateNamedPipeClient")
	if err := impersonate.Find(); err != nil {
		return nil, false, err
	}
	// Impersonation is a state of the thread. If it can not be undone, the
	// goroutine ends locked and the runtime ends the thread with it.
	type result struct {
		sid           *windows.SID
		administrator bool
		err           error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		if ok, _, errno := syscall.SyscallN(impersonate.Addr(), uintptr(pipe)); ok == 0 {
			runtime.UnlockOSThread()
			done <- result{err: errno}
			return
		}
		sid, administrator, err := threadUser()
		if revertErr := windows.RevertToSelf(); revertErr == nil {
			runtime.UnlockOSThread()
		}
		done <- result{sid, administrator, err}
	}()
	r := <-done
	return r.sid, r.administrator, r.err
}

// threadUser is the user that this thread acts as, and whether it may do what
// administrators may.
func threadUser() (*windows.SID, bool, error) {
	var token windows.Token
	if err := windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY, true, &token); err != nil {
		return nil, false, err
	}
	defer token.Close()
	user, err := token.GetTokenUser()
	if err != nil {
		return nil, false, err
	}
	sid, err := user.User.Sid.Copy()
	if err != nil {
		return nil, false, err
	}
	administrators, err := windows.CreateWellKnownSid(windows.WinBuiltinAdministratorsSid)
	if err != nil {
		return nil, false, err
	}
	member, err := token.IsMember(administrators)
	return sid, member && err == nil, nil
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
	if err != nil || ok || isService(owner) && windows.GetCurrentProcessToken().IsElevated() {
		return err
	}
	return fmt.Errorf("%w: the agent at %s belongs to %s: run this as that user, or start an agent of your own", ErrNotOwner, path, owner)
}

// isService says whether sid is an account that only the system gives to
// services. An administrator trusts the agent of one: no user can be it.
func isService(sid *windows.SID) bool {
	return sid.IsWellKnown(windows.WinLocalServiceSid) || sid.IsWellKnown(windows.WinNetworkServiceSid) ||
		strings.HasPrefix(sid.String(), "S-1-5-80-")
}
