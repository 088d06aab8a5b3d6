package history

import (
	"time"

	"golang.org/x/sys/unix"
)

// newSince returns a clock that goes on while the machine sleeps and that
// nobody sets.
func newSince() func() time.Duration { return clock(unix.CLOCK_BOOTTIME) }
