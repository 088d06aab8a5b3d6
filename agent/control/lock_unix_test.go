//go:build unix

package control

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// TestLockOutlivesItsProcess: what a killed process has left in a child's hands
// for a moment is waited for, and nothing else is.
func TestLockOutlivesItsProcess(t *testing.T) {
	ended := exec.Command("true")
	must(t, ended.Run())
	gone := fmt.Sprint(ended.Process.Pid, "\n")
	tests := []struct {
		name, signed string
		heldFor      time.Duration
		free         bool
		within       time.Duration
	}{
		{"gone, for a moment", gone, outlivedFor / 2, true, outlivedFor},
		{"gone, for longer", gone, time.Hour, false, 2 * outlivedFor},
		{"still there", fmt.Sprint(os.Getpid(), "\n"), time.Hour, false, 0},
		{"nobody has signed", "", time.Hour, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "lock")
			must(t, os.WriteFile(path, []byte(tt.signed), 0o600))
			child, err := os.Open(path)
			must(t, err)
			must(t, unix.Flock(int(child.Fd()), unix.LOCK_EX))
			synctest.Test(t, func(t *testing.T) {
				freed := time.AfterFunc(tt.heldFor, func() { child.Close() })
				began := time.Now()
				f, err := takeLock(path)
				if took := time.Since(began); took > tt.within {
					t.Errorf("it took %v", took)
				}
				if tt.free {
					must(t, err)
					must(t, f.Close())
				} else if !errors.Is(err, ErrRunning) {
					t.Errorf("got %v, want %v", err, ErrRunning)
				} else if pid := strings.TrimSpace(tt.signed); pid != "" && !strings.Contains(err.Error(), pid) {
					t.Errorf("got %v, want it to name process %s", err, pid)
				}
				if freed.Stop() {
					child.Close()
				}
			})
		})
	}
}
