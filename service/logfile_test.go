package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// smallLog opens a log of three files of 100 bytes.
func smallLog(t *testing.T) *logFile {
	t.Helper()
	l, err := openLogFile(filepath.Join(shortDir(t), logName))
	if err != nil {
		t.Fatal(err)
	}
	l.limit, l.files = 100, 3
	t.Cleanup(func() { l.Close() })
	return l
}

func line(n int) []byte { return []byte(strings.Repeat("x", n-1) + "\n") }

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return -1
	}
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("%s has the mode %#o", path, mode)
	}
	return info.Size()
}

func TestLogFileTurns(t *testing.T) {
	l := smallLog(t)
	steps := []struct {
		write int
		want  []int64 // sizes of the files, the newest first; -1 is none
	}{
		{60, []int64{60, -1, -1, -1}},
		{40, []int64{100, -1, -1, -1}}, // full to the last byte
		{1, []int64{1, 100, -1, -1}},
		{300, []int64{300, 1, 100, -1}}, // a line is never cut
		{10, []int64{10, 300, 1, -1}},   // the oldest went
	}
	for i, s := range steps {
		if _, err := l.Write(line(s.write)); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		for n, want := range s.want {
			path := l.path
			if n > 0 {
				path = l.numbered(n)
			}
			if got := sizeOf(t, path); got != want {
				t.Errorf("step %d: file %d has %d bytes, want %d", i, n, got, want)
			}
		}
	}
}

// TestLogFileGoesOn holds that a service which was started again adds to what
// is there, and closes a file that others could read.
func TestLogFileGoesOn(t *testing.T) {
	path := filepath.Join(shortDir(t), logName)
	if err := os.WriteFile(path, line(70), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := openLogFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.limit = 100
	for range 2 {
		if _, err := l.Write(line(20)); err != nil {
			t.Fatal(err)
		}
	}
	if got, before := sizeOf(t, path), sizeOf(t, l.numbered(1)); got != 20 || before != 90 {
		t.Errorf("the files have %d and %d bytes, want 20 and 90", got, before)
	}
}

// TestLogFileStays holds that a file which cannot be put aside is written on.
func TestLogFileStays(t *testing.T) {
	l := smallLog(t)
	for _, n := range []int{1, 2} {
		if err := os.MkdirAll(filepath.Join(l.numbered(n), "full"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		if _, err := l.Write(line(60)); err != nil {
			t.Fatal(err)
		}
	}
	if got := sizeOf(t, l.path); got != 300 {
		t.Errorf("the file has %d bytes, want all 300", got)
	}
}

func TestLogFileConcurrent(t *testing.T) {
	l := smallLog(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, err := l.Write(line(30)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for n := range 3 {
		path := l.path
		if n > 0 {
			path = l.numbered(n)
		}
		data, err := os.ReadFile(path)
		if err != nil || len(data) == 0 || len(data) > 100 || len(data)%30 != 0 {
			t.Errorf("file %d has %d bytes, %v", n, len(data), err)
		}
	}
}

func TestLogFileClosed(t *testing.T) {
	l := smallLog(t)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write(line(5)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("got %v, want that it is closed", err)
	}
}

func TestLogFileRefuses(t *testing.T) {
	path := filepath.Join(shortDir(t), logName)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := openLogFile(path)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s is not a plain file; remove it", path)) {
		t.Errorf("got %v", err)
	}
}
