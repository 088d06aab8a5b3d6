//go:build unix

package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestListenMakesAClosedFolder(t *testing.T) {
	path := newSocketPath(t)
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	checkMode(t, filepath.Dir(path), fs.ModeDir|0o700)
	checkMode(t, path, fs.ModeSocket|0o600)
	checkMode(t, path+".lock", 0o600)
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	again, err := Listen(path)
	if err != nil {
		t.Fatalf("listen again: %v", err)
	}
	_ = again.Close()
}

func checkMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != want {
		t.Errorf("%s: mode %v, %v; want %v", path, info.Mode(), err, want)
	}
}

func TestListenRefuses(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string) // the folder exists, 0700
		want    string
	}{
		{"folder open to all", func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o755) }, "is open to others (0755): run chmod 700 "},
		{"folder open to the group", func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o710) }, "is open to others (0710)"},
		{"folder is a symlink", func(t *testing.T, path string) {
			moved := filepath.Dir(path) + "-moved"
			must(t, os.Rename(filepath.Dir(path), moved))
			must(t, os.Symlink(moved, filepath.Dir(path)))
		}, "is a symlink"},
		{"folder is a file", func(t *testing.T, path string) {
			must(t, os.Remove(filepath.Dir(path)))
			must(t, os.WriteFile(filepath.Dir(path), nil, 0o600))
		}, "make folder of control socket: "},
		{"file", func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("precious"), 0o600)) }, "is not a socket: move it away"},
		{"folder", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, "is not a socket"},
		{"fifo", func(t *testing.T, path string) { must(t, unix.Mkfifo(path, 0o600)) }, "is not a socket"},
		{"symlink to nothing", func(t *testing.T, path string) { must(t, os.Symlink(path+"-x", path)) }, "is a symlink: remove it"},
		{"symlink to a dead socket", func(t *testing.T, path string) {
			deadSocket(t, path+"-x")
			must(t, os.Symlink(path+"-x", path))
		}, "is a symlink: remove it"},
		{"lock is a symlink", func(t *testing.T, path string) { must(t, os.Symlink(path+"-x", path+".lock")) }, "lock file "},
		{"lock is a fifo", func(t *testing.T, path string) { must(t, unix.Mkfifo(path+".lock", 0o600)) }, "is not a plain file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newSocketPath(t)
			must(t, os.Mkdir(filepath.Dir(path), 0o700))
			tt.prepare(t, path)
			before, _ := os.Lstat(path)
			l, err := Listen(path)
			if err == nil {
				_ = l.Close()
				t.Fatal("it listens")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want %q", err, tt.want)
			}
			after, _ := os.Lstat(path)
			if (before == nil) != (after == nil) || before != nil && !os.SameFile(before, after) {
				t.Error("what was there is gone")
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	must(t, os.Chmod(path, mode))
}

// deadSocket leaves a socket file behind that nobody listens at.
func deadSocket(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	l.SetUnlinkOnClose(false)
	must(t, l.Close())
}

func TestListenPathTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 120), "homehook.sock")
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "set HOMEHOOK_HOME to a shorter folder") {
		t.Errorf("error %v", err)
	}
}

func TestListenReplacesADeadSocket(t *testing.T) {
	path := newSocketPath(t)
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	deadSocket(t, path)
	c := NewClient(path)
	defer c.Close()
	if _, err := c.Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("status at a dead socket: %v, want ErrNotRunning", err)
	}
	l, err := Listen(path)
	must(t, err)
	defer serve(t, newFakeBackend(), l)()
	if _, err := c.Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestListenTwice(t *testing.T) {
	path := newSocketPath(t)
	l, err := Listen(path)
	must(t, err)
	defer l.Close()
	_, err = Listen(path)
	if want := fmt.Sprintf("an agent is already running (pid %d)", os.Getpid()); !errors.Is(err, ErrRunning) || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the second start removed the socket: %v", err)
	}
}

// TestListenWithoutLock has a live socket whose lock file somebody removed.
func TestListenWithoutLock(t *testing.T) {
	path := newSocketPath(t)
	l, err := Listen(path)
	must(t, err)
	defer l.Close()
	must(t, os.Remove(path+".lock"))
	if _, err := Listen(path); !errors.Is(err, ErrRunning) {
		t.Errorf("error %v, want ErrRunning", err)
	}
}

func TestListenAtOnce(t *testing.T) {
	path := newSocketPath(t)
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	for range 20 {
		deadSocket(t, path) // tempts every starter to remove it
		listeners := make(chan net.Listener, 8)
		var wg sync.WaitGroup
		for range cap(listeners) {
			wg.Go(func() {
				l, err := Listen(path)
				if err == nil {
					listeners <- l
				} else if !errors.Is(err, ErrRunning) {
					t.Errorf("error %v, want ErrRunning", err)
				}
			})
		}
		wg.Wait()
		if len(listeners) != 1 {
			t.Fatalf("%d of 8 starters listen, want 1", len(listeners))
		}
		must(t, (<-listeners).Close())
	}
}

// TestCloseLeavesAStranger has the socket replaced while it was in use.
func TestCloseLeavesAStranger(t *testing.T) {
	path := newSocketPath(t)
	l, err := Listen(path)
	must(t, err)
	must(t, os.Remove(path))
	must(t, os.WriteFile(path, nil, 0o600))
	must(t, l.Close())
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("close removed a file that is not its socket: %v", err)
	}
}

func TestSignedBy(t *testing.T) {
	for text, want := range map[string]int{"": 0, "12\n": 12, "12": 12, "-3\n": 0, "x": 0, strings.Repeat("9", 30): 0} {
		if got := signedBy(strings.NewReader(text)); got != want {
			t.Errorf("lock file %q: process %d, want %d", text, got, want)
		}
	}
}

func TestWhoMayAskAndServe(t *testing.T) {
	tests := []struct {
		self        int
		uid, folder uint32
		ask, serve  bool
	}{
		{1000, 1000, 1000, true, true},
		{1000, 0, 1000, true, true},
		{1000, 1001, 1000, false, false},
		{1000, 1001, 1001, false, false},
		{0, 0, 0, true, true},
		{0, 1000, 1000, false, true},
		{0, 1000, 0, false, false},
		{0, 1000, 1001, false, false},
	}
	for _, tt := range tests {
		if got := mayAsk(tt.self, tt.uid); got != tt.ask {
			t.Errorf("agent of %d, client of %d: %t", tt.self, tt.uid, got)
		}
		if got := mayServe(tt.self, tt.uid, tt.folder); got != tt.serve {
			t.Errorf("client of %d, agent of %d in a folder of %d: %t", tt.self, tt.uid, tt.folder, got)
		}
	}
}
