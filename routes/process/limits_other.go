//go:build unix && !linux

package process

import (
	"errors"
	"runtime"
	"syscall"
)

// Available says why the limit cannot be set here: there is no way to set those
// of another process, nor any place between its start and its program.
func (Limit) Available(*Account) error {
	return &Error{"the limits of a script cannot be set on " + runtime.GOOS, "leave it out; ulimit in a shell script does it here"}
}

func startLimited([]string, *syscall.ProcAttr, *Limits) (int, error) {
	return 0, errors.New("its limits cannot be set on " + runtime.GOOS)
}
