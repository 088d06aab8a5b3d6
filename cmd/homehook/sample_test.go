package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestSampleScript(t *testing.T) {
	t.Setenv("HOMEHOOK_DELIVERY", "01")
	tests := []struct{ name, body, want string }{
		{"a name", `{"name":"Ada"}`, "Hello, Ada! Your webhook of 14 bytes reached a script at home.\n"},
		{"no name", `{}`, "Hello, stranger! Your webhook of 2 bytes reached a script at home.\n"},
		{"no JSON", "x", "Hello, stranger! Your webhook of 1 byte reached a script at home.\n"},
		{"nothing", "", "Hello, stranger! Your webhook of 0 bytes reached a script at home.\n"},
		{"mischief", `{"name":"\u001b[2J"}`, "Hello, \\x1b[2J! Your webhook of 20 bytes reached a script at home.\n"},
	}
	for _, tt := range tests {
		a, out, errs := newTestApp(t)
		a.in = strings.NewReader(tt.body)
		if err := new(sampleScriptCmd).Run(a); err != nil || out.String() != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, out, err, tt.want)
		}
		if !strings.Contains(errs.String(), "delivery 01") {
			t.Errorf("%s: stderr %q", tt.name, errs)
		}
	}
}

func TestSampleApp(t *testing.T) {
	w := httptest.NewRecorder()
	sampleApp().ServeHTTP(w, httptest.NewRequest(http.MethodPut, "/a%1b/b", strings.NewReader("four")))
	if want := "An app on this machine got PUT /a\\x1b/b with 4 bytes.\n"; w.Body.String() != want {
		t.Errorf("%q, want %q", w.Body, want)
	}
}

// TestLauncher runs the script that stands in for a program that others could
// change, from a folder with a difficult name.
func TestLauncher(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	dir := t.TempDir()
	private := filepath.Join(dir, "private")
	shared := filepath.Join(dir, "it's shared")
	for path, mode := range map[string]os.FileMode{private: 0o755, shared: 0o777} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if sharedFile(path) != (path == shared) {
			t.Errorf("%s: shared %t", path, sharedFile(path))
		}
	}
	if !sharedFile(filepath.Join(dir, "missing")) {
		t.Error("what cannot be looked at is not safe")
	}
	program := filepath.Join(shared, "homehook")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"ran $1\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	launcher, err := writeLauncher(private, program)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(launcher).CombinedOutput()
	if err != nil || string(out) != "ran sample-script\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestSampleCommandEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sampleCommand(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
