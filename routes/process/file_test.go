package process

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path, err := WriteFile(dir, "test-", []byte("a secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 || filepath.Dir(path) != dir || !strings.HasPrefix(filepath.Base(path), "test-") {
		t.Errorf("%s: %v, %v", path, info, err)
	}
	if got, _ := os.ReadFile(path); string(got) != "a secret" {
		t.Errorf("got %q", got)
	}
	RemoveFile(path)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it is left: %v", err)
	}
	if path, err := WriteFile(filepath.Join(dir, "none"), "test-", nil, nil); err == nil {
		t.Errorf("wrote %s", path)
	}
}

// TestRemoveLeft leaves alone what the living need, and what is not ours.
func TestRemoveLeft(t *testing.T) {
	dir := t.TempDir()
	mine, err := WriteFile(dir, "test-", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{mine: true}
	for name, stays := range map[string]bool{"test-2147483646-abc": false, "more-2147483646-abc": false, "else-2147483646-abc": true, "test-x": true, "test-": true} {
		path := filepath.Join(dir, name)
		os.WriteFile(path, nil, 0o600)
		left[path] = stays
	}
	RemoveLeft(dir, "test-", "more-")
	for path, stays := range left {
		if _, err := os.Stat(path); (err == nil) != stays {
			t.Errorf("%s: %v", path, err)
		}
	}
}
