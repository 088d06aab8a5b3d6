package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets the test binary be the script handler and a relay, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "handler" {
		os.Exit(handlerMain(os.Args[2:]))
	}
	if mode := os.Getenv(fakeVariable); mode != "" {
		fmt.Fprintln(os.Stderr, fakeRelay(mode, os.Args[1:]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// capture returns what f prints on standard output.
func capture(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdout
	os.Stdout = w
	f()
	os.Stdout = old
	w.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"unknown"}, {"kill", "-cycles", "x"}, {"kill", "rest"}} {
		if code := run(t.Context(), args); code != 2 {
			t.Errorf("%q: exit status %d, want 2", args, code)
		}
	}
}

// TestFlagsCount holds that a program sees its flags as they were given.
func TestFlagsCount(t *testing.T) {
	fs := flag.NewFlagSet("kill", flag.ContinueOnError)
	work := killFlags(fs)
	if err := fs.Parse([]string{"-cycles", "0", "-broken"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	t.Chdir(t.TempDir()) // not in the sources: nothing is built
	if err := work(ctx, &session{dir: t.TempDir()}); err == nil {
		t.Error("it ran outside of the sources")
	}
}

// TestSummary holds what the last line says, and what becomes of the folder.
func TestSummary(t *testing.T) {
	tests := []struct {
		name    string
		work    func(context.Context, *session) error
		code    int
		ok      bool
		skipped string
	}{
		{"good", func(_ context.Context, s *session) error { s.Figures["n"] = 3; return nil }, 0, true, ""},
		{"error", func(context.Context, *session) error { return io.ErrUnexpectedEOF }, 1, false, ""},
		{"skipped", func(context.Context, *session) error {
			_, err := startToxiproxy(t.Context(), "", "")
			return err
		}, 0, true, "HOMEHOOK_TEST_TOXIPROXY"},
		{"violation", func(_ context.Context, s *session) error {
			s.judge(&verdict{violations: []violation{{"lost", "a/1", "gone"}}})
			return nil
		}, 1, false, ""},
	}
	t.Setenv(toxiproxyVariable, "")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new")
			c := command{"some", func(*flag.FlagSet) func(context.Context, *session) error { return tt.work }}
			var code int
			line := capture(t, func() { code = runOne(t.Context(), c, []string{"-seed", "7", "-dir", dir}) })
			var got summary
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			if code != tt.code || got.OK != tt.ok || got.Seed != 7 || !strings.Contains(got.Skipped, tt.skipped) {
				t.Errorf("exit status %d, %+v", code, got)
			}
			if _, err := os.Stat(dir); err != nil {
				t.Errorf("a folder that was given is gone: %v", err)
			}
		})
	}
}

// TestBrokenBuildMustLose holds the verdict over a build that is broken on
// purpose.
func TestBrokenBuildMustLose(t *testing.T) {
	loss := []violation{{"lost", "a/1", "gone"}}
	found := &session{summary: summary{Figures: map[string]any{}, Ledger: &verdict{Lost: 1}, Violations: loss}}
	if err := brokenBuild(true).judge(found); err != nil || len(found.Violations) > 0 {
		t.Errorf("a loss that was found: %v, %v", err, found.Violations)
	}
	missed := &session{summary: summary{Figures: map[string]any{}, Ledger: &verdict{}}}
	if err := brokenBuild(true).judge(missed); err == nil {
		t.Error("a loss that was not found passes")
	}
	whole := &session{summary: summary{Figures: map[string]any{}, Ledger: &verdict{Lost: 1}, Violations: loss}}
	if err := brokenBuild(false).judge(whole); err != nil || len(whole.Violations) != 1 {
		t.Errorf("a good build: %v, %v", err, whole.Violations)
	}
}

func TestProcess(t *testing.T) {
	sleeper, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("no sleep on this system")
	}
	log := filepath.Join(t.TempDir(), "log")
	start := func() *process {
		p, err := startProcess("sleeper", log, nil, []string{sleeper, "60"})
		if err != nil {
			t.Fatal(err)
		}
		if p.ended() {
			t.Error("it has ended at once")
		}
		return p
	}
	killed := start()
	killed.kill()
	if !killed.ended() || !killed.crashed() {
		t.Error("a killed program has not crashed")
	}
	stopped := start()
	if err := stopped.stop(answerTimeout); err == nil || stopped.crashed() {
		t.Errorf("a program that dies of SIGTERM: %v", err)
	}
	var none *process
	none.kill()
	if err := none.stop(0); err != nil || !none.ended() {
		t.Errorf("no program: %v", err)
	}
	if _, err := output(nil, "", sleeper, "nonsense"); err == nil {
		t.Error("a failing command has output")
	}
}
