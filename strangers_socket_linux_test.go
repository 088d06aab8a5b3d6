package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const respondRoute = "  - {name: hello, claim: garage, match: /, unverified: true, respond: {body: hello}}\n"

// apiRequests are requests for all that the control API describes.
func apiRequests(t *testing.T) (lines []string) {
	t.Helper()
	text, err := os.ReadFile("agent/control/openapi.json")
	must(t, err)
	var described struct {
		Paths map[string]map[string]any
	}
	must(t, json.Unmarshal(text, &described))
	for path, methods := range described.Paths {
		for method := range methods {
			path := strings.NewReplacer("{name}", "garage", "{id}", "x", "{place}", "file").Replace(path)
			lines = append(lines, strings.ToUpper(method)+" "+path)
		}
	}
	if slices.Sort(lines); len(lines) < 15 {
		t.Fatalf("the description has only %q", lines)
	}
	return lines
}

// loosen opens the folders and the socket to all, as a chmod -R does.
func (m *machine) loosen() {
	m.t.Helper()
	must(m.t, os.Chmod(m.home, 0o777))
	must(m.t, os.Chmod(m.in("run"), 0o777))
	must(m.t, os.Chmod(m.socket(), 0o777))
}

// TestRow62SocketOfAnotherUser: the mode keeps another user out of the socket, and
// where somebody has loosened it the agent does, even from reading.
func TestRow62SocketOfAnotherUser(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.running(respondRoute)
	connect := func() error {
		_, _, err := ask(m.socket(), "GET /v1/status HTTP/1.1\r\nHost: homehook\r\n\r\n")
		return err
	}
	if err := as(strangerID, connect); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("the stranger's connection: %v", err)
	}
	if code, text := m.says(strangerID, "", "status"); code != 1 || !strings.Contains(text, "not the owner of "+m.socket()+": run this as the user who runs the agent") {
		t.Errorf("the stranger's command: %d, %s", code, text)
	}

	m.loosen()
	for _, line := range apiRequests(t) {
		err := as(strangerID, func() error {
			res, body, err := ask(m.socket(), line+" HTTP/1.1\r\nHost: homehook\r\nContent-Length: 5\r\n\r\nvalue")
			if err == nil && (res.StatusCode != 403 || !strings.Contains(body, `"not the owner (uid 61002)"`) || !res.Close) {
				err = fmt.Errorf("%d, %s", res.StatusCode, body)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, verb := range []string{"status", "claims", "history", "tail", "doctor", "pause", "secret list"} {
		if code, text := m.says(strangerID, "", strings.Fields(verb)...); code == 0 || strings.Contains(text, "garage") {
			t.Errorf("homehook %s of the stranger: %d, %s", verb, code, text)
		}
	}
	if code, text := m.says(strangerID, "", "status"); code != 1 || !strings.Contains(text, "belongs to uid 61001 (pid ") {
		t.Errorf("the stranger's command, loosened: %d, %s", code, text)
	}
	if code, text := m.says(ownerID, "", "status"); code != 0 || !strings.Contains(text, "garage") {
		t.Errorf("the owner's command: %d, %s", code, text)
	}
	if s := m.status(); s == nil || s.Paused || len(s.Claims) != 1 {
		t.Errorf("root sees %+v", s)
	}
}

// TestRow62FilesOfAnotherUser: nothing that an agent at work has is for another
// user to read, be it on the disk or of its process.
func TestRow62FilesOfAnotherUser(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.running(respondRoute)
	m.post("/x", strings.Repeat("body ", 200_000))
	pid := m.status().PID
	var all []string
	must(t, filepath.WalkDir(m.home, func(path string, _ os.DirEntry, err error) error {
		all = append(all, path)
		return err
	}))
	for _, part := range []string{"environ", "mem", "maps", "fd", "cwd", "auxv", "root"} {
		all = append(all, fmt.Sprintf("/proc/%d/%s", pid, part))
	}
	for _, path := range all[1:] {
		err := as(strangerID, func() error {
			_, err := os.ReadFile(path)
			if info, failed := os.Stat(path); failed == nil && info.IsDir() {
				_, err = os.ReadDir(path)
			}
			return err
		})
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("the stranger reads %s: %v", path, err)
		}
	}
	if len(all) < 12 {
		t.Errorf("only %q", all)
	}
}

// squatter listens at a path as another user, and counts the bytes that come.
type squatter struct {
	net.Listener
	got atomic.Int64
}

func squat(t *testing.T, uid int, path string) *squatter {
	t.Helper()
	s := new(squatter)
	must(t, as(uid, func() (err error) {
		if s.Listener, err = net.Listen("unix", path); err == nil {
			err = os.Chmod(path, 0o777)
		}
		return err
	}))
	t.Cleanup(func() { s.Close() })
	go func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(5 * time.Second))
				buf := make([]byte, 1024)
				for {
					n, err := c.Read(buf)
					s.got.Add(int64(n))
					if err != nil {
						return
					}
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
				}
			}()
		}
	}()
	return s
}

// TestRow63SquattedSocket: who listens at the path of the socket before the agent
// does neither keeps its place nor is told anything.
func TestRow63SquattedSocket(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.configure(respondRoute)
	m.folder(ownerID, "home/run", 0o777)
	s := squat(t, strangerID, m.socket())
	must(t, os.Chmod(m.in("run"), 0o755)) // so that the socket itself is looked at
	m.refuses(t, m.socket()+" belongs to uid 61002, not to uid 61001")
	for _, uid := range []int{ownerID, 0} {
		for _, verb := range []string{"status", "claims", "secret list", "history", "pause", "secret set relay/test", "run"} {
			code, text := m.says(uid, "the-value-of-a-secret", strings.Fields(verb)...)
			if code == 0 || !strings.Contains(text, "uid 61002") && !strings.Contains(text, "uid 61001") {
				t.Errorf("homehook %s of uid %d: %d, %s", verb, uid, code, text)
			}
		}
	}
	if n := s.got.Load(); n > 0 {
		t.Errorf("the squatter was told %d bytes", n)
	}
	if _, err := os.Stat(m.in("state", "history.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an agent that does not start has opened its history: %v", err)
	}
}

// TestRow63SquattedPaths: an agent does not start where another user has made
// something in one of its places first, and says whose it is.
func TestRow63SquattedPaths(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		make func(m *machine) error // as the stranger, in a home open to all
		want []string
	}{
		{"runtime folder", func(m *machine) error { return os.Mkdir(m.in("run"), 0o700) }, []string{"run belongs to another user (uid 61002"}},
		{"open runtime folder", func(m *machine) error { return mkdirOpen(m.in("run")) }, []string{"run belongs to another user (uid 61002"}},
		{"state folder", func(m *machine) error { return os.Mkdir(m.in("state"), 0o700) }, []string{"state belongs to another user (uid 61002"}},
		{"open state folder", func(m *machine) error { return mkdirOpen(m.in("state")) }, []string{"state belongs to another user (uid 61002"}},
		{"file for a folder", func(m *machine) error { return os.WriteFile(m.in("run"), nil, 0o666) }, []string{"run is not a folder"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			m.configure(respondRoute)
			must(t, os.Chmod(m.home, 0o777))
			must(t, as(strangerID, func() error { return tt.make(m) }))
			must(t, os.Chmod(m.home, 0o755)) // or that alone would be refused
			m.refuses(t, tt.want...)
			if code, text := m.says(ownerID, "value", "secret", "set", "relay/test"); code == 0 {
				t.Errorf("a secret was put there: %s", text)
			}
		})
	}
}

// TestRow63SquattedFiles: what another user has put into a folder that was open
// once is neither read nor written by the agent.
func TestRow63SquattedFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"run/homehook.sock":      "uid 61002",
		"run/homehook.sock.lock": "is not a plain file of uid 61001",
		"state/history.db":       "uid 61002",
		"state/credentials.json": "uid 61002",
		"state/secrets.sealed":   "uid 61002",
		"state/paused.json":      "uid 61002",
	} {
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
			m := newMachine(t)
			m.configure(respondRoute)
			for _, dir := range []string{"run", "state"} {
				m.folder(ownerID, "home/"+dir, 0o777)
			}
			must(t, as(strangerID, func() error {
				if err := os.WriteFile(m.in(name), nil, 0o600); err != nil {
					return err
				}
				return os.Chmod(m.in(name), 0o666)
			}))
			for _, dir := range []string{"run", "state"} {
				must(t, os.Chmod(m.in(dir), 0o700))
			}
			m.refuses(t, want)
			if text, err := os.ReadFile(m.in(name)); err != nil || len(text) > 0 {
				t.Errorf("%s holds %q, %v", name, text, err)
			}
		})
	}
}

// TestRow63SquattedRootKey: a root key that another user has laid out is not used for
// the first secret.
func TestRow63SquattedRootKey(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.folder(ownerID, "home/state", 0o700)
	key := m.file(strangerID, m.in("state", "root.key"), strings.Repeat("A", 43)+"=\n", 0o666)
	code, text := m.says(ownerID, "value", "secret", "set", "relay/test")
	if code == 0 || !strings.Contains(text, "uid 61002") {
		t.Errorf("%d, %s", code, text)
	}
	if after, err := os.ReadFile(key); err != nil || !strings.HasPrefix(string(after), "AAAA") {
		t.Errorf("it was written to: %q, %v", after, err)
	}
}

func mkdirOpen(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	return os.Chmod(path, 0o777)
}
