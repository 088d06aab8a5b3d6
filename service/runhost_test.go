//go:build unix

package service

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// manager is a service manager that listens for what services tell.
type manager struct {
	t *testing.T
	c *net.UnixConn
}

// newManager listens, and has this process's environment say where.
func newManager(t *testing.T) manager {
	t.Helper()
	path := filepath.Join(shortDir(t), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return manager{t, c}
}

// hears returns the next thing that the service tells, "" if it tells nothing
// for so long.
func (m manager) hears(within time.Duration) string {
	m.t.Helper()
	if err := m.c.SetReadDeadline(time.Now().Add(within)); err != nil {
		m.t.Fatal(err)
	}
	buf := make([]byte, 1024)
	n, err := m.c.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ""
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return string(buf[:n])
}

// watched has this process's environment ask for a sign of life.
func watched(t *testing.T, every time.Duration) {
	t.Helper()
	t.Setenv("WATCHDOG_USEC", strconv.FormatInt(every.Microseconds(), 10))
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
}

func TestReadiness(t *testing.T) {
	p := ownPaths(t)
	m := newManager(t)
	ctx, stop := context.WithCancel(t.Context())
	ready := make(chan struct{})
	ended := make(chan int, 1)
	go func() {
		ended <- serve(ctx, RunOptions{Paths: p}, func(ctx context.Context, h *Host) int {
			<-ready
			h.Begin()
			h.Ready(func(context.Context) error { return nil })
			<-ctx.Done()
			return ExitDone
		})
	}()
	if got := m.hears(100 * time.Millisecond); got != "" {
		t.Errorf("before it is ready the manager hears %q", got)
	}
	close(ready)
	if got := m.hears(5 * time.Second); got != "READY=1" {
		t.Errorf("when it is ready the manager hears %q", got)
	}
	if got := m.hears(100 * time.Millisecond); got != "" {
		t.Errorf("a manager that has not asked for it hears %q", got)
	}
	stop()
	if got := m.hears(5 * time.Second); got != "STOPPING=1" {
		t.Errorf("when it ends the manager hears %q", got)
	}
	if code := <-ended; code != ExitDone {
		t.Errorf("exit code is %d", code)
	}
}

func TestWatchdog(t *testing.T) {
	p := ownPaths(t)
	m := newManager(t)
	const limit = 300 * time.Millisecond
	watched(t, limit)
	ctx, stop := context.WithCancel(t.Context())
	var ill atomic.Bool
	ended := make(chan int, 1)
	go func() {
		ended <- serve(ctx, RunOptions{Paths: p}, func(ctx context.Context, h *Host) int {
			h.Begin()
			h.Ready(func(ctx context.Context) error {
				if ill.Load() {
					<-ctx.Done() // it hangs, and has to be let go
					return ctx.Err()
				}
				return nil
			})
			<-ctx.Done()
			return ExitDone
		})
	}()
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := m.hears(5 * time.Second); got != want {
			t.Fatalf("the manager hears %q, want %q", got, want)
		}
	}
	ill.Store(true)
	for m.hears(2*limit) == "WATCHDOG=1" { // those on their way
	}
	if got := m.hears(2 * limit); got != "" {
		t.Errorf("the manager hears %q of an agent that hangs", got)
	}
	ill.Store(false)
	if got := m.hears(5 * time.Second); got != "WATCHDOG=1" {
		t.Errorf("the manager hears %q of an agent that is well again", got)
	}
	stop()
	if code := <-ended; code != ExitDone {
		t.Errorf("exit code is %d", code)
	}
}

// TestNotifyAway holds that a manager which does not listen harms nobody.
func TestNotifyAway(t *testing.T) {
	p := ownPaths(t)
	t.Setenv("NOTIFY_SOCKET", filepath.Join(shortDir(t), "none"))
	code := serve(t.Context(), RunOptions{Paths: p}, func(_ context.Context, h *Host) int {
		h.Begin()
		h.Ready(func(context.Context) error { return nil })
		return ExitDone
	})
	if code != ExitDone {
		t.Errorf("exit code is %d", code)
	}
}
