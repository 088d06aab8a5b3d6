//go:build unix

package agent

import "golang.org/x/sys/unix"

// mayRun reports whether this user may start a program.
func mayRun(name string) bool { return unix.Access(name, unix.X_OK) == nil }
