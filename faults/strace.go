package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tracer is an strace that watches a process that runs, or makes its system
// calls fail.
type tracer struct {
	p   *process
	pid int
}

// attach starts strace on a process and returns once it has all its threads.
func attach(ctx context.Context, l *lab, pid int, args ...string) (*tracer, error) {
	bin, err := findStrace()
	if err != nil {
		return nil, err
	}
	argv := append([]string{bin, "-f", "-qq", "-e", "signal=none", "-p", strconv.Itoa(pid)}, args...)
	p, err := startProcess("strace", l.path("strace.log"), nil, argv)
	if err != nil {
		return nil, err
	}
	t := &tracer{p, pid}
	err = until(ctx, 10*time.Second, "strace has the process", func() bool { return p.ended() || t.traced() })
	if err == nil && p.ended() {
		text, _ := os.ReadFile(l.path("strace.log"))
		err = fmt.Errorf("strace: %w: %s", p.err, text[max(0, len(text)-300):])
	}
	if err != nil {
		p.kill()
		return nil, err
	}
	return t, nil
}

// findStrace looks for the program; without it a test is skipped.
func findStrace() (string, error) {
	bin, err := exec.LookPath("strace")
	if err != nil {
		return "", fmt.Errorf("%w: strace is not installed", errSkipped)
	}
	return bin, nil
}

// traced reports whether every thread of the process is watched.
func (t *tracer) traced() bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", t.pid))
	for _, path := range tasks {
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), "TracerPid:\t0\n") {
			return false
		}
	}
	return len(tasks) > 0
}

// detach lets go of the process, which goes on.
func (t *tracer) detach() {
	if t.p.cmd.Process.Signal(syscall.SIGINT) != nil {
		return
	}
	select {
	case <-t.p.done:
	case <-time.After(10 * time.Second):
		t.p.kill()
	}
}
