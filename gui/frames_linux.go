package gui

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is how long this thread has used a processor. The goroutine of the user
// interface has one to itself.
func threadTime() time.Duration {
	var used unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &used) != nil {
		return 0
	}
	return time.Duration(used.Nano())
}
