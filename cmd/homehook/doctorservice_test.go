package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/service"
)

// TestDoctorOfService names a service that is stopped, and what else may be said
// of one.
func TestDoctorOfService(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	at := func(state string, change func(*service.Status)) service.Status {
		st := service.Status{System: "systemd", Installed: true, Enabled: true, State: state, User: "me", Program: self, PID: 7, Log: "journalctl --user-unit homehook"}
		if change != nil {
			change(&st)
		}
		return st
	}
	tests := []struct {
		name string
		st   service.Status
		err  error
		runs bool
		want []string
	}{
		{"runs", at(service.StateRunning, nil), nil, true, []string{"ok: runs as me by systemd, pid 7 > "}},
		{"stopped", at(service.StateStopped, func(s *service.Status) { s.LastExit = "exit code 0, 2026-01-31 08:00:00" }), nil, false, []string{
			"problem: the service is stopped; it ended last with: exit code 0, 2026-01-31 08:00:00 > run: homehook service start",
		}},
		{"stopped beside an agent", at(service.StateStopped, nil), nil, true, []string{"warning: the service is stopped, and the agent runs without it > end that agent, then run: homehook service start"}},
		{"failed", at(service.StateFailed, nil), nil, false, []string{
			"problem: the service has failed and is not started again > see why: journalctl --user-unit homehook; put that right, then run: homehook service start",
		}},
		{"starting", at(service.StateStarting, nil), nil, false, []string{"warning: the service is starting > wait a moment"}},
		{"not enabled, another program, a note", at(service.StateRunning, func(s *service.Status) {
			s.Enabled, s.Program = false, "/elsewhere/homehook"
			s.Notes = []service.Note{{Text: "it ends when me signs out", Remedy: "loginctl enable-linger me"}}
		}), nil, true, []string{
			"warning: the service does not start by itself > run: homehook service install",
			"warning: the service runs /elsewhere/homehook, and this is " + self + " > to have it run this one: homehook service install",
			"warning: it ends when me signs out > loginctl enable-linger me",
		}},
		{"none", service.Status{System: "systemd"}, nil, false, []string{"warning: the agent is no service of systemd, so nothing starts it > have it run by itself: homehook service install"}},
		{"none, and it runs", service.Status{System: "systemd"}, nil, true, []string{"warning: the agent runs, but is no service of systemd: it ends with the session"}},
		{"not known", service.Status{}, errors.New("no services here"), true, []string{"skipped: nothing is known of a service: no services here > "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, _, _ := newTestApp(t)
			a.services = func(_ context.Context, scope service.Scope) (service.Status, error) {
				if scope == service.System {
					return service.Status{}, nil
				}
				return tt.st, tt.err
			}
			st, unknown := a.serviceFor(t.Context())
			var lines []string
			for _, f := range a.serviceFindings(t.Context(), st, unknown, tt.runs) {
				lines = append(lines, fmt.Sprintf("%s: %s > %s", f.State, f.Text, f.Remedy))
				if f.Check != "service" || f.State == control.FindingProblem && f.Remedy == "" {
					t.Errorf("%+v", f)
				}
			}
			text := strings.Join(lines, "\n")
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}

// TestDoctorOfOtherServices: an agent that is carried along is no service, and
// the machine's is another one.
func TestDoctorOfOtherServices(t *testing.T) {
	a, _, _ := newTestApp(t)
	a.services = func(_ context.Context, scope service.Scope) (service.Status, error) {
		return service.Status{Installed: scope == service.System, System: "systemd"}, nil
	}
	find := func() control.Finding {
		st, err := a.serviceFor(t.Context())
		return a.serviceFindings(t.Context(), st, err, true)[0]
	}
	if f := find(); f.State != control.FindingSkipped || !strings.HasSuffix(f.Text, "homehook doctor --system") {
		t.Errorf("%+v", f)
	}
	t.Setenv("HOMEHOOK_HOME", t.TempDir())
	if f := find(); f.State != control.FindingSkipped || !strings.Contains(f.Text, "HOMEHOOK_HOME") {
		t.Errorf("%+v", f)
	}
	a.system = true
	if f := find(); f.State != control.FindingWarning || !strings.HasSuffix(f.Remedy, "run: homehook service start") {
		t.Errorf("%+v", f)
	}
}

// TestDoctorOfTheSystemsAgent: its remedies are about that agent.
func TestDoctorOfTheSystemsAgent(t *testing.T) {
	a, _, _ := newTestApp(t)
	found := []control.Finding{{Remedy: "set it: homehook secret set x, then run: homehook resume"}, {Remedy: "run: chmod 700 /home/homehook"}}
	a.sameAgent(found)
	if found[0].Remedy != "set it: homehook secret set x, then run: homehook resume" {
		t.Errorf("%+v", found)
	}
	a.system = true
	scripts := []control.Finding{{Remedy: "have it run: /etc/init.d/homehook start"}, {Remedy: "homehook pause, or (sudo homehook resume)"}}
	a.sameAgent(scripts)
	if scripts[0].Remedy != "have it run: /etc/init.d/homehook start" || strings.ReplaceAll(scripts[1].Remedy, "sudo ", "") != "homehook --system pause, or (homehook --system resume)" {
		t.Errorf("%+v", scripts)
	}
	a.sameAgent(found)
	if got := strings.ReplaceAll(found[0].Remedy, "sudo ", ""); got != "set it: homehook --system secret set x, then run: homehook --system resume" || found[1].Remedy != "run: chmod 700 /home/homehook" {
		t.Errorf("%+v", found)
	}
}

// TestReadableBy goes by owner, group and mode.
func TestReadableBy(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() != 0 {
		t.Skip("only root may give files away")
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	for _, tt := range []struct {
		uid, gid int
		mode     os.FileMode
		want     bool
	}{
		{0, 0, 0o600, false}, {0, 65534, 0o640, true}, {0, 65534, 0o600, false}, {0, 0, 0o644, true}, {65534, 0, 0o600, true}, {65534, 0, 0o044, false},
	} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Chown(path, tt.uid, tt.gid), os.Chmod(path, tt.mode)); err != nil {
			t.Fatal(err)
		}
		if got := readableBy(path, "nobody"); got != tt.want {
			t.Errorf("%+v: %t", tt, got)
		}
	}
	if !readableBy(path, "no such user") || !readableBy(path+".gone", "nobody") || !readableBy(path, "root") {
		t.Error("what is not known is a problem")
	}
}

// TestDoctorStarts says how an agent is started that does not run.
func TestDoctorStarts(t *testing.T) {
	a, out, errs := newTestApp(t)
	a.services = func(context.Context, service.Scope) (service.Status, error) {
		return service.Status{Installed: true, Enabled: true, State: service.StateStopped, System: "systemd"}, nil
	}
	runSteps(t, a, out, errs, []verbStep{{"doctor", exitFailed, "→ start it with: homehook service start\n✗ service       the service is stopped\n                → run: homehook service start\n", "2 problems found"}})
}

// TestLastLog reads the end of the log of a service.
func TestLastLog(t *testing.T) {
	a, _, _ := newTestApp(t)
	path := filepath.Join(t.TempDir(), "homehook.log")
	if err := os.WriteFile(path, []byte(strings.Repeat("a line of the log\n", 20_000)+"the last\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := a.lastLog(t.Context(), &service.Status{Installed: true, Log: path})
	if len(lines) != lastLines || lines[lastLines-1] != "the last" || lines[0] != "a line of the log" {
		t.Errorf("%d lines, %q", len(lines), lines)
	}
	for _, none := range []*service.Status{nil, {}, {Installed: true, Log: path + ".gone"}, {Installed: true, Log: "eventvwr.exe and so on"}} {
		if lines := a.lastLog(t.Context(), none); len(lines) > 0 {
			t.Errorf("%+v: %q", none, lines)
		}
	}
}

// TestLastLogIsNoLink: the account that has the folder of the log shows root what it
// has itself.
func TestLastLogIsNoLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a right of their own there")
	}
	a, _, _ := newTestApp(t)
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "shadow"), []byte("root:x\n"), 0o600), os.Symlink("shadow", filepath.Join(dir, "homehook.log"))); err != nil {
		t.Fatal(err)
	}
	if lines := a.lastLog(t.Context(), &service.Status{Installed: true, Log: filepath.Join(dir, "homehook.log")}); len(lines) > 0 {
		t.Errorf("%q was read", lines)
	}
}

// TestDoctorEndsWhenAsked: whatever hangs below it.
func TestDoctorEndsWhenAsked(t *testing.T) {
	a, _, _ := newTestApp(t)
	hangs, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	a.services = func(context.Context, service.Scope) (service.Status, error) {
		close(hangs)
		<-release
		return service.Status{}, errors.New("too late")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- new(doctorCmd).Run(ctx, a) }()
	<-hangs
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it hangs")
	}
}

// TestDoctorOfAnotherUser: root does not open what is in the folder of a user.
func TestDoctorOfAnotherUser(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() != 0 {
		t.Skip("only root gives files away")
	}
	a, out, errs := newTestApp(t)
	p, err := a.paths()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(p.State, 0o700), os.Chown(p.State, 12345, 12345)); err != nil {
		t.Fatal(err)
	}
	runSteps(t, a, out, errs, []verbStep{{"doctor", exitFailed, "", "belongs to another user, and no agent runs there"}})
}
