package service

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// oddProgram is a path with all that a shell would take for something else.
const oddProgram = "/opt/it's $HOME `id` \\ \"x\" *;&/homehook"

func TestScripts(t *testing.T) {
	for name, template := range map[string]string{"sysv": sysVScript, "openrc": openRCScript} {
		t.Run(name, func(t *testing.T) {
			kind, option := "unix-systemv", "SysvScript"
			if name == "openrc" {
				kind, option = "linux-openrc", "OpenRCScript"
			}
			i, err := newInitd(Options{Scope: System, Program: oddProgram, Account: "hook"}, template, kind, option)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(i.text, "@") || strings.Contains(i.text, "{{") {
				t.Errorf("a name was not filled in:\n%s", i.text)
			}
			if got := shellValue(i.text, "program"); got != oddProgram {
				t.Errorf("the program is read as %q", got)
			}
			if got := shellValue(i.text, "account"); got != "hook" {
				t.Errorf("the account is read as %q", got)
			}
			if out, err := exec.Command("sh", "-n", "-c", i.text).CombinedOutput(); err != nil {
				t.Errorf("sh does not read it: %v: %s", err, out)
			}
			// And the shell reads the same path.
			head, _, _ := strings.Cut(i.text, "\npidfile=")
			head, _, _ = strings.Cut(head, "\n# The program makes")
			out, err := exec.Command("sh", "-c", head+"\nprintf %s \"$program|$account\"").CombinedOutput()
			if got := string(out); err != nil || got != oddProgram+"|hook" {
				t.Errorf("sh reads %q, %v", got, err)
			}
		})
	}
}

func TestShellWord(t *testing.T) {
	for _, s := range []string{"", "/usr/bin/homehook", oddProgram, "''", "a\tb"} {
		out, err := exec.Command("sh", "-c", "printf %s "+shellWord(s)).Output()
		if err != nil || string(out) != s {
			t.Errorf("sh reads %q as %q, %v", s, out, err)
		}
	}
	if got := shellValue("x='a'\n y='b'\nz=c\n", "y"); got != "b" {
		t.Errorf("got %q", got)
	}
	if got := shellValue("x='a'\nz=c\n", "z"); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestScriptUsage holds what the script says that is none of a service.
func TestScriptUsage(t *testing.T) {
	path := filepath.Join(t.TempDir(), serviceName)
	i, err := newInitd(Options{Scope: System, Program: filepath.Join(t.TempDir(), "none")}, sysVScript, "unix-systemv", "SysvScript")
	if err != nil {
		t.Fatal(err)
	}
	script := strings.Replace(i.text, initdPID, path+".pid", 1)
	for verb, want := range map[string]int{"": 2, "dance": 2, "status": 3, "stop": 0, "try-restart": 0} {
		err := exec.Command("sh", "-c", script, "homehook", verb).Run()
		code := 0
		if exit, ok := err.(*exec.ExitError); ok {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != want {
			t.Errorf("%q exits with %d, want %d", verb, code, want)
		}
	}
}

func TestInitdUser(t *testing.T) {
	for name, make := range map[string]func(Options) (system, error){"sysv": newSysV, "openrc": newOpenRC} {
		if _, err := make(Options{Scope: User}); err == nil || !strings.Contains(err.Error(), "no services of users") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
