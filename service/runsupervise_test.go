package service

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// supervised is a supervisor of this program in a part of it.
func supervised(t *testing.T, part string) (supervisor, *bytes.Buffer) {
	t.Helper()
	t.Setenv(childVariable, part)
	var log bytes.Buffer
	return supervisor{
		log: slog.New(slog.NewTextHandler(&log, nil)), records: newRecords(t), program: os.Args[0],
		pause: 10 * time.Millisecond, most: time.Second, kill: time.Minute,
	}, &log
}

func TestSuperviseStops(t *testing.T) {
	s, _ := supervised(t, "obedient")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- s.run(ctx) }()
	stop()
	if code := <-ended; code != ExitDone {
		t.Errorf("exit code is %d", code)
	}
}

// TestSuperviseKills holds that an agent which does not end is ended by force.
func TestSuperviseKills(t *testing.T) {
	s, log := supervised(t, "deaf")
	s.kill = 200 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- s.run(ctx) }()
	stop()
	if code := <-ended; code != ExitFailed {
		t.Errorf("exit code is %d", code)
	}
	if !strings.Contains(log.String(), "agent is killed") {
		t.Errorf("the log has %q", log)
	}
}

// TestSuperviseRefused holds that what has refused its configuration is not run
// again.
func TestSuperviseRefused(t *testing.T) {
	s, log := supervised(t, "refused")
	if code := s.run(t.Context()); code != ExitConfig {
		t.Errorf("exit code is %d", code)
	}
	if log.Len() > 0 {
		t.Errorf("the log has %q", log)
	}
}

func TestSuperviseAgain(t *testing.T) {
	count := filepath.Join(shortDir(t), "count")
	t.Setenv("HOMEHOOK_TEST_COUNT", count)
	s, log := supervised(t, "count")
	if code := s.run(t.Context()); code != ExitDone {
		t.Errorf("exit code is %d", code)
	}
	if n, err := os.ReadFile(count); err != nil || string(n) != "3" {
		t.Errorf("it ran %s times, %v", n, err)
	}
	for _, want := range []string{"in=10ms exit=5", "in=20ms exit=5"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has %q, want %q", log, want)
		}
	}
}

// TestSuperviseNothing holds that a program which is gone for now, as in the
// middle of an upgrade, is tried again.
func TestSuperviseNothing(t *testing.T) {
	s, log := supervised(t, "")
	s.program = filepath.Join(shortDir(t), "none")
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer stop()
		if code := s.run(ctx); code != ExitDone && code != ExitFailed {
			t.Errorf("exit code is %d", code)
		}
	})
	if n := strings.Count(log.String(), "agent cannot be started"); n < 2 {
		t.Errorf("it was tried %d times", n)
	}
}

// TestSupervisedRuns holds the two ends together: the agent that [Run] runs ends
// when its supervisor wants it to, and both write one log and one record.
func TestSupervisedRuns(t *testing.T) {
	p := ownPaths(t)
	t.Setenv(childVariable, "service")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- Supervise(ctx, RunOptions{Paths: p, Stderr: io.Discard}, os.Args[0], nil)
	}()
	r := recordsOf(p)
	if err := r.await(t.Context(), time.Now().Add(-time.Minute), func() bool { return true }, ""); err != nil {
		t.Fatal(err)
	}
	rec, err := r.read()
	if err != nil || rec.Keeper != os.Getpid() || rec.PID == os.Getpid() {
		t.Errorf("the record is %+v, %v", rec, err)
	}
	killed, err := os.FindProcess(rec.PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Kill(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(startLimit); ; time.Sleep(awaitEvery) { // again
		if now, err := r.read(); err == nil && now.PID != rec.PID && now.Ready {
			if !strings.Contains(now.last(), "ended by force") && !strings.Contains(now.last(), "exit code 1") || now.Again != 1 {
				t.Errorf("after it was killed the record is %+v", now)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it was not started again")
		}
	}
	stop()
	if code := <-ended; code != ExitDone {
		t.Errorf("exit code is %d", code)
	}
	if log := logOf(t, p); !strings.Contains(log, "agent is started again") || !strings.Contains(log, "told to end") {
		t.Errorf("the log has %q", log)
	}
}
