//go:build unix && !linux

package routes

import (
	"errors"
	"runtime"
	"syscall"
)

// available says why a limit cannot be set here: there is no way to set those
// of another process, nor any place between its start and its program.
func (l *limits) available(string, *account) error {
	return mistaken("leave it out; ulimit in a shell script does it here", "the limits of a script cannot be set on %s", runtime.GOOS)
}

func startLimited([]string, *syscall.ProcAttr, *limits) (int, error) {
	return 0, errors.New("its limits cannot be set on " + runtime.GOOS)
}
