package control

import (
	"errors"
	"fmt"
	"net"
)

// ErrRunning means that another agent answers at the path already.
var ErrRunning = errors.New("an agent is already running")

// Listen opens the agent's end of the control API at path: a unix socket of
// mode 0600, or a named pipe whose access list has only the owner and SYSTEM.
//
// On unix the folder is made 0700 if it is missing; one that is a symlink, is
// another user's or can be entered by others is refused, as is anything at path
// that is not a socket of this user. A socket nobody answers at is removed. A
// lock on a file beside the socket is held until the listener is closed, so
// that of two agents starting at once exactly one gets it; the other gets an
// error that wraps [ErrRunning]. Close removes the socket.
func Listen(path string) (net.Listener, error) { return listen(path) }

// running is ErrRunning with the process that runs, if it is known.
func running(pid int) error {
	if pid <= 0 {
		return ErrRunning
	}
	return fmt.Errorf("%w (pid %d)", ErrRunning, pid)
}
