package main_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRow64Links: a symbolic link in one of the agent's places is not followed: it
// does not start, or what it writes is in a file of its own.
func TestRow64Links(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{ // empty: it starts
		"run":                      "is a symbolic link",
		"state":                    "is a symbolic link",
		"run/homehook.sock":        "is a symlink",
		"run/homehook.sock.lock":   "is a symlink",
		"state/history.db":         "is a symbolic link",
		"state/history.db-wal":     "is a symbolic link",
		"state/history.db-shm":     "is a symbolic link",
		"state/history.db-journal": "is a symbolic link",
		"state/secrets.sealed":     "link",
		"state/paused.json":        "is a symbolic link",
	} {
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
			m := newMachine(t)
			m.configure(respondRoute)
			victim, kept := m.victim(name)
			m.refuses(t, want)
			kept()
			// Nor do the commands that work without an agent.
			if code, text := m.says(ownerID, "value", "secret", "set", "relay/test"); code == 0 && (strings.HasPrefix(name, "state") && !strings.Contains(name, ".db") && !strings.Contains(name, "paused")) {
				t.Errorf("secret set through a link to %s: %s", victim, text)
			}
			kept()
		})
	}
}

// victim makes a file, or a folder, of the owner elsewhere, and a link to it at a
// path of the home. kept checks that nothing has happened to it.
func (m *machine) victim(name string) (path string, kept func()) {
	m.t.Helper()
	for _, dir := range []string{"run", "state"} {
		if name != dir {
			m.folder(ownerID, "home/"+dir, 0o700)
		}
	}
	path = filepath.Join(m.dir, fmt.Sprint("tmp", ownerID), "victim")
	const text = "the letter of a friend\n"
	if !strings.Contains(name, "/") {
		must(m.t, os.Mkdir(path, 0o755))
		m.give(ownerID, path, 0o755)
		m.file(ownerID, filepath.Join(path, "letter"), text, 0o644)
	} else {
		m.file(ownerID, path, text, 0o644)
	}
	must(m.t, as(ownerID, func() error { return os.Symlink(path, m.in(name)) }))
	return path, func() {
		m.t.Helper()
		file, names := path, 0
		if entries, err := os.ReadDir(path); err == nil {
			file, names = filepath.Join(path, "letter"), len(entries)
		}
		info, err := os.Stat(file)
		must(m.t, err)
		got, err := os.ReadFile(file)
		must(m.t, err)
		if string(got) != text || info.Mode().Perm() != 0o644 || names > 1 {
			m.t.Errorf("the file of the link at %s is %v with %q, beside %d others", name, info.Mode(), got, names-1)
		}
	}
}

// TestRow64Spool: the folder of large bodies is the agent's own, at its start and
// whenever it is used.
func TestRow64Spool(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	d := m.running(respondRoute)
	m.post("/", strings.Repeat("large ", 200_000))
	d.stop(t)
	bodies := ""
	entries, err := os.ReadDir(m.in("state"))
	must(t, err)
	for _, e := range entries {
		if e.IsDir() {
			bodies = m.in("state", e.Name())
		}
	}
	if bodies == "" {
		t.Fatalf("no folder of bodies among %v", entries)
	}
	must(t, os.RemoveAll(bodies))
	elsewhere := m.folder(ownerID, "elsewhere", 0o755)
	must(t, as(ownerID, func() error { return os.Symlink(elsewhere, bodies) }))
	m.refuses(t, bodies+" is not a folder of its own")
	if entries, err := os.ReadDir(elsewhere); err != nil || len(entries) > 0 {
		t.Errorf("in the folder of the link: %v, %v", entries, err)
	}
}

// TestRow64ConfigLinks: the configuration may be a link, as those who keep such files
// elsewhere have it, but none that somebody else may have laid, or can bend.
func TestRow64ConfigLinks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		make func(m *machine, config string) // puts it somewhere, and a link to it
		want string                          // empty: the agent starts
	}{
		{"owner's", func(m *machine, config string) {
			m.folder(ownerID, "dotfiles", 0o755)
			must(m.t, os.Symlink(m.file(ownerID, filepath.Join(m.dir, "dotfiles", "c"), config, 0o600), m.in("config.yaml")))
		}, ""},
		{"to a stranger's file", func(m *machine, config string) {
			must(m.t, os.Symlink(m.file(strangerID, filepath.Join(m.dir, "c"), config, 0o644), m.in("config.yaml")))
		}, "config belongs to another user (uid 61002)"},
		{"into a stranger's folder", func(m *machine, config string) {
			m.folder(strangerID, "theirs", 0o755)
			must(m.t, os.Symlink(m.file(ownerID, filepath.Join(m.dir, "theirs", "c"), config, 0o600), m.in("config.yaml")))
		}, "theirs belongs to another user (uid 61002)"},
		{"over a link in a folder for all", func(m *machine, config string) {
			m.folder(0, "shared", 0o1777)
			must(m.t, os.Chmod(filepath.Join(m.dir, "shared"), os.ModeSticky|0o777))
			must(m.t, as(strangerID, func() error {
				return os.Symlink(m.in("c"), filepath.Join(m.dir, "shared", "link"))
			}))
			m.file(ownerID, m.in("c"), config, 0o600)
			must(m.t, os.Symlink(filepath.Join(m.dir, "shared", "link"), m.in("config.yaml")))
		}, "shared is open to them (0777)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			tt.make(m, m.config(respondRoute))
			if tt.want != "" {
				m.refuses(t, tt.want)
				return
			}
			d := m.start(ownerID, "homehook", "run")
			eventually(t, "it runs", func() bool { return m.status() != nil })
			d.stop(t)
		})
	}
}

// loosened are ways in which others could change the configuration.
var loosened = []struct {
	name   string
	loosen func(m *machine)
	want   string // CONFIG and HOME stand for the paths
}{
	{"file", func(m *machine) { must(m.t, os.Chmod(m.in("config.yaml"), 0o666)) }, "config can be changed by others (0666); run: chmod 600 CONFIG"},
	{"group of others", func(m *machine) {
		must(m.t, os.Chown(m.in("config.yaml"), ownerID, strangerID))
		must(m.t, os.Chmod(m.in("config.yaml"), 0o660))
	}, "config can be changed by others (0660)"},
	{"owner", func(m *machine) { m.give(strangerID, m.in("config.yaml"), 0o644) }, "config belongs to another user (uid 61002)"},
	{"folder", func(m *machine) { must(m.t, os.Chmod(m.home, 0o777)) }, "HOME is open to them (0777)"},
	{"folder of the group", func(m *machine) {
		must(m.t, os.Chown(m.home, ownerID, strangerID))
		must(m.t, os.Chmod(m.home, 0o775))
	}, "HOME is open to them (0775)"},
	{"folder above", func(m *machine) { must(m.t, os.Chmod(m.dir, 0o777)) }, "is open to them (0777)"},
}

// TestRow65LooseConfig: a configuration that others can change is not loaded.
func TestRow65LooseConfig(t *testing.T) {
	t.Parallel()
	for _, tt := range loosened {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			must(t, os.Chmod(m.in(), 0o755))
			m.configure(respondRoute)
			must(t, os.Chmod(m.in("config.yaml"), 0o644))
			tt.loosen(m)
			if code, text := m.start(ownerID, "homehook", "run").wait(t); code == 0 || !strings.Contains(text, "others") && !strings.Contains(text, "another user") {
				t.Errorf("%d, %s", code, text)
			}
			if code, text := m.says(ownerID, "", "claim", "attic"); code == 0 {
				t.Errorf("it was edited: %s", text)
			}
		})
	}
}

// TestRow65LastGoodStays: an agent whose configuration is opened to others keeps the
// one it has, says so, and takes what others have written into it at no time.
func TestRow65LastGoodStays(t *testing.T) {
	t.Parallel()
	for _, tt := range loosened {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			m.running(respondRoute)
			tt.loosen(m)
			m.file(ownerID, m.in("other"), m.config(strings.ReplaceAll(respondRoute, "{body: hello}", "{body: evil}")), 0o600)
			text, err := os.ReadFile(m.in("other"))
			must(t, err)
			f, err := os.OpenFile(m.in("config.yaml"), os.O_WRONLY|os.O_TRUNC, 0) // its mode and owner stay
			must(t, err)
			_, err = f.Write(text)
			must(t, errors.Join(err, f.Close()))
			want := strings.NewReplacer("CONFIG", m.in("config.yaml"), "HOME", m.home).Replace(tt.want)
			eventually(t, "the status says "+want, func() bool {
				s := m.status()
				return s != nil && strings.Contains(s.ConfigError, want)
			})
			if status, body := m.post("/", "x"); status != 200 || body != "hello" {
				t.Errorf("%d, %s", status, body)
			}
		})
	}
}

// TestRow65LooseWay: an agent does not keep its state, or its socket, where others can
// put another folder in the place of its own.
func TestRow65LooseWay(t *testing.T) {
	t.Parallel()
	for _, loose := range []string{"state", "run"} {
		t.Run(loose, func(t *testing.T) {
			m := newMachine(t)
			for _, name := range []string{"config", "state", "run"} {
				m.folder(ownerID, name, 0o755)
			}
			// As in a session, and not all below one folder.
			in := func(name string) string { return filepath.Join(m.dir, name) }
			m.env = []string{"HOMEHOOK_HOME=", "XDG_CONFIG_HOME=" + in("config"), "XDG_STATE_HOME=" + in("state"), "XDG_RUNTIME_DIR=" + in("run")}
			must(t, os.Chmod(in(loose), 0o777))
			m.refuses(t, in(loose)+"/homehook can be exchanged by others: "+in(loose)+" can be changed by others (0777); run: chmod go-w "+in(loose))
			must(t, os.Chmod(in(loose), 0o777|os.ModeSticky)) // as /tmp, where nobody can
			d := m.start(ownerID, "homehook", "run")
			eventually(t, "it runs", func() bool {
				_, err := os.Stat(filepath.Join(in("run"), "homehook", "homehook.sock"))
				return err == nil
			})
			d.stop(t)
		})
	}
}

// TestRow65AgentOfRoot: an agent that runs as root does what root's file says, and
// not what that of a user does.
func TestRow65AgentOfRoot(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	must(t, os.Chown(m.home, 0, 0))
	m.configure(respondRoute)
	code, text := m.start(0, "homehook", "run").wait(t)
	if code == 0 || !strings.Contains(text, "config belongs to another user (uid 61001)") || !strings.Contains(text, "run as root: chown 0 "+m.in("config.yaml")) {
		t.Errorf("%d, %s", code, text)
	}
	// To look at it is another thing.
	if code, text := m.says(0, "", "route", "list"); code != 0 || !strings.Contains(text, "hello") {
		t.Errorf("%d, %s", code, text)
	}
}

// TestRow69Modes: whatever agent, relay and command line write, with umask 0, is for
// their user alone.
func TestRow69Modes(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.folder(ownerID, "saved", 0o700)
	m.folder(ownerID, "exports", 0o700)
	script := m.file(ownerID, filepath.Join(m.dir, "script"), "#!/bin/sh\n[ \"$HOMEHOOK_PATH\" = /slow ] && exec sleep 60\nexit 75\n", 0o755)
	d := m.running(fmt.Sprintf(`  - {name: save, claim: garage, match: /save, unverified: true, save: {folder: %q, name: "a/{id}"}}
  - {name: slow, claim: garage, match: /slow, unverified: true, background: true, parallel: 2, script: {command: [%q], files: {F: "{body}"}}}
  - {name: try, claim: garage, match: /, unverified: true, script: {command: [%q]}}
history: {redact: [header.Authorization]}
`, filepath.Join(m.dir, "saved"), script, script))
	for _, path := range []string{"/save", "/other"} {
		m.post(path, strings.Repeat("large ", 200_000), "Authorization", "Bearer x")
	}
	m.post("/slow", "x")
	for _, format := range []string{"har", "curl", "jsonl", "csv", "combined"} {
		m.ok("", "export", "--format", format, "-o", filepath.Join(m.dir, "exports", format))
	}
	m.ok("", "secret", "set", "x", "--generate")
	m.ok("", "route", "approve", "try")
	m.ok("", "claim", "attic")
	m.ok("", "pause")
	m.ok("", "resume")
	m.ok("", "pause", "--for", "1h")
	m.modes(t) // at work, with its files of a script that runs
	d.Process.Kill()
	d.wait(t)
	must(t, os.Truncate(m.in("state", "history.db"), 4096*3+7)) // which is set aside
	d = m.start(ownerID, "homehook", "run")
	eventually(t, "it is back", func() bool { return m.status() != nil })
	d.stop(t)
	m.ok("", "secret", "remove", "x")
	m.modes(t)
}

// modes looks at all that is there but what the test has put there by itself.
func (m *machine) modes(t *testing.T) {
	t.Helper()
	folders := []string{m.home, filepath.Join(m.dir, "relay"), filepath.Join(m.dir, "saved"), filepath.Join(m.dir, "exports"), filepath.Join(m.dir, fmt.Sprint("tmp", ownerID)), "/dev/shm"}
	kinds := map[fs.FileMode]int{}
	for _, folder := range folders {
		must(t, filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || path == m.home || path == "/dev/shm" {
				return nil
			}
			info, err := os.Lstat(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it came and went
			}
			must(t, err)
			if st := info.Sys().(*syscall.Stat_t); folder == "/dev/shm" && st.Uid != ownerID {
				return nil
			}
			kinds[info.Mode().Type()]++
			if info.Mode().Perm()&0o077 != 0 || info.Mode().Perm()&0o111 != 0 && !info.IsDir() {
				t.Errorf("%s: %v", path, info.Mode())
			}
			return nil
		}))
	}
	if kinds[0] < 15 || kinds[fs.ModeDir] < 6 {
		t.Errorf("too little was looked at: %v", kinds)
	}
}
