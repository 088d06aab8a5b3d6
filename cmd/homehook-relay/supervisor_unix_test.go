//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// systemd is as much of systemd as a service sees: a socket for what it says.
type systemd struct {
	conn *net.UnixConn
	path string
}

func newSystemd(t *testing.T) *systemd {
	t.Helper()
	dir, err := os.MkdirTemp("", "hh") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &systemd{path: filepath.Join(dir, "notify")}
	if s.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.path, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.conn.Close() })
	return s
}

// hears waits for a message.
func (s *systemd) hears(t *testing.T, want string) {
	t.Helper()
	buf := make([]byte, 1024)
	s.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			t.Fatalf("systemd did not hear %s: %v", want, err)
		}
		if string(buf[:n]) == want {
			return
		}
	}
}

// startService runs the true command as systemd would, with sockets and variables.
func startService(t *testing.T, sockets []*os.File, env []string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "homehook-relay")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	// The number of the process is known to itself only.
	cmd := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ exec "$@"`, "sh", program, "serve", "--data", t.TempDir()}, args...)...)
	cmd.ExtraFiles, cmd.Env = sockets, append(os.Environ(), env...)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, &log
}

// socket opens a socket to hand over, and returns where it is.
func socket(t *testing.T, network, addr string) (*os.File, string) {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Skipf("no socket on %s: %v", addr, err)
	}
	defer ln.Close()
	f, err := ln.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, ln.Addr().String()
}

// TestHandedOver has a relay serve on two sockets that were open before it was
// there, tell that it is ready and well, and end in order.
func TestHandedOver(t *testing.T) {
	s := newSystemd(t)
	one, first := socket(t, "tcp", "127.0.0.1:0")
	two, second := socket(t, "tcp", "127.0.0.1:0")
	early, err := net.Dial("tcp", first) // it waits in the socket
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close()
	cmd, log := startService(t, []*os.File{one, two},
		[]string{"LISTEN_FDS=2", "NOTIFY_SOCKET=" + s.path, "WATCHDOG_USEC=600000"}, "--listen", "127.0.0.1:1")
	s.hears(t, "READY=1")
	io.WriteString(early, "GET /healthz HTTP/1.0\r\n\r\n")
	if text, err := io.ReadAll(early); err != nil || !strings.HasSuffix(string(text), "\r\n\r\nok\n") {
		t.Errorf("who came first got %q, %v", text, err)
	}
	for _, addr := range []string{first, second} {
		res, err := http.Get("http://" + addr + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Errorf("%s answered %d", addr, res.StatusCode)
		}
	}
	s.hears(t, "WATCHDOG=1")
	s.hears(t, "WATCHDOG=1")
	cmd.Process.Signal(syscall.SIGTERM)
	s.hears(t, "STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, log)
	}
	for _, addr := range []string{first, second} {
		if !strings.Contains(log.String(), "listening on http://"+addr+"\n") {
			t.Errorf("%s is not in the log:\n%s", addr, log)
		}
	}
}

// TestHandedOverWrongly hands over what a relay cannot serve on.
func TestHandedOverWrongly(t *testing.T) {
	open := []struct {
		name, network, addr, want string
	}{
		{"a socket of the file system", "unix", filepath.Join(shortDir(t), "s"), "no address of TCP; write ListenStream= with a port"},
		{"every address in plain", "tcp", "0.0.0.0:0", "would show tokens and webhooks to the network"},
	}
	for _, tt := range open {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := socket(t, tt.network, tt.addr)
			for notify, code := range map[string]int{"": exitUsage, "NOTIFY_SOCKET=/run/none": exitConfig} {
				cmd, log := startService(t, []*os.File{f}, []string{"LISTEN_FDS=1", notify})
				var exit *exec.ExitError
				if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != code || !strings.Contains(log.String(), tt.want) {
					t.Errorf("%v, want %d\n%s", err, code, log)
				}
			}
		})
	}
	t.Run("datagrams", func(t *testing.T) {
		pc, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer pc.Close()
		f, err := pc.File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd, log := startService(t, []*os.File{f}, []string{"LISTEN_FDS=1", "LISTEN_FDNAMES=dns"})
		if err := cmd.Wait(); err == nil || !strings.Contains(log.String(), "the socket dns from systemd: it takes no connections") {
			t.Errorf("%v\n%s", err, log)
		}
	})
}

func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestAttest holds that the watchdog hears of a relay that is well, and of none
// that is not.
func TestAttest(t *testing.T) {
	s := newSystemd(t)
	t.Setenv("NOTIFY_SOCKET", s.path)
	t.Setenv("WATCHDOG_USEC", "90000")
	var log bytes.Buffer
	var asked atomic.Int32
	checks := make(chan struct{}, 100)
	stop := supervisor{log: slog.New(slog.NewTextHandler(&log, nil))}.watch(t.Context(), func(context.Context) error {
		checks <- struct{}{}
		if asked.Add(1) == 1 {
			return nil
		}
		return errors.New("the queue does not answer")
	})
	s.hears(t, "WATCHDOG=1")
	for range 3 {
		<-checks
	}
	stop()
	s.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := s.conn.Read(make([]byte, 100)); err == nil {
		t.Errorf("the watchdog heard %d more bytes", n)
	}
	if !strings.Contains(log.String(), "the queue does not answer") {
		t.Errorf("the log has nothing of it: %s", log.String())
	}
}
