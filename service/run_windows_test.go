package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
)

func aceSID(ace *windows.ACCESS_ALLOWED_ACE) *windows.SID {
	return (*windows.SID)(unsafe.Pointer(&ace.SidStart))
}

func TestStopEvent(t *testing.T) {
	p := ownPaths(t)
	if err := signalStop(p); !errors.Is(err, windows.ERROR_FILE_NOT_FOUND) {
		t.Errorf("nobody is asked: %v", err)
	}
	ctx, release := heedStop(t.Context(), p)
	if err := signalStop(p); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the request has not come")
	}
	release()
	if err := signalStop(p); !errors.Is(err, windows.ERROR_FILE_NOT_FOUND) {
		t.Errorf("the event is left: %v", err)
	}
}

// TestStopEventTaken holds that an event which was there before ends nobody.
func TestStopEventTaken(t *testing.T) {
	p := ownPaths(t)
	first, err := makeStopEvent(p)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(first)
	ctx, release := heedStop(t.Context(), p)
	defer release()
	if err := signalStop(p); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Error("somebody else's event ends it")
	}
}

// requests play the service control manager.
func TestHandler(t *testing.T) {
	tests := []struct {
		name    string
		code    int
		request svc.Cmd // 0: the agent ends by itself
		failed  bool
		exit    uint32
	}{
		{"stop", ExitDone, svc.Stop, false, 0},
		{"shutdown", ExitDone, svc.Shutdown, false, 0},
		{"too slow", ExitFailed, svc.Stop, true, 1},
		{"refused", ExitConfig, 0, true, ExitConfig},
		{"done", ExitDone, 0, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &handler{ctx: t.Context(), serve: func(ctx context.Context) int {
				if tt.request != 0 {
					<-ctx.Done()
				}
				return tt.code
			}}
			requests, status := make(chan svc.ChangeRequest, 2), make(chan svc.Status, 4)
			requests <- svc.ChangeRequest{Cmd: svc.Interrogate}
			if tt.request != 0 {
				requests <- svc.ChangeRequest{Cmd: tt.request}
			}
			failed, exit := h.Execute(nil, requests, status)
			if failed != tt.failed || exit != tt.exit || h.code != tt.code {
				t.Errorf("it ended with %v, %d, %d", failed, exit, h.code)
			}
			if first := <-status; first.State != svc.Running || first.Accepts&svc.AcceptStop == 0 {
				t.Errorf("at first it says %+v", first)
			}
		})
	}
}

func TestTaskLetter(t *testing.T) {
	if got := strings.Map(taskLetter, `a\b:c ä*?"<>|/d`); got != "a_b_c ä_______d" {
		t.Errorf("got %q", got)
	}
}

func TestImageOf(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got := imageOf(os.Getpid()); !strings.EqualFold(filepath.Base(got), filepath.Base(own)) {
		t.Errorf("this process runs %q, not %q", got, own)
	}
	for _, pid := range []int{0, -1, 0x7ffffff0} {
		if got := imageOf(pid); got != "" {
			t.Errorf("process %d runs %q", pid, got)
		}
	}
}

func TestKnownToTasks(t *testing.T) {
	const name = "HOMEHOOK_TEST_UNKNOWN"
	if err := knownToTasks(name); err != nil {
		t.Errorf("what is not set is refused: %v", err)
	}
	t.Setenv(name, `C:\x`)
	if err := knownToTasks(name); err == nil || !strings.Contains(err.Error(), `setx HOMEHOOK_TEST_UNKNOWN "C:\x"`) {
		t.Errorf("got %v", err)
	}
}
