//go:build faults

package queue

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A crash at any of the named places leaves what was acknowledged, and no stray.
func TestCrashPoints(t *testing.T) {
	exe, err := os.Executable()
	check(t, err)
	for _, place := range []string{
		"queue.put.begin", "queue.put.blob", "queue.put.written", "queue.put.committed", "queue.done.written", "queue.done.committed",
	} {
		for _, passes := range []int{1, 7, 40} {
			t.Run(fmt.Sprintf("%s:%d", place, passes), func(t *testing.T) {
				dir := t.TempDir()
				cmd := exec.Command(exe)
				cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|0", victimEnv, dir), fmt.Sprintf("HOMEHOOK_CRASH=%s:%d", place, passes))
				out, err := cmd.Output()
				if err == nil || !strings.Contains(err.Error(), "killed") {
					t.Fatalf("the child ended with %v", err)
				}
				want, perhaps := make(map[string]int), make(map[string]int)
				for line := range strings.Lines(string(out)) {
					heard(line, want, perhaps)
				}
				verifyCrash(t, dir, want, perhaps)
			})
		}
	}
}
