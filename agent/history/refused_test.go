package history

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"homehook/access"
)

// TestOpenSaysThatItRefuses: a file that no start of the agent would take tells so
// by its error, and one that may be good later does not.
func TestOpenSaysThatItRefuses(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a right of their own there")
	}
	path := filepath.Join(t.TempDir(), "history.db")
	check(t, os.Symlink("elsewhere", path))
	if j, err := Open(t.Context(), path, Options{}); j != nil || !errors.As(err, new(access.Refusal)) {
		t.Errorf("a link: %v", err)
	}
	path = filepath.Join(t.TempDir(), "gone", "history.db")
	if j, err := Open(t.Context(), path, Options{}); j != nil || err == nil || errors.As(err, new(access.Refusal)) {
		t.Errorf("no folder: %v", err)
	}
}
