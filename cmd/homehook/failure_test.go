package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"homehook/agent/config"
	"homehook/agent/control"
)

func TestReport(t *testing.T) {
	away := fmt.Errorf("ask agent: %w", fmt.Errorf("%w: nothing listens at /x", control.ErrNotRunning))
	tests := []struct {
		name string
		err  error
		code int
		want string
	}{
		{"nothing", nil, exitDone, ""},
		{"an error", errors.New("open x: no"), exitFailed, "homehook: open x: no\n"},
		{"a next step", withNext(errors.New("no claim x"), "see: %s", "y"), exitFailed, "homehook: no claim x\n  see: y\n"},
		{"a next step, wrapped", fmt.Errorf("a: %w", withNext(errors.New("b"), "c")), exitFailed, "homehook: a: b\n  c\n"},
		{"misuse", misused("no %d", 7), exitUsage, "homehook: no 7\n"},
		{"said already", errors.Join(errSilent), exitFailed, ""},
		{"no agent", errors.Join(away), exitAway, "homehook: the agent is not running: nothing listens at /x\n  start it with: homehook run\n"},
		{"no agent, bare", control.ErrNotRunning, exitAway, "homehook: the agent is not running\n  start it with: homehook run\n"},
		{"from the network", errors.New("relay says: \x1b[2J\u202e"), exitFailed, "homehook: relay says: \\x1b[2J\\u202e\n"},
		{"problems", fmt.Errorf("load: %w", config.Problems{
			{File: "c.yaml", Line: 2, Column: 3, Message: "bad", Remedy: "mend it"}, {File: "c.yaml", Message: "worse"},
		}), exitFailed, "homehook: c.yaml:2:3: bad\n  mend it\nhomehook: c.yaml: worse\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, out, errs := newTestApp(t)
			if code := a.report(t.Context(), tt.err); code != tt.code {
				t.Errorf("code %d, want %d", code, tt.code)
			}
			if errs.String() != tt.want || out.Len() > 0 {
				t.Errorf("stderr %q, want %q; stdout %q", errs, tt.want, out)
			}
		})
	}
}

func TestReportInterrupted(t *testing.T) {
	a, _, errs := newTestApp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := a.report(ctx, fmt.Errorf("wait: %w", context.Canceled)); code != exitFailed || errs.String() != "homehook: interrupted\n" {
		t.Errorf("code %d, stderr %q", code, errs)
	}
}

func TestExecute(t *testing.T) {
	tests := []struct {
		args string
		code int
		want string // part of stderr
	}{
		{"version", exitDone, ""},
		{"--json version", exitDone, ""},
		{"version --help", exitDone, ""},
		{"--help --nonsense", exitUsage, "unknown flag --nonsense"},
		{"status", exitAway, "not running"},
		{"vers", exitUsage, "unexpected argument vers"},
		{"", exitUsage, "Usage: homehook"},
		{"secret set x --show", exitUsage, "--show goes with --generate only"},
		{"route list", exitDone, "no route yet"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			a, _, errs := newTestApp(t)
			if code := a.execute(t.Context(), strings.Fields(tt.args)); code != tt.code {
				t.Errorf("code %d, want %d; stderr %s", code, tt.code, errs)
			}
			if !strings.Contains(errs.String(), tt.want) || tt.want == "" && errs.Len() > 0 {
				t.Errorf("stderr %q, want %q in it", errs, tt.want)
			}
		})
	}
}
