package service

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ownPaths are paths below a folder of the test's own.
func ownPaths(t *testing.T) Paths {
	t.Helper()
	t.Setenv("HOMEHOOK_HOME", shortDir(t))
	p, err := UserPaths()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("JOURNAL_STREAM", "")
	t.Setenv("NOTIFY_SOCKET", "")
	t.Cleanup(func() { _ = debug.SetCrashOutput(nil, debug.CrashOptions{}) })
	return p
}

func logOf(t *testing.T, p Paths) string {
	t.Helper()
	data, err := os.ReadFile(p.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestServe(t *testing.T) {
	tests := []struct {
		name string
		code int
		mac  int // what launchd gets
	}{
		{"done", ExitDone, ExitDone},
		{"failed", ExitFailed, ExitFailed},
		{"refused", ExitConfig, ExitDone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := ownPaths(t)
			got := serve(t.Context(), RunOptions{Paths: p, Stderr: &bytes.Buffer{}}, func(_ context.Context, h *Host) int {
				h.Begin()
				h.Ready(func(context.Context) error { return nil })
				h.Log.Info("at work")
				return tt.code
			})
			want := tt.code
			if runtime.GOOS == "darwin" {
				want = tt.mac
			}
			if got != want {
				t.Errorf("exit code is %d, want %d", got, want)
			}
			if log := logOf(t, p); !strings.Contains(log, "at work") {
				t.Errorf("the log has %q", log)
			}
			rec, err := recordsOf(p).read()
			if err != nil || !rec.Ready || rec.Ended.IsZero() || rec.Code != tt.code || rec.Exit != exitText(tt.code) {
				t.Errorf("the record is %+v, %v", rec, err)
			}
		})
	}
}

// TestServeRefusedFolder holds that nothing runs in a folder of somebody else's,
// and that nothing is written there.
func TestServeRefusedFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the modes of folders say nothing there")
	}
	p := ownPaths(t)
	if err := os.MkdirAll(p.State, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(p.State, 0o777); err != nil {
		t.Fatal(err)
	}
	code := serve(t.Context(), RunOptions{Paths: p, Stderr: &bytes.Buffer{}}, func(context.Context, *Host) int {
		t.Error("the agent runs")
		return ExitDone
	})
	if code != forManager(ExitConfig) {
		t.Errorf("exit code is %d", code)
	}
	if left, err := os.ReadDir(p.State); err != nil || len(left) > 0 {
		t.Errorf("%v was written, %v", left, err)
	}
}

// TestServeFolderThatMayCome holds that a folder that cannot be made now, as on a
// full disk or before it is there, does not end the service for good.
func TestServeFolderThatMayCome(t *testing.T) {
	p := ownPaths(t)
	above := filepath.Join(shortDir(t), "not-mounted")
	if err := os.WriteFile(above, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.State = filepath.Join(above, "state")
	err := p.Make()
	if err == nil || errors.Is(err, ErrRefused) {
		t.Fatalf("got %v", err)
	}
	code := serve(t.Context(), RunOptions{Paths: p, Stderr: &bytes.Buffer{}}, func(context.Context, *Host) int {
		t.Error("the agent runs")
		return ExitDone
	})
	if code != ExitFailed {
		t.Errorf("exit code is %d", code)
	}
}

func TestBounded(t *testing.T) {
	tests := []struct {
		name  string
		takes time.Duration // to end, when it is asked to
		code  int
		after time.Duration
	}{
		{"at once", 0, ExitDone, 0},
		{"in time", stopWait - time.Millisecond, ExitDone, stopWait - time.Millisecond},
		{"never", time.Hour, ExitFailed, stopWait},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				h := &Host{Log: slog.New(slog.DiscardHandler)}
				time.AfterFunc(time.Minute, cancel)
				began := time.Now()
				code := bounded(ctx, h, stopWait, func(ctx context.Context, _ *Host) int {
					<-ctx.Done()
					time.Sleep(tt.takes)
					return ExitDone
				})
				if took := time.Since(began); code != tt.code || took != time.Minute+tt.after {
					t.Errorf("it ended with %d after %v", code, took)
				}
				time.Sleep(time.Hour) // what was left alone ends, too
			})
		})
	}
}

// TestCrash holds that the trace of a crash is in the log, and not only on the
// stderr that nobody reads.
func TestCrash(t *testing.T) {
	p := ownPaths(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=crash")
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Fatalf("it ended with %v", err)
	}
	if log := logOf(t, p); !strings.Contains(log, "panic: planted") || !strings.Contains(log, "goroutine ") {
		t.Errorf("the log has %q", log)
	}
	rec, err := recordsOf(p).read()
	if err != nil || !rec.Ended.IsZero() {
		t.Errorf("the record is %+v, %v", rec, err)
	}
}

func TestExitText(t *testing.T) {
	for code, want := range map[int]string{0: "ended when it was asked to", 78: "refused (exit code 78)", 3: "exit code 3"} {
		if got := exitText(code); !strings.Contains(got, want) {
			t.Errorf("code %d is %q", code, got)
		}
	}
}

func TestLogFilePath(t *testing.T) {
	if got, want := (Paths{State: "state"}).LogFile(), filepath.Join("state", "homehook.log"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
