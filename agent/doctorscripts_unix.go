//go:build unix

package agent

import "golang.org/x/sys/unix"

// mayRun reports whether this user may start a program.
func mayRun(name string) bool { return unix.Access(name, unix.X_OK) == nil }

// noWait keeps the opening of a pipe from waiting for who writes to it.
const noWait = unix.O_NONBLOCK
