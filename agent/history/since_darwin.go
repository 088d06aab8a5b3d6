package history

import (
	"time"

	"golang.org/x/sys/unix"
)

// newSince is described in since_linux.go. Go's own monotonic clock stands still
// while a Mac sleeps, this one does not.
func newSince() func() time.Duration { return clock(unix.CLOCK_MONOTONIC) }
