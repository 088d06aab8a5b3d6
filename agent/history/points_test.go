//go:build faults

package history

import (
	"os"
	"path/filepath"
	"testing"
)

// The agent dies at each place where that would hurt most, early and later.
func TestCrashPoints(t *testing.T) {
	exe, err := os.Executable()
	check(t, err)
	for _, name := range []string{
		"journal.begin.written", "journal.begin.committed", "journal.start.committed", "journal.finish.committed",
	} {
		for _, pass := range []string{":40", ":150", ":400"} {
			t.Run(name+pass, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "history.db")
				verify(t, path, told(kill(t, exe, path, name+pass, 1<<20)))
			})
		}
	}
}
