package history

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const victimEnv = "HOMEHOOK_HISTORY_VICTIM"

// victim writes deliveries until it is killed, and says on standard output what
// it was told: "durable ID" or "through ID" once a Begin has returned, "finished
// ID" once the outcome of such a delivery is committed. Most deliveries get an
// outcome that lingers in the queue, or none at all.
func victim(path string) int {
	ctx := context.Background()
	j, err := Open(ctx, path, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var wg sync.WaitGroup
	for caller := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				n := caller + 8*i
				durable := n%2 == 0
				if j.Begin(numbered(n), durable) != nil {
					return
				}
				kind := "through"
				if durable {
					kind = "durable"
				}
				fmt.Println(kind, testID(n)) // one write, not buffered
				if i%4 == 0 {
					continue
				}
				if j.Finish(done(n, Succeeded)) == nil && i%4 == 1 && j.Flush(ctx) == nil {
					fmt.Println("finished", testID(n))
				}
			}
		})
	}
	wg.Wait()
	return 1
}

func TestCrash(t *testing.T) {
	exe, err := os.Executable()
	check(t, err)
	path := filepath.Join(t.TempDir(), "history.db")
	want := make(map[string]string) // id -> the state it must have after the crash
	for round := range 3 {
		// The ids of a round are those of the round before: move the file on.
		file := fmt.Sprintf("%s.%d", path, round)
		said := kill(t, exe, file, 300*(round+1))
		clear(want)
		for _, line := range said {
			switch kind, id, _ := strings.Cut(line, " "); kind {
			case "durable":
				want[id] = Running
			case "finished":
				want[id] = Succeeded
			case "through":
				want[id] = Dead
			}
		}
		verify(t, file, want)
	}
}

// kill starts a victim, kills it after so many lines and returns all it said.
func kill(t *testing.T, exe, path string, lines int) (said []string) {
	t.Helper()
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), victimEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		if said = append(said, scanner.Text()); len(said) == lines {
			check(t, cmd.Process.Kill())
		}
	}
	if err := cmd.Wait(); err == nil || len(said) < lines {
		t.Fatalf("the child ended by itself after %d lines: %v", len(said), err)
	}
	return said
}

// verify opens what the victim left and compares it with what it was told.
func verify(t *testing.T, path string, want map[string]string) {
	t.Helper()
	j := openAt(t, path, Options{})
	finished, interrupted := 0, 0
	for id, state := range want {
		r := get(t, j, id)
		// One may have been finished without the victim saying so.
		if r.State != state && r.State != Succeeded {
			t.Errorf("%s is %s, want %s", id, r.State, state)
		}
		if r.State == Succeeded {
			finished++
			if len(r.Log) != 1 {
				t.Errorf("%s has %d attempts", id, len(r.Log))
			}
		}
		if (r.State == Dead) != (r.Reason == Interrupted) {
			t.Errorf("%s is %s because of %q", id, r.State, r.Reason)
		}
		if r.State == Dead {
			interrupted++
		}
		if !strings.HasPrefix(string(r.Head), "POST / ") || !strings.HasPrefix(string(r.Body), "body ") {
			t.Errorf("%s has head %q, body %q", id, r.Head, r.Body)
		}
	}
	if finished == 0 || interrupted == 0 {
		t.Fatalf("%d deliveries, %d finished, %d interrupted: the test saw too little", len(want), finished, interrupted)
	}
	if got := sqlValue(t, path, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("integrity check: %v", got)
	}
}
