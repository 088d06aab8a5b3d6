package history

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const victimEnv = "HOMEHOOK_HISTORY_VICTIM"

// victimOptions make some originals differ from what is kept.
func victimOptions() Options {
	return Options{Body: 1000, Redact: []string{"header.Secret"}, Seal: testKey, shard: 50}
}

// victimRecord is delivery n as the victim gets it: some have a body that is cut
// or even a file, some are redacted.
func victimRecord(n int) *Record {
	r := numbered(n)
	r.State = Received
	switch {
	case n%64 == 6:
		r.Body = bytes.Repeat([]byte("0123456789abcdef"), 20<<10)
	case n%8 == 4:
		r.Body = bytes.Repeat([]byte{byte(n)}, 5000)
	}
	if n%6 == 2 {
		r.Head = []byte("POST / HTTP/1.1\r\nSecret: x\r\n\r\n")
	}
	r.Size = int64(len(r.Body))
	return r
}

// victim writes deliveries until it is killed, and says on standard output what
// it was told: "durable ID" or "through ID" once a Begin has returned, "started
// ID" once a Start of a durable one has, "finished ID" once the outcome of such a
// delivery is committed. Most deliveries get an outcome that lingers in the
// queue, or none at all.
func victim(path string) int {
	ctx := context.Background()
	j, err := Open(ctx, path, victimOptions())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var wg sync.WaitGroup
	for caller := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				if victimise(ctx, j, caller+8*i, i) != nil {
					return
				}
			}
		})
	}
	wg.Go(func() {
		for j.Index(ctx) == nil {
		}
	})
	wg.Wait()
	return 1
}

func victimise(ctx context.Context, j *Journal, n, i int) error {
	durable := n%2 == 0
	if err := j.Begin(victimRecord(n), durable); err != nil {
		return err
	}
	kind := "through"
	if durable {
		kind = "durable"
	}
	fmt.Println(kind, testID(n)) // one write, not buffered
	if i%4 == 0 {
		return nil
	}
	if durable {
		if _, err := j.Start(testID(n), Attempt{Number: 1}, true); err != nil {
			return err
		}
		fmt.Println("started", testID(n))
	}
	if i%4 == 2 {
		return j.Finish(waiting(n))
	}
	if err := j.Finish(done(n, Succeeded)); err != nil || i%4 != 1 {
		return err
	}
	if err := j.Flush(ctx); err != nil {
		return err
	}
	fmt.Println("finished", testID(n))
	return nil
}

func TestCrash(t *testing.T) {
	exe, err := os.Executable()
	check(t, err)
	dir := t.TempDir()
	for round := range 2 {
		file := filepath.Join(dir, fmt.Sprintf("%d.db", round))
		verify(t, file, told(kill(t, exe, file, "", 300*(round+1))))
	}
}

// told reads what a victim has said: id -> the last word about it.
func told(said []string) map[string]string {
	last := make(map[string]string)
	for _, line := range said {
		word, id, _ := strings.Cut(line, " ")
		last[id] = word
	}
	return last
}

// kill starts a victim, kills it after so many lines and returns all it said.
// With a point, the victim kills itself there.
func kill(t *testing.T, exe, path, point string, lines int) (said []string) {
	t.Helper()
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), victimEnv+"="+path, "HOMEHOOK_CRASH="+point)
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
	if err := cmd.Wait(); err == nil || len(said) < lines && point == "" {
		t.Fatalf("the child ended by itself after %d lines: %v", len(said), err)
	}
	return said
}

// verify opens what a victim left and compares it with what the victim said.
func verify(t *testing.T, path string, want map[string]string) {
	t.Helper()
	j := openAt(t, path, victimOptions())
	seen := make(map[string]int)
	for id, word := range want {
		r := get(t, j, id)
		seen[r.State]++
		switch {
		case word == "finished" && r.State != Succeeded:
			t.Errorf("%s has finished and is %s", id, r.State)
		case word == "through" && unfinished(r.State) && r.State != Waiting:
			t.Errorf("%s was interrupted and is %s", id, r.State)
		case word == "started" && (r.Starts != 1 || r.State == Received || r.State == Dead):
			t.Errorf("%s was started and is %s, started %d times", id, r.State, r.Starts)
		case word == "durable" && r.State == Dead:
			t.Errorf("%s was durable and is %s because of %q", id, r.State, r.Reason)
		case r.State == Succeeded && len(r.Log) != 1:
			t.Errorf("%s has %d attempts", id, len(r.Log))
		case (r.State == Dead) != (r.Reason == Interrupted):
			t.Errorf("%s is %s because of %q", id, r.State, r.Reason)
		}
	}
	verifyOriginals(t, j, path)
	verifySearch(t, j)
	if seen[Succeeded] == 0 || seen[Received] == 0 {
		t.Fatalf("%v: the test saw too little", seen)
	}
	for _, file := range []string{path, indexPath(path)} {
		if got := sqlValue(t, file, "PRAGMA integrity_check"); got != "ok" {
			t.Errorf("integrity check of %s: %v", file, got)
		}
	}
}

// verifyOriginals checks that all that is owed an end is there as it came, and no
// file of anything else.
func verifyOriginals(t *testing.T, j *Journal, path string) {
	t.Helper()
	files := 0
	for _, id := range unfinishedIDs(t, j, "", 100) {
		r, err := j.Original(t.Context(), id)
		if err != nil {
			t.Errorf("original of %s: %v", id, err)
			continue
		}
		n, err := strconv.ParseInt(id[:8], 16, 0)
		check(t, err)
		want := victimRecord(int(n))
		if !bytes.Equal(r.Body, want.Body) || !bytes.Equal(r.Head, want.Head) {
			t.Errorf("%s has another head or body", id)
		}
		if len(want.Body) > blobBytes {
			files++
		}
	}
	if got := len(bodyFiles(t, path)); got != files {
		t.Errorf("%d files for %d large bodies", got, files)
	}
}

// verifySearch checks that filters and searches find what a look at all finds.
func verifySearch(t *testing.T, j *Journal) {
	t.Helper()
	states := make(map[string]int)
	for after := ""; ; {
		page, next, err := j.List(t.Context(), Query{Limit: 1000, Cursor: after})
		check(t, err)
		for _, d := range page {
			states[d.State]++
		}
		if after = next; next == "" {
			break
		}
	}
	for range 2 {
		for state, n := range states {
			if got := len(list(t, j, Query{State: state, Limit: 1000})); got != n {
				t.Errorf("the filter finds %d that are %s, want %d", got, state, n)
			}
			if got := len(list(t, j, Query{State: state, Search: "hook", Limit: 1000})); got != n {
				t.Errorf("the search finds %d that are %s, want %d", got, state, n)
			}
		}
		check(t, j.Index(t.Context()))
	}
}
