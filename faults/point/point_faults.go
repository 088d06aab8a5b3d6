//go:build faults

// Package point names the places where a crash would hurt most, so that fault
// tests can stop a program right there. In a build without the tag "faults" it
// does nothing and costs nothing.
package point

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// AckEarly, in a build with the tag "ackearly" only, makes the queue of the relay
// report deliveries as kept before they are: a fault that the fault tests have to
// find.
const AckEarly = ackEarly

// target is the place to die at and how often to pass it before, from the
// variable HOMEHOOK_CRASH: "queue.put.committed:3".
var target, passes = parse(os.Getenv("HOMEHOOK_CRASH"))

var passed atomic.Int64

func parse(s string) (string, int64) {
	name, count, _ := strings.Cut(s, ":")
	n, _ := strconv.ParseInt(count, 10, 64)
	return name, max(n, 1)
}

// Reach kills the process, as kill -9 does, if this is the place that the
// environment names and it is passed often enough.
func Reach(name string) {
	if name != target || passed.Add(1) != passes {
		return
	}
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		p.Signal(syscall.SIGKILL)
	}
	select {}
}
