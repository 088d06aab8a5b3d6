package gui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"homehook/agent/control"
)

// doorPath is where no app listens yet.
func doorPath(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		return fmt.Sprintf(`\\.\pipe\homehook-test-%d-%s`, os.Getpid(), t.Name())
	}
	return filepath.Join(t.TempDir(), "run", "desktop.sock")
}

func TestSecondStart(t *testing.T) {
	path := doorPath(t)
	first, err := enter(path, false)
	if err != nil {
		t.Fatal(err)
	}
	shown := make(chan struct{}, 4)
	var served sync.WaitGroup
	served.Go(func() { first.serve(func() { shown <- struct{}{} }) })
	defer served.Wait()
	defer first.Close()

	// A stranger's line shows nothing, and keeps nobody out.
	c, err := control.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "dance\n"); err != nil {
		t.Fatal(err)
	}
	if answer, _ := io.ReadAll(c); len(answer) != 0 {
		t.Errorf("a line that means nothing is answered with %q", answer)
	}
	_ = c.Close()

	if _, err := enter(path, true); !errors.Is(err, errSecond) {
		t.Errorf("a second start in the tray: %v", err)
	}
	if len(shown) != 0 {
		t.Error("a second start in the tray shows the window")
	}
	if _, err := enter(path, false); !errors.Is(err, errSecond) {
		t.Errorf("a second start: %v", err)
	}
	if len(shown) != 1 {
		t.Error("a second start does not show the window")
	}
}

// A first app that hangs is not doubled.
func TestSecondStartBesideOneThatHangs(t *testing.T) {
	path := doorPath(t)
	first, err := enter(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close() // it never answers
	if d, err := enter(path, false); d != nil || !errors.Is(err, errStuck) {
		t.Errorf("got %v, %v", d, err)
	}
}

func TestStartAfterTheFirstHasEnded(t *testing.T) {
	path := doorPath(t)
	for range 2 {
		d, err := enter(path, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
