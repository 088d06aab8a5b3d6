package routes

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// detach has a child leave the console and its process group.
func detach(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP}
}
