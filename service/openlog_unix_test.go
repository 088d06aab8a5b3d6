//go:build unix

package service

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOpenLogOfAService holds that whoever has the folder of a log cannot have its reader
// open anything else, nor wait.
func TestOpenLogOfAService(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	put(t, secret, 0o600, -1, -1)
	tests := []struct {
		name string
		make func(path string) error
		want string // part of the error; empty: it is opened
	}{
		{"a log", func(path string) error { return os.WriteFile(path, []byte("a line\n"), 0o600) }, ""},
		{"a link", func(path string) error { return os.Symlink(secret, path) }, "not a plain file"},
		{"a pipe", func(path string) error { return syscall.Mkfifo(path, 0o600) }, "not a plain file"},
		{"a folder", func(path string) error { return os.Mkdir(path, 0o700) }, "not a plain file"},
		{"another name of a file", func(path string) error { return os.Link(secret, path) }, "another name elsewhere"},
		{"none", func(string) error { return nil }, "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "homehook.log")
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			f, err := OpenLog(path)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if text, err := io.ReadAll(f); err != nil || string(text) != "a line\n" {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}

// TestOpenLogOfAnother has a file that is not of the user whose folder it is in.
func TestOpenLogOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "homehook.log")
	put(t, path, 0o600, 0, 0)
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLog(path); err == nil || !strings.Contains(err.Error(), "belongs to uid 0, and its folder to uid 12345") {
		t.Errorf("root's file is opened for another: %v", err)
	}
	put(t, path, 0o600, 12345, 12345)
	f, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}
