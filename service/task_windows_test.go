package service

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

func init() {
	children["schtasks"] = playScheduler
	children["keeper"] = func() int {
		p, err := UserPaths()
		if err != nil {
			return 99
		}
		os.Setenv(childVariable, "service")
		return Supervise(context.Background(), RunOptions{Paths: p, Stderr: os.Stderr}, os.Args[0], nil)
	}
}

// playScheduler plays the scheduler's command: its one task is a file, which it
// prints and runs as the real one does.
func playScheduler() int {
	file := os.Getenv("HOMEHOOK_TEST_TASK")
	text, err := os.ReadFile(file)
	if err != nil && os.Args[1] != "/Create" {
		fmt.Fprintln(os.Stderr, "ERROR: The system cannot find the file specified.")
		return 1
	}
	switch os.Args[1] {
	case "/Create":
		if text, err = os.ReadFile(os.Args[5]); err == nil {
			err = os.WriteFile(file, text, 0o600)
		}
	case "/Query":
		_, err = os.Stdout.Write(text)
	case "/Delete":
		err = os.Remove(file)
	case "/Run":
		err = runTask(text)
	default:
		return 2
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// runTask starts what a task runs, in no console, as the part that supervises.
func runTask(text []byte) error {
	var units []uint16
	for i := 0; i+1 < len(text); i += 2 {
		units = append(units, uint16(text[i])|uint16(text[i+1])<<8)
	}
	var task taskShape
	plain := strings.Replace(strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff"), `encoding="UTF-16"`, "", 1)
	if err := xml.Unmarshal([]byte(plain), &task); err != nil {
		return err
	}
	cmd := exec.Command(task.Command, strings.Fields(task.Args)...)
	cmd.Env = append(os.Environ(), childVariable+"=keeper")
	cmd.SysProcAttr = unseen()
	cmd.SysProcAttr.CreationFlags |= windows.DETACHED_PROCESS
	cmd.SysProcAttr.CreationFlags &^= windows.CREATE_NO_WINDOW
	return cmd.Start()
}

// playedTask is the service of a user whose scheduler is played.
func playedTask(t *testing.T) *task {
	t.Helper()
	p := ownPaths(t)
	t.Setenv("HOMEHOOK_TEST_TASK", filepath.Join(shortDir(t), "task.xml"))
	t.Setenv(childVariable, "schtasks")
	made, err := newTask(Options{Scope: User, Program: os.Args[0], Paths: p})
	if err != nil {
		t.Fatal(err)
	}
	s, ok := made.(*task)
	if !ok {
		t.Fatalf("a user's service is a %T", made)
	}
	s.schtasks = os.Args[0]
	return s
}

// TestTaskVerbs holds all that happens to a user's service.
func TestTaskVerbs(t *testing.T) {
	s, ctx := playedTask(t), t.Context()
	home := os.Getenv("HOMEHOOK_HOME")
	for _, do := range []func(context.Context) error{s.start, s.stop} {
		if err := do(ctx); !errors.Is(err, ErrNotInstalled) {
			t.Fatalf("before it is installed: %v", err)
		}
	}
	if _, err := s.install(ctx); err == nil || !strings.Contains(err.Error(), "setx HOMEHOOK_HOME") {
		t.Errorf("with folders that a task would not find: %v", err)
	}
	t.Setenv("HOMEHOOK_HOME", "")
	for _, want := range []bool{true, false} {
		if changed, err := s.install(ctx); err != nil || changed != want {
			t.Fatalf("installing says %v, %v", changed, err)
		}
	}
	t.Setenv("HOMEHOOK_HOME", home)
	if err := s.start(ctx); err != nil {
		t.Fatal(err)
	}
	running, err := s.status(ctx)
	if err != nil || running.State != StateRunning || running.PID == 0 || !running.Enabled || running.Program != os.Args[0] || running.System != "windows-task" {
		t.Errorf("started it is %+v, %v", running, err)
	}
	if err := s.start(ctx); err != nil {
		t.Errorf("started again: %v", err)
	}
	if err := s.restart(ctx); err != nil {
		t.Fatal(err)
	}
	if again, err := s.status(ctx); err != nil || again.State != StateRunning || again.PID == running.PID {
		t.Errorf("restarted it is %+v, %v", again, err)
	}
	began := time.Now()
	if err := s.stop(ctx); err != nil {
		t.Fatal(err)
	}
	stopped, err := s.status(ctx)
	if err != nil || stopped.State != StateStopped || !strings.Contains(stopped.LastExit, exitText(ExitDone)) || time.Since(began) > 10*time.Second {
		t.Errorf("stopped after %v it is %+v, %v", time.Since(began), stopped, err)
	}
	for range 2 {
		if err := s.uninstall(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if gone, err := s.status(ctx); err != nil || gone.Installed {
		t.Errorf("uninstalled it is %+v, %v", gone, err)
	}
}
