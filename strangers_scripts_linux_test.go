package main_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homehook/agent/control"
)

// workshop is a folder of the owner with a script that notes that it has run.
type workshop struct {
	*machine
	script, ran string
}

func newWorkshop(t *testing.T) *workshop {
	m := newMachine(t)
	m.folder(ownerID, "shop", 0o755)
	m.folder(ownerID, "shop/bin", 0o755)
	w := &workshop{machine: m, script: filepath.Join(m.dir, "shop/bin/deploy"), ran: filepath.Join(m.dir, fmt.Sprint("tmp", ownerID), "ran")}
	m.file(ownerID, w.script, w.text("good"), 0o755)
	return w
}

// text is a script that notes a word.
func (w *workshop) text(word string) string {
	return fmt.Sprintf("#!/bin/sh\necho %s >>%s\necho done\n", word, w.ran)
}

func (w *workshop) route() string {
	return fmt.Sprintf("  - {name: deploy, claim: garage, match: /, unverified: true, script: {command: [%q]}}\n", w.script)
}

// has returns what the scripts have noted, and forgets it.
func (w *workshop) has() string {
	text, err := os.ReadFile(w.ran)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.t.Fatal(err)
	}
	os.Remove(w.ran)
	return strings.TrimSpace(string(text))
}

// TestRow66ChangedScript: a program that is not the one that was approved is not run,
// until it is approved again.
func TestRow66ChangedScript(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	token := w.relay()
	w.configure(w.route())
	w.ok(token, "secret", "set", "relay/test")
	w.ok("", "route", "approve", "deploy")
	w.agent()
	if status, body := w.post("/", "x"); status != 200 || w.has() != "good" {
		t.Fatalf("%d, %s", status, body)
	}
	w.file(ownerID, w.script, w.text("evil"), 0o755)
	if status, body := w.post("/", "x"); status != 500 || w.has() != "" || strings.Contains(body, w.script) {
		t.Errorf("%d, %s", status, body)
	}
	if r := w.newest(); r.State != control.Dead || !strings.Contains(r.Log[0].Error, "it has changed since you approved it") || !strings.Contains(r.Log[0].Error, "homehook route approve deploy") {
		t.Errorf("the history says %s: %+v", r.State, r.Log)
	}
	if _, text := w.says(ownerID, "", "status"); !strings.Contains(text, "it has changed since you approved it") {
		t.Errorf("the status says %s", text)
	}
	w.ok("", "route", "approve", "deploy")
	eventually(t, "it runs again", func() bool { status, _ := w.post("/", "x"); return status == 200 })
}

// opened are ways in which others could change a script that has been running.
var opened = []struct {
	name string
	open func(w *workshop)
	want string
}{
	{"all may write", func(w *workshop) { must(w.t, os.Chmod(w.script, 0o757)) }, "it can be changed by others (0757)"},
	{"group may write", func(w *workshop) { must(w.t, os.Chmod(w.script, 0o775)) }, "it can be changed by others (0775)"},
	{"stranger's", func(w *workshop) { w.give(strangerID, w.script, 0o755) }, "it belongs to another user (uid 61002)"},
	{"folder of all", func(w *workshop) { must(w.t, os.Chmod(filepath.Dir(w.script), 0o777)) }, "shop/bin can be changed by others (0777)"},
	{"folder of the group", func(w *workshop) { must(w.t, os.Chmod(filepath.Dir(w.script), 0o775)) }, "shop/bin can be changed by others (0775)"},
	{"sticky folder of all", func(w *workshop) { must(w.t, os.Chmod(filepath.Dir(w.script), 0o777|os.ModeSticky)) }, "shop/bin can be changed by others (0777)"},
	{"stranger's folder", func(w *workshop) { w.give(strangerID, filepath.Dir(w.script), 0o755) }, "shop/bin belongs to another user (uid 61002)"},
	{"folder above", func(w *workshop) { must(w.t, os.Chmod(filepath.Join(w.dir, "shop"), 0o777)) }, "shop can be changed by others (0777)"},
	{"link in a folder of all", func(w *workshop) {
		w.folder(ownerID, "open", 0o777)
		other := filepath.Join(w.dir, "open", "deploy")
		must(w.t, os.Rename(w.script, filepath.Join(w.dir, "shop", "real")))
		must(w.t, os.Symlink(filepath.Join(w.dir, "shop", "real"), other))
		must(w.t, os.Symlink(other, w.script))
	}, "open can be changed by others (0777)"},
	{"stranger's swap", func(w *workshop) {
		must(w.t, os.Chmod(filepath.Dir(w.script), 0o777))
		must(w.t, as(strangerID, func() error {
			if err := os.Rename(w.script, w.script+".was"); err != nil {
				return err
			}
			return os.WriteFile(w.script, []byte(w.text("evil")), 0o755)
		}))
		must(w.t, os.Chmod(filepath.Dir(w.script), 0o755)) // which puts nothing right
	}, "it belongs to another user (uid 61002)"},
}

// TestRow66OpenedScript: a script that others could change is not run, though it was
// safe when the configuration was loaded, and runs again once it is safe.
func TestRow66OpenedScript(t *testing.T) {
	t.Parallel()
	for _, tt := range opened {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorkshop(t)
			w.running(w.route())
			if status, body := w.post("/", "x"); status != 200 || w.has() != "good" {
				t.Fatalf("%d, %s", status, body)
			}
			tt.open(w)
			if status, body := w.post("/", "x"); status != 500 || w.has() != "" {
				t.Errorf("%d, %s", status, body)
			}
			if r := w.newest(); r.State != control.Dead || len(r.Log) != 1 || !strings.Contains(r.Log[0].Error, tt.want) {
				t.Errorf("the history says %s: %+v, want %s", r.State, r.Log, tt.want)
			}
			if _, text := w.says(ownerID, "", "doctor"); !strings.Contains(text, "deploy") || !strings.Contains(text, "chmod") && !strings.Contains(text, "chown") {
				t.Errorf("the doctor says %s", text)
			}
		})
	}
}

// TestRow66OpenFromTheStart: such a script is not run by an agent that finds it so, and
// whoever looks at the configuration is told the remedy.
func TestRow66OpenFromTheStart(t *testing.T) {
	t.Parallel()
	for _, tt := range opened {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorkshop(t)
			tt.open(w)
			w.running(w.route())
			if status, body := w.post("/", "x"); status != 500 || w.has() != "" || strings.Contains(body, w.script) {
				t.Errorf("%d, %s", status, body)
			}
			if r := w.newest(); r.State != control.Dead || len(r.Log) != 1 || !strings.Contains(r.Log[0].Error, tt.want) {
				t.Errorf("the history says %s: %+v, want %s", r.State, r.Log, tt.want)
			}
			for _, verb := range []string{"route check", "doctor", "status"} {
				_, text := w.says(ownerID, "", strings.Fields(verb)...)
				if !strings.Contains(text, w.script) || !strings.Contains(text, "chmod go-w ") && !strings.Contains(text, "chown 61001 ") {
					t.Errorf("%s says %s", verb, text)
				}
			}
		})
	}
}

// TestRow66CodeBeside: what an interpreter is given, what the first line of a script
// names and what a CGI program is are held to the same.
func TestRow66CodeBeside(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, route string // SCRIPT stands for the script
		own         string // the first line of the script
		open        string // what is opened to others
	}{
		{"interpreter's script", "script: {command: [/bin/sh, SCRIPT]}", "#!/bin/sh", "SCRIPT"},
		{"behind options and launchers", "script: {command: [/usr/bin/env, -u, X, /usr/bin/nice, -n, '5', /bin/sh, -e, SCRIPT, '{body}']}", "", "SCRIPT"},
		{"relative to the working folder", "script: {command: [/bin/sh, deploy], dir: DIR}", "", "SCRIPT"},
		{"named by the script", "script: {command: [SCRIPT]}", "#!DIR/interpreter", "DIR/interpreter"},
		{"cgi", "cgi: {program: SCRIPT}", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'", "SCRIPT"},
		{"named by a cgi", "cgi: {program: SCRIPT}", "#!DIR/interpreter -e\nprintf 'Content-Type: text/plain\\n\\n'", "DIR/interpreter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorkshop(t)
			place := strings.NewReplacer("SCRIPT", w.script, "DIR", filepath.Dir(w.script))
			shell, err := os.ReadFile("/bin/sh")
			must(t, err)
			w.file(ownerID, place.Replace("DIR/interpreter"), string(shell), 0o755)
			w.file(ownerID, w.script, place.Replace(tt.own)+strings.TrimPrefix(w.text("good"), "#!/bin/sh"), 0o755)
			w.running("  - {name: deploy, claim: garage, match: /, unverified: true, " + place.Replace(tt.route) + "}\n")
			if status, body := w.post("/", "x"); status != 200 || w.has() != "good" {
				t.Fatalf("%d, %s; %+v", status, body, w.newest())
			}
			file := place.Replace(tt.open)
			must(t, os.Chmod(file, 0o777))
			// An interpreter is not looked at again within a second.
			eventually(t, "it is refused", func() bool {
				status, _ := w.post("/", "x")
				return status == 500 && w.has() == ""
			})
			if r := w.newest(); !strings.Contains(r.Log[0].Error, "can be changed by others (0777)") || !strings.Contains(r.Log[0].Error, "chmod go-w "+file) {
				t.Errorf("the history says %+v", r.Log)
			}
		})
	}
}

// TestRow68RelativeCommands: a command is named by its whole path, or not at all.
func TestRow68RelativeCommands(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	for _, handler := range []string{
		"script: {command: [deploy]}", "script: {command: [./deploy]}", "script: {command: ['']}", "script: {command: [../bin/deploy]}",
		"script: {command: ['~/deploy']}", "script: {command: ['$HOME/deploy']}", "script: {command: ['{body}']}", "cgi: {program: deploy}", "cgi: {program: ./deploy}",
		"script: {command: [/bin/true], dir: bin}",
	} {
		w.configure("  - {name: deploy, claim: garage, match: /, unverified: true, " + handler + "}\n")
		if code, text := w.says(ownerID, "", "route", "check"); code != 1 || !strings.Contains(text, "absolute path needed") && !strings.Contains(text, "the command is missing") {
			t.Errorf("%s: %d, %s", handler, code, text)
		}
	}
}

// TestRow68Hijack: programs of the usual names that lie in the folder in which agent
// and command line run, or in one that others can change, are not run, by them or by
// a script, whatever PATH says.
func TestRow68Hijack(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	trap, open := w.folder(strangerID, "trap", 0o755), w.folder(0, "open", 0o777)
	for _, name := range []string{
		"sh", "git", "env", "date", "editor", "vi", "nano", "less", "curl", "ssh", "systemctl", "loginctl", "journalctl", "security", "launchctl", "dbus-launch",
		"dbus-daemon", "notify-send", "xdg-open", "gnome-keyring-daemon", "useradd", "id", "node", "python3", "homehook", "go", "ps", "kill", "sudo", "pkexec",
	} {
		for _, dir := range []string{trap, open} {
			w.file(strangerID, filepath.Join(dir, name), "#!/bin/sh\necho "+name+" >>"+filepath.Join(w.dir, "sprung")+"\n", 0o755)
		}
	}
	w.file(0, filepath.Join(w.dir, "sprung"), "", 0o666)
	w.file(ownerID, w.script, "#!/usr/bin/env sh\ndate >"+w.ran+"\nid >>"+w.ran+"\n", 0o755)
	w.before = "umask 0; cd " + trap
	w.env = []string{"PATH=:.:" + open + "::../trap:trap:/usr/bin:/bin:", "EDITOR=editor", "VISUAL="}
	w.running(fmt.Sprintf("  - {name: there, claim: garage, match: /there, unverified: true, script: {command: [%q], dir: %q}}\n", w.script, trap) +
		"  - {name: tell, claim: garage, match: /tell, unverified: true, notify: {desktop: true}}\n" + w.route())
	for _, path := range []string{"/", "/there"} {
		if status, body := w.post(path, "x"); status != 200 || !strings.Contains(w.has(), "uid=61001") {
			t.Errorf("%s: %d, %s", path, status, body)
		}
	}
	w.post("/tell", "x")
	id := w.newest().ID
	for _, verb := range []string{"status", "doctor", "claims", "route check", "route list", "secret list", "history", "service status", "version", "replay --edit " + id} {
		w.says(ownerID, "", strings.Fields(verb)...)
	}
	if text, err := os.ReadFile(filepath.Join(w.dir, "sprung")); err != nil || len(text) > 0 {
		t.Errorf("these were run: %s, %v", text, err)
	}
}
