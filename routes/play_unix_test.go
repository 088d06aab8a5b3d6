//go:build unix

package routes

import (
	"os/exec"
	"syscall"
)

// detach has a child leave the process group and the session.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
