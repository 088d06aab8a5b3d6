package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// quietSession is a session in a folder of the test.
func quietSession(t *testing.T) *session {
	t.Helper()
	return &session{dir: t.TempDir(), began: time.Now(), summary: summary{Figures: map[string]any{}}}
}

// TestInOrder compares a queue with the order in which handlers ran.
func TestInOrder(t *testing.T) {
	const table = "CREATE TABLE deliveries (seq INTEGER PRIMARY KEY, id); CREATE TABLE attempts (seq, number, started);"
	tests := []struct {
		name, rows string
		wrong      int
	}{
		{"in order", "INSERT INTO deliveries VALUES (1,'A'),(2,'B'),(3,'C'); INSERT INTO attempts VALUES (1,1,10),(2,1,20),(3,1,30)", 0},
		{"at the same time", "INSERT INTO deliveries VALUES (1,'A'),(2,'B'),(3,'C'); INSERT INTO attempts VALUES (1,1,10),(2,1,10),(3,1,10)", 0},
		{"run again", "INSERT INTO deliveries VALUES (1,'A'),(2,'B'),(3,'C'); INSERT INTO attempts VALUES (1,1,10),(2,1,20),(3,1,30),(1,2,40)", 0},
		{"two changed places", "INSERT INTO deliveries VALUES (1,'A'),(2,'B'),(3,'C'); INSERT INTO attempts VALUES (1,1,20),(2,1,10),(3,1,30)", 2},
	}
	order := []queued{{ID: "A"}, {ID: "B"}, {ID: "C"}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, l := quietSession(t), testLab(t)
			if err := os.Remove(l.history()); err != nil {
				t.Fatal(err)
			}
			exec1(t, l.history(), table+tt.rows)
			if err := new(draining).inOrder(t.Context(), s, l, order); err != nil {
				t.Fatal(err)
			}
			if s.Figures["out_of_order"] != tt.wrong || len(s.Violations) != tt.wrong {
				t.Errorf("%v wrong, %v", s.Figures["out_of_order"], s.Violations)
			}
		})
	}
}

func TestPercentiles(t *testing.T) {
	tl := newTally()
	if p50, p99 := tl.percentiles(); p50 != 0 || p99 != 0 {
		t.Errorf("of nothing: %s, %s", p50, p99)
	}
	for i := range 100 {
		tl.add(answer{status: 202, took: time.Duration(100-i) * time.Millisecond}, nil)
	}
	tl.add(answer{status: 507, took: time.Hour}, nil)
	if p50, p99 := tl.percentiles(); p50 != 51*time.Millisecond || p99 != 100*time.Millisecond {
		t.Errorf("got %s, %s", p50, p99)
	}
	other := newTally()
	other.add(answer{status: 202}, nil)
	other.add(answer{}, errors.New("no answer"))
	if tl.merge(other); tl.count(202) != 101 || tl.count(0) != 1 {
		t.Errorf("merged: %v", tl.answers())
	}
}

// TestFileSizes sees that a file grows, and not the index of a log.
func TestFileSizes(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "queue.db"), "12345")
	first, err := fileSizes(dir)
	if err != nil || first != "queue.db 5" {
		t.Fatalf("%q, %v", first, err)
	}
	write(t, filepath.Join(dir, "queue.db-shm"), "1")
	if again, _ := fileSizes(dir); again != first {
		t.Errorf("with an index: %q", again)
	}
	write(t, filepath.Join(dir, "queue.db"), "123456")
	if again, _ := fileSizes(dir); again == first {
		t.Errorf("of one that has grown: %q", again)
	}
}

// TestSmallDisk fills one, where the system lets it be mounted.
func TestSmallDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk")
	unmount, err := mountSmall(dir, 2)
	if err != nil {
		t.Skip(err)
	}
	defer unmount()
	write(t, filepath.Join(dir, "ballast.bin"), "1234")
	if n := ballast(dir); n != 4 {
		t.Errorf("ballast of %d bytes", n)
	}
	filler := filepath.Join(dir, "filler")
	if err := fill(filler); err != nil {
		t.Fatal(err)
	}
	if n := freeBytes(dir); n != 0 {
		t.Errorf("%d bytes are free", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "more"), []byte("x"), 0o600); err == nil {
		t.Error("there was room for more")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if n := freeBytes(dir); n < 1<<20 {
		t.Errorf("%d bytes are free again", n)
	}
}

// TestTracer counts the calls of a process, and lets it go on.
func TestTracer(t *testing.T) {
	if _, err := findStrace(); err != nil {
		t.Skip(err)
	}
	l := &lab{dir: t.TempDir()}
	// One that does nothing but write until it is told to end.
	p, err := startProcess("writer", l.path("log"), nil, []string{"sh", "-c", "while test ! -e " + l.path("end") + "; do sleep 0.01; : > " + l.path("file") + "; mv " + l.path("file") + " " + l.path("moved") + "; done"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	l.relay = p
	n, err := traceCalls(t.Context(), l, func() error {
		// The first may be one that began before strace was there.
		for range 2 {
			if err := os.Remove(l.path("moved")); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if err := until(t.Context(), 10*time.Second, "a file is moved", func() bool {
				_, err := os.Stat(l.path("moved"))
				return err == nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && strings.Contains(err.Error(), "Operation not permitted") {
		t.Skipf("strace cannot attach here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Error("no call was seen")
	}
	write(t, l.path("end"), "")
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		t.Error("the process does not go on")
	}
	if _, err := attach(t.Context(), l, 1<<22+1, "-o", "/dev/null"); err == nil {
		t.Error("a process that does not exist is traced")
	}
}

// TestRefusedAgain starts an agent again that was told that another one runs,
// and leaves others alone.
func TestRefusedAgain(t *testing.T) {
	sleeper, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("no sleep on this system")
	}
	for _, tt := range []struct {
		name, log string
		again     int
	}{
		{"another one runs", "homehook: an agent is already running (pid 7)\n", 1},
		{"something else", "homehook: no such file\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := testLab(t)
			l.bin.agent = sleeper
			write(t, l.path("agent.log"), tt.log)
			if l.agent, err = startProcess("agent", l.path("agent.log"), nil, []string{sleeper, "0"}); err != nil {
				t.Fatal(err)
			}
			<-l.agent.done
			err := l.alive()
			defer l.agent.kill()
			if l.refusals != tt.again || (err == nil) != (tt.again > 0) {
				t.Errorf("started again %d times: %v", l.refusals, err)
			}
		})
	}
}

// TestSkips holds that programs say what they lack.
func TestSkips(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for name, work := range map[string]func(context.Context, *session) error{
		"fsync": new(syncing).run, "power": new(powering).run,
	} {
		if err := work(t.Context(), quietSession(t)); !errors.Is(err, errSkipped) || !strings.Contains(err.Error(), "strace") {
			t.Errorf("%s without strace: %v", name, err)
		}
	}
}

func TestUntil(t *testing.T) {
	if err := until(t.Context(), time.Millisecond, "it is so", func() bool { return false }); err == nil || !strings.Contains(err.Error(), "it is so") {
		t.Errorf("never: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := until(ctx, time.Hour, "it is so", func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if err := until(ctx, 0, "it is so", func() bool { return true }); err != nil {
		t.Errorf("at once: %v", err)
	}
}
