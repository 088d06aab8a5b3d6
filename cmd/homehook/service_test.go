package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"homehook/service"
)

func TestStartNext(t *testing.T) {
	none := errors.New("there is no such system")
	tests := []struct {
		name        string
		system      bool
		home        string
		user, whole service.Status
		unknown     error
		want        string
	}{
		{name: "no service", want: "start it with: homehook run"},
		{name: "nothing is known", unknown: none, want: "start it with: homehook run"},
		{name: "a service", user: service.Status{Installed: true, State: service.StateStopped}, want: "start it with: homehook service start"},
		{name: "a failed one", user: service.Status{Installed: true, State: service.StateFailed}, want: "see why: homehook service status"},
		{name: "one of the machine", whole: service.Status{Installed: true}, want: "start it with: homehook run, or mean that of the machine with --system"},
		{name: "carried along", home: "/srv/x", user: service.Status{Installed: true}, want: "start it with: homehook run"},
		{name: "that of the machine", system: true, whole: service.Status{Installed: true, State: service.StateStopped}, want: "start it with: homehook --system service start"},
		{name: "that of the machine, not there", system: true, want: "install it with: sudo homehook service install --system"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("HOMEHOOK_HOME", tt.home)
			a, _, _ := newTestApp(t)
			a.system = tt.system
			a.services = func(_ context.Context, scope service.Scope) (service.Status, error) {
				if scope == service.System {
					return tt.whole, tt.unknown
				}
				return tt.user, tt.unknown
			}
			// The next step as it is shown, by root or by somebody else.
			if got := strings.ReplaceAll(a.ours(a.startNext(t.Context())), "sudo ", ""); got != strings.ReplaceAll(tt.want, "sudo ", "") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestNotStarted adds a next step where the error has none of its own.
func TestNotStarted(t *testing.T) {
	onlyRoot := errors.New("only root can start the system's service; run: sudo homehook service start --system")
	for _, tt := range []struct {
		name   string
		system bool
		err    error
		want   string
	}{
		{"not installed", false, service.ErrNotInstalled, "homehook: the service is not installed\n  install it with: homehook service install\n"},
		{"that of the machine", true, service.ErrNotInstalled, "homehook: the service is not installed\n  install it with: homehook --system service install\n"},
		{"it says so itself", true, onlyRoot, "homehook: " + onlyRoot.Error() + "\n"},
	} {
		a, _, errs := newTestApp(t)
		a.system = tt.system
		a.report(t.Context(), a.notStarted(tt.err))
		if got := errs.String(); strings.ReplaceAll(got, "sudo ", "") != strings.ReplaceAll(tt.want, "sudo ", "") {
			t.Errorf("%s: got %s", tt.name, got)
		}
	}
}

func TestServiceLines(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name string
		st   service.Status
		want string
	}{
		{"not installed", service.Status{System: "openrc", Config: "/c", Folder: "/s"}, `
service     not installed (openrc)
config      /c
state       /s
`},
		{"running", service.Status{
			System: "systemd", Scope: service.User, Installed: true, State: service.StateRunning, User: "ann", Program: "/usr/bin/homehook",
			Config: "/c", Folder: "/s", Definition: "/d", PID: 7, Started: now.Add(-90 * time.Second), Log: "journalctl --user -u homehook",
			Notes: []service.Note{{Text: "it runs only while ann is signed in", Remedy: "for always: homehook service install --linger"}},
		}, `
service     running (pid 7, for 1m30s)
system      systemd, of ann
program     /usr/bin/homehook
defined in  /d
config      /c
state       /s
log         journalctl --user -u homehook
! it runs only while ann is signed in
  → for always: homehook service install --linger
`},
		{"failed", service.Status{
			System: "systemd", Scope: service.System, Installed: true, State: service.StateFailed, User: "homehook", Program: "/p\x1b[2J",
			Config: "/c", Folder: "/s", Definition: "/d", Log: "l", LastExit: "exit code 78, now", Restarts: 2,
		}, `
service     failed
system      systemd, of the machine, as homehook
program     /p\x1b[2J
defined in  /d
config      /c
state       /s
log         l
last exit   exit code 78, now
restarts    2
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, out, _ := newTestApp(t)
			a.now = func() time.Time { return now }
			a.serviceLines(tt.st)
			if got := out.String(); got != strings.TrimPrefix(tt.want, "\n") {
				t.Errorf("got\n%swant%s", got, tt.want)
			}
		})
	}
}
