//go:build unix

package service

import (
	"os"

	"golang.org/x/sys/unix"
)

// noFollow keeps a link from being followed, and a pipe from being waited for.
const noFollow = unix.O_NOFOLLOW | unix.O_NONBLOCK

// closeFile takes all rights from others.
func closeFile(f *os.File) error { return f.Chmod(0o600) }
