package queue

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const victimEnv = "HOMEHOOK_QUEUE_VICTIM"

// victimBody is the body of the victim's item n; every fifth goes to a file.
func victimBody(n int) []byte {
	if n%5 == 0 {
		return large(n, inRow+n%1000)
	}
	return bytes.Repeat(bodyOf(n), 1+n%200)
}

// victim puts items into dir until it is killed, and says on standard output
// what it was told: "put N" once a Put has returned, "doing N" before it calls
// Done for every third, "done N" once that has returned. The first number is in
// the environment too.
func victim(env string) int {
	dir, from, _ := strings.Cut(env, "|")
	var first int
	fmt.Sscan(from, &first)
	ctx := context.Background()
	q, err := Open(ctx, Options{Dir: dir, Reserve: -1, Ballast: 64 << 10})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var wg sync.WaitGroup
	for caller := range 8 {
		wg.Go(func() {
			for n := first + caller; ; n += 8 {
				s := q.NewSpool()
				if _, err := s.Write(victimBody(n)); err != nil {
					return
				}
				it := numbered("garage", n)
				it.Received = time.Now()
				if err := q.Put(ctx, it, s, Limits{Items: -1}); err != nil {
					return
				}
				fmt.Println("put", n) // one write, not buffered
				_ = s.Close()
				if n%3 == 0 {
					fmt.Println("doing", n)
					if q.Done(ctx, it) == nil {
						fmt.Println("done", n)
					}
				}
			}
		})
	}
	wg.Wait()
	return 1
}

// What Put has acknowledged survives kill -9, round after round, and what Done
// has acknowledged does not come back.
func TestCrash(t *testing.T) {
	exe, err := os.Executable()
	check(t, err)
	dir := t.TempDir()
	want, perhaps := make(map[string]int), make(map[string]int)
	for round := range 4 {
		for _, line := range kill(t, exe, fmt.Sprintf("%s|%d", dir, round*100_000), 150*(round+1)) {
			heard(line, want, perhaps)
		}
		verifyCrash(t, dir, want, perhaps)
	}
}

// heard notes what the victim has said: which items must be there and which may.
func heard(line string, want, perhaps map[string]int) {
	var kind string
	var n int
	if _, err := fmt.Sscan(line, &kind, &n); err != nil {
		return // the last line may be cut
	}
	switch kind {
	case "put":
		want[testID(n)] = n
	case "doing":
		delete(want, testID(n))
		perhaps[testID(n)] = n
	case "done":
		delete(perhaps, testID(n))
	}
}

// kill starts a victim, kills it after so many lines and returns all it said.
func kill(t *testing.T, exe, env string, lines int) (said []string) {
	t.Helper()
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), victimEnv+"="+env)
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

// verifyCrash opens what the victim left and compares it with what it was told.
// A Put that had not returned yet may be there as well.
func verifyCrash(t *testing.T, dir string, want, perhaps map[string]int) {
	t.Helper()
	q := openAt(t, dir, Options{})
	there := make(map[string]bool)
	withFile := 0
	var before int64
	for _, it := range list(t, q, "garage") {
		if it.Seq <= before {
			t.Errorf("%s is out of order", it.ID)
		}
		before = it.Seq
		there[it.ID] = true
		if it.file != "" {
			withFile++
		}
		if n, ok := want[it.ID]; ok && !bytes.Equal(body(t, q, it), victimBody(n)) {
			t.Errorf("%s has another body", it.ID)
		}
	}
	for id := range want {
		if !there[id] {
			t.Errorf("%s was accepted and is lost", id)
		}
	}
	// Eight callers can each have had one under way.
	extra := 0
	for id := range there {
		if _, ok := want[id]; !ok && perhaps[id] == 0 {
			extra++
		}
		// What is there now was put, whatever the victim said.
		var n int
		fmt.Sscanf(id, "%x-", &n)
		want[id] = n
	}
	clear(perhaps)
	if extra > 8 {
		t.Errorf("%d items came back", extra)
	}
	if got := files(t, q); got != withFile {
		t.Errorf("%d files, want %d", got, withFile)
	}
	if n, _, _ := q.Count("garage"); n != len(there) {
		t.Errorf("it counts %d of %d", n, len(there))
	}
	check(t, q.Close())
	if got := sqlValue(t, filepath.Join(dir, fileName), "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("integrity check: %v", got)
	}
}
