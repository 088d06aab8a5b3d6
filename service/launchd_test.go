//go:build unix

package service

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// launchctlScript plays launchctl: it keeps what it knows in files below a
// folder, and logs what it was asked for.
const launchctlScript = `#!/bin/sh
cd "$LAUNCHD_TEST" || exit 9
[ "$1" = print ] || [ "$1" = print-disabled ] || echo "$*" >>asked
case $1 in
bootstrap)
    [ -e loaded ] && { echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; }
    [ -e broken ] && { echo "Bootstrap failed: 125: Domain does not support specified action" >&2; exit 125; }
    echo 4711 >loaded
    [ -e silent ] || cp ready.json state/service.json
    ;;
kickstart) echo 4712 >loaded; cp ready.json state/service.json ;;
bootout)
    [ -e loaded ] || { echo "Boot-out failed: 3: No such process" >&2; exit 3; }
    (sleep 0.2; rm -f loaded) >/dev/null 2>&1 &
    echo "Boot-out failed: 36: Operation now in progress" >&2
    exit 36
    ;;
print)
    [ -e loaded ] || { echo "Could not find service" >&2; exit 113; }
    printf 'gui/501/homehook = {\n\tactive count = 1\n\tpath = /x.plist\n'
    pid=$(cat loaded)
    if [ "$pid" = - ]; then printf '\tstate = not running\n'; else printf '\tstate = running\n\tpid = %s\n' "$pid"; fi
    printf '\tlast exit code = 9\n\tendpoints = {\n\t\tpid = 1\n\t}\n}\n'
    ;;
print-disabled)
    echo 'disabled services = {'
    [ -e disabled ] && printf '\t"homehook" => %s\n' "$(cat disabled)"
    echo '}'
    ;;
enable) rm -f disabled ;;
*) exit 64 ;;
esac
`

// bench is a user's service of a launchd that is played, and its folder.
func launchdBench(t *testing.T) (*launchd, string) {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	for _, d := range []string{bin, filepath.Join(dir, "state"), filepath.Join(dir, "LaunchAgents")} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(bin, "launchctl"), []byte(launchctlScript), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("LAUNCHD_TEST", dir)
	o := Options{Scope: User, Program: "/usr/local/bin/homehook", Paths: Paths{State: filepath.Join(dir, "state")}}
	l := &launchd{o: o, text: plist(o, nil), file: filepath.Join(dir, "LaunchAgents", "homehook.plist"), domain: "gui/501"}
	l.prepare = func(context.Context) error { return nil }
	l.write = func() error { return os.WriteFile(l.file, []byte(l.text), 0o666) }
	// What the agent will have written when it is ready.
	r := records{filepath.Join(dir, "ready.json")}
	r.write(slog.New(slog.DiscardHandler), record{PID: 4711, Started: time.Now().Add(time.Hour), Ready: true})
	return l, dir
}

func launchdCalls(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "asked"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "asked")); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.TrimSpace(string(data)), dir, "DIR")
}

func TestLaunchdVerbs(t *testing.T) {
	l, dir := launchdBench(t)
	steps := []struct {
		name  string
		do    func(context.Context) error
		err   string
		asked string
		state string // afterwards; empty is not installed
	}{
		{"start nothing", l.start, "not installed", "", ""},
		{"stop nothing", l.stop, "not installed", "", ""},
		{"uninstall nothing", l.uninstall, "", "", ""},
		{"install", func(ctx context.Context) error { return changes(true)(l.install(ctx)) }, "", "", StateStopped},
		{"install again", func(ctx context.Context) error { return changes(false)(l.install(ctx)) }, "", "", StateStopped},
		{"start", l.start, "", "bootstrap gui/501 DIR/LaunchAgents/homehook.plist", StateRunning},
		{"start again", l.start, "", "", StateRunning},
		{"restart", l.restart, "", "bootout gui/501/homehook\nbootstrap gui/501 DIR/LaunchAgents/homehook.plist", StateRunning},
		{"stop", l.stop, "", "bootout gui/501/homehook", StateStopped},
		{"stop again", l.stop, "", "", StateStopped},
		{"start once more", l.start, "", "bootstrap gui/501 DIR/LaunchAgents/homehook.plist", StateRunning},
		{"uninstall", l.uninstall, "", "bootout gui/501/homehook", ""},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			err := s.do(t.Context())
			if (err == nil) != (s.err == "") || err != nil && !strings.Contains(err.Error(), s.err) {
				t.Fatalf("got %v, want %q", err, s.err)
			}
			if got := launchdCalls(t, dir); got != s.asked {
				t.Errorf("launchd was asked for %q, want %q", got, s.asked)
			}
			st, err := l.status(t.Context())
			if err != nil || st.Installed != (s.state != "") || st.Installed && st.State != s.state {
				t.Errorf("the status is %+v, %v", st, err)
			}
			if st.Installed && (!st.Enabled || st.Program != l.o.Program || st.System != "launchd" || st.Definition != l.file) {
				t.Errorf("the status is %+v", st)
			}
		})
	}
}

// changes holds whether an installation says that it has changed anything.
func changes(want bool) func(bool, error) error {
	return func(changed bool, err error) error {
		if err == nil && changed != want {
			return errors.New("it does not say rightly whether anything was changed")
		}
		return err
	}
}

// TestLaunchdReplaces holds that launchd lets go of what it has read before it
// gets something else, and that nobody else may change that.
func TestLaunchdReplaces(t *testing.T) {
	l, dir := launchdBench(t)
	ctx := t.Context()
	if _, err := l.install(ctx); err != nil {
		t.Fatal(err)
	}
	if err := l.start(ctx); err != nil {
		t.Fatal(err)
	}
	launchdCalls(t, dir)
	l.o.Program = "/opt/homehook"
	l.text = plist(l.o, nil)
	if err := changes(true)(l.install(ctx)); err != nil {
		t.Fatal(err)
	}
	if got := launchdCalls(t, dir); got != "bootout gui/501/homehook" {
		t.Errorf("launchd was asked for %q", got)
	}
	info, err := os.Stat(l.file)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if st, err := l.status(ctx); err != nil || st.Program != "/opt/homehook" || st.State != StateStopped {
		t.Errorf("the status is %+v, %v", st, err)
	}
}

// TestLaunchdDisabled holds that installing takes back what somebody has
// disabled, in both ways that launchd tells of it.
func TestLaunchdDisabled(t *testing.T) {
	for _, word := range []string{"true", "disabled"} {
		l, dir := launchdBench(t)
		if _, err := l.install(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "disabled"), []byte(word), 0o600); err != nil {
			t.Fatal(err)
		}
		if st, err := l.status(t.Context()); err != nil || st.Enabled {
			t.Errorf("%s: the status is %+v, %v", word, st, err)
		}
		if err := changes(true)(l.install(t.Context())); err != nil {
			t.Error(err)
		}
		if got := launchdCalls(t, dir); got != "enable gui/501/homehook" {
			t.Errorf("launchd was asked for %q", got)
		}
	}
}

// TestLaunchdEnded holds what is said of a service that launchd knows and does
// not run, and that a start has it run.
func TestLaunchdEnded(t *testing.T) {
	l, dir := launchdBench(t)
	if _, err := l.install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "loaded"), []byte("-"), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := l.status(t.Context())
	if err != nil || st.State != StateStopped || st.LastExit != "exit code 9" {
		t.Errorf("the status is %+v, %v", st, err)
	}
	if err := l.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := launchdCalls(t, dir); got != "kickstart gui/501/homehook" {
		t.Errorf("launchd was asked for %q", got)
	}
}

func TestLaunchdFails(t *testing.T) {
	tests := []struct{ file, want string }{
		{"broken", "start service: launchctl: exit status 125: Bootstrap failed: 125"},
		{"silent", "does not answer yet; see "},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			l, dir := launchdBench(t)
			if _, err := l.install(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, tt.file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := l.start(ctx); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPlist(t *testing.T) {
	program := "/Users/A & B's <new>/homehook"
	tests := []struct {
		name        string
		o           Options
		environment []string
		want, never []string
	}{
		{
			"user",
			Options{Scope: User, Program: program},
			nil,
			[]string{"<string>--service</string>", "<integer>63</integer>", "<key>RunAtLoad</key>\n\t<true/>"},
			[]string{"--system", "UserName", "EnvironmentVariables"},
		},
		{
			"user elsewhere",
			Options{Scope: User, Program: program},
			[]string{"HOMEHOOK_HOME=/a=b&c"},
			[]string{"<key>HOMEHOOK_HOME</key>\n\t\t<string>/a=b&amp;c</string>"},
			[]string{"--system"},
		},
		{
			"system",
			Options{Scope: System, Program: program},
			nil,
			[]string{"<string>--system</string>", "<key>UserName</key>\n\t<string>" + systemAccount + "</string>"},
			[]string{"EnvironmentVariables"},
		},
		{
			"system as another",
			Options{Scope: System, Program: program, Account: "web"},
			nil,
			[]string{"<key>UserName</key>\n\t<string>web</string>"},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkPlist(t, plist(tt.o, tt.environment), program, tt.want, append(tt.never, "@", "{{"))
		})
	}
}

// checkPlist holds what is in a description and what is not, that it is XML, and
// that the program is found again.
func checkPlist(t *testing.T, text, program string, has, never []string) {
	t.Helper()
	for _, want := range has {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	for _, s := range never {
		if strings.Contains(text, s) {
			t.Errorf("%q is in:\n%s", s, text)
		}
	}
	if got := found(argumentPattern, text); got != program {
		t.Errorf("the program is read as %q", got)
	}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestParseLaunchd(t *testing.T) {
	tests := []struct {
		name, out string
		pid       int
	}{
		{"nothing", "", 0},
		{"running", "x = {\n\tstate = running\n\tpid = 12\n}\n", 12},
		{"another's", "x = {\n\tstate = running\n\tendpoints = {\n\t\tpid = 12\n\t}\n}\n", 0},
		{"not a number", "x = {\n\tpid = many\n}\n", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseLaunchd(tt.out).pid(); got != tt.pid {
				t.Errorf("got %d, want %d", got, tt.pid)
			}
		})
	}
	if launchdState(nil).pid() != 0 {
		t.Error("a service that launchd does not know has a process")
	}
}
