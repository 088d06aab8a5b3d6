//go:build unix

package service

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestSyslog holds what syslog gets, from a syslog of the test's own.
func TestSyslog(t *testing.T) {
	path := filepath.Join(shortDir(t), "log")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	write, end, err := syslogAt(path)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(newLeveled(logOptions{level: slog.LevelDebug}, write))
	log.Error("e")
	log.Warn("w")
	log.Info("i", "n", 1)
	log.Debug("d")
	end()
	buf := make([]byte, 4096)
	// Facility 3 is that of daemons, in eights.
	for _, want := range []string{"<27> msg=e", "<28> msg=w", "<30> msg=i n=1", "<31> msg=d"} {
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("waiting for %q: %v", want, err)
		}
		got := string(buf[:n])
		priority, text, _ := strings.Cut(want, " ")
		if !strings.HasPrefix(got, priority) || !strings.Contains(got, serviceName+"[") || !strings.HasSuffix(strings.TrimSpace(got), text) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSyslogAway(t *testing.T) {
	path := filepath.Join(shortDir(t), "log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := syslogAt(path); err == nil || !strings.Contains(err.Error(), "reach syslog") {
		t.Errorf("got %v", err)
	}
}

// TestOpenPlainRefuses holds that no pipe makes the service wait, and no link
// leads it away.
func TestOpenPlainRefuses(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "target"), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link} {
		for _, flags := range []int{os.O_RDONLY, os.O_WRONLY | os.O_CREATE} {
			if f, err := openPlain(path, flags); err == nil || !strings.Contains(err.Error(), "is not a plain file") {
				t.Errorf("%s opens as %v, %v", path, f, err)
			}
		}
	}
}
