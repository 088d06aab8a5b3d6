package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestAccessLogFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "access.log")
	if err := os.WriteFile(name, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := openAccessLog(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	stop := a.watch(t.Context(), slog.New(slog.NewTextHandler(&log, nil)))
	a.Write([]byte("one\n"))
	if runtime.GOOS != "windows" { // where an open file is not moved
		if err := os.Rename(name, name+".1"); err != nil {
			t.Fatal(err)
		}
		a.Write([]byte("two\n"))
		if err := a.reopen(); err != nil {
			t.Fatal(err)
		}
		a.Write([]byte("three\n"))
		holds(t, name+".1", "before\none\ntwo\n")
		holds(t, name, "three\n")
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	}
	stop()
	for range 2 {
		if _, err := a.Write([]byte("late\n")); err == nil {
			t.Error("a closed log takes lines")
		}
	}
	if n := strings.Count(log.String(), "write access log"); n != 1 {
		t.Errorf("told %d times: %s", n, log.String())
	}
}

func holds(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); string(got) != want {
		t.Errorf("%s: got %q, %v; want %q", filepath.Base(name), got, err, want)
	}
}

func TestAccessLogStream(t *testing.T) {
	var out bytes.Buffer
	a, err := openAccessLog("-", &out)
	if err != nil {
		t.Fatal(err)
	}
	stop := a.watch(t.Context(), slog.New(slog.DiscardHandler))
	a.Write([]byte("one\n"))
	if err := a.reopen(); err != nil {
		t.Error(err)
	}
	stop()
	if out.String() != "one\n" {
		t.Errorf("got %q", out.String())
	}
	if a, err := openAccessLog("", &out); a != nil || err != nil {
		t.Errorf("got %v, %v", a, err)
	}
	if _, err := openAccessLog(filepath.Join(t.TempDir(), "none", "x"), &out); err == nil {
		t.Error("a folder that is not there is no error")
	}
}
