package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"homehook/agent/control"
)

// The users of these tests. None has an account, none is root: one runs the agent,
// one the relay, and the stranger has no business with either.
const (
	ownerID    = 61001
	strangerID = 61002
	relayID    = 61003
)

// machine is a machine with several users: an agent of one of them, its relay,
// and a stranger.
type machine struct {
	t      *testing.T
	dir    string // every user can enter it, and only root changes it
	home   string // HOMEHOOK_HOME of the owner
	addr   string // of the relay
	server *daemon
	before string // commands of a shell, run before each program
	env    []string
}

// newMachine builds a machine on which nothing runs yet. Each program starts with
// umask 0, so that every mode is the programs' own doing.
func newMachine(t *testing.T) *machine {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the built programs")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, to have programs run as several users")
	}
	compiled.once.Do(compile)
	if compiled.err != nil {
		t.Fatal(compiled.err)
	}
	// t.TempDir is closed to other users.
	dir, err := os.MkdirTemp("", "hh")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &machine{t: t, dir: dir, home: filepath.Join(dir, "home"), addr: freeAddr(t), before: "umask 0"}
	must(t, os.Chmod(dir, 0o755))
	m.folder(0, "bin", 0o755)
	for _, name := range []string{"homehook", "homehook-relay"} {
		must(t, os.Link(filepath.Join(compiled.dir, name), m.program(name)))
		must(t, os.Chmod(m.program(name), 0o755))
	}
	m.folder(ownerID, "home", 0o755) // what is in it is closed by itself
	m.folder(relayID, "relay", 0o700)
	for _, uid := range []int{ownerID, strangerID, relayID} {
		m.folder(uid, fmt.Sprint("tmp", uid), 0o700)
	}
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (m *machine) program(name string) string { return filepath.Join(m.dir, "bin", name) }

// in is a path in the home of the owner.
func (m *machine) in(parts ...string) string {
	return filepath.Join(append([]string{m.home}, parts...)...)
}

// folder makes a folder of a user, with just that mode, and gives its path.
func (m *machine) folder(uid int, name string, mode os.FileMode) string {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	must(m.t, os.Mkdir(path, 0o700))
	m.give(uid, path, mode)
	return path
}

// file writes a file of a user, with just that mode, and gives its path.
func (m *machine) file(uid int, path, text string, mode os.FileMode) string {
	m.t.Helper()
	must(m.t, os.WriteFile(path, []byte(text), 0o600))
	m.give(uid, path, mode)
	return path
}

func (m *machine) give(uid int, path string, mode os.FileMode) {
	m.t.Helper()
	must(m.t, os.Chown(path, uid, uid))
	must(m.t, os.Chmod(path, mode))
}

// as does something on a thread that is another user's, and waits for it. What it
// starts is that user's too.
func as(uid int, do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		var failed syscall.Errno
		for _, call := range [][4]uintptr{
			{syscall.SYS_SETGROUPS, 0, 0, 0},
			{syscall.SYS_SETRESGID, uintptr(uid), uintptr(uid), uintptr(uid)},
			{syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)},
		} {
			// Package syscall would change all threads.
			if _, _, err := syscall.RawSyscall(call[0], call[1], call[2], call[3]); err != 0 {
				failed = err
			}
		}
		if failed != 0 {
			done <- fmt.Errorf("become uid %d: %w", uid, failed)
			return
		}
		done <- do()
	}()
	return <-done
}

// command is a program run by a user who has the home of the owner in the
// environment, and little else.
func (m *machine) command(uid int, name string, args ...string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", append([]string{"-c", m.before + `; exec "$0" "$@"`, m.program(name)}, args...)...)
	tmp := filepath.Join(m.dir, fmt.Sprint("tmp", uid))
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=" + tmp, "TMPDIR=" + tmp, "HOMEHOOK_HOME=" + m.home}, m.env...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	return cmd
}

// says runs the CLI as a user and returns its exit code and all that it printed.
func (m *machine) says(uid int, stdin string, args ...string) (code int, text string) {
	m.t.Helper()
	cmd := m.command(uid, "homehook", args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		m.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// ok is says for a command of the owner that has to succeed.
func (m *machine) ok(stdin string, args ...string) string {
	m.t.Helper()
	code, text := m.says(ownerID, stdin, args...)
	if code != 0 {
		m.t.Fatalf("homehook %s: %d, %s", strings.Join(args, " "), code, text)
	}
	return text
}

// daemon is a program that keeps running, and what it has written.
type daemon struct {
	*exec.Cmd
	log   *bytes.Buffer // read it once the program has ended
	ended chan error
}

func (m *machine) start(uid int, name string, args ...string) *daemon {
	m.t.Helper()
	return m.startWith("", uid, name, args...)
}

// startWith is start with something on standard input.
func (m *machine) startWith(stdin string, uid int, name string, args ...string) *daemon {
	m.t.Helper()
	d := &daemon{Cmd: m.command(uid, name, args...), log: new(bytes.Buffer), ended: make(chan error, 1)}
	d.Stdin = strings.NewReader(stdin)
	d.Stdout = d.log
	d.Stderr = d.log
	must(m.t, d.Start())
	go func() {
		d.ended <- d.Wait()
		close(d.ended)
	}()
	m.t.Cleanup(func() {
		d.Process.Kill()
		<-d.ended
		if m.t.Failed() {
			text := d.log.String()
			m.t.Logf("%s %s wrote: %s", name, strings.Join(args, " "), text[max(0, len(text)-4000):])
		}
	})
	return d
}

// wait is the end of a daemon that has been told to end, or has to by itself.
func (d *daemon) wait(t *testing.T) (code int, log string) {
	t.Helper()
	select {
	case <-d.ended:
		return d.ProcessState.ExitCode(), d.log.String()
	case <-time.After(20 * time.Second):
		t.Fatal("the program does not end")
		return 0, ""
	}
}

// stop ends a daemon as a service manager does.
func (d *daemon) stop(t *testing.T) (log string) {
	t.Helper()
	d.Process.Signal(syscall.SIGTERM)
	_, log = d.wait(t)
	return log
}

// relay starts the relay and returns the token of a new agent.
func (m *machine) relay() (token string) {
	m.t.Helper()
	data := filepath.Join(m.dir, "relay")
	out, err := m.command(relayID, "homehook-relay", "token", "create", "owner", "--data", data).Output()
	must(m.t, err)
	m.server = m.start(relayID, "homehook-relay", "serve", "--listen", m.addr, "--data", data, "--combined-log", filepath.Join(data, "access.log"))
	eventually(m.t, "the relay listens", func() bool { return listens(m.addr) })
	return strings.TrimSpace(string(out))
}

// configure writes the configuration with those routes.
func (m *machine) configure(routes string) {
	m.t.Helper()
	m.file(ownerID, m.in("config.yaml"), m.config(routes), 0o600)
}

func (m *machine) config(routes string) string {
	return fmt.Sprintf("relays: [{name: test, url: \"http://%s\", token: relay/test}]\nclaims: [{name: garage}]\nroutes:\n%s", m.addr, routes)
}

// running starts relay and agent with those routes, and waits for their link.
func (m *machine) running(routes string) *daemon {
	m.t.Helper()
	token := m.relay()
	m.configure(routes)
	m.ok(token, "secret", "set", "relay/test")
	return m.agent()
}

// agent starts the owner's agent and waits until it is connected.
func (m *machine) agent(args ...string) *daemon {
	m.t.Helper()
	d := m.start(ownerID, "homehook", append([]string{"run"}, args...)...)
	eventually(m.t, "the agent is connected", func() bool {
		s := m.status()
		return s != nil && s.State == control.StateConnected
	})
	return d
}

// status is what the agent says of itself to root, nil when it says nothing.
func (m *machine) status() *control.Status {
	c := control.NewClient(m.socket())
	defer c.Close()
	s, err := c.Status(m.t.Context())
	if err != nil {
		return nil
	}
	return s
}

func (m *machine) socket() string { return m.in("run", "homehook.sock") }

// refuses starts an agent of the owner that has to end with a complaint which
// contains each of the words.
func (m *machine) refuses(t *testing.T, words ...string) {
	t.Helper()
	code, text := m.start(ownerID, "homehook", "run").wait(t)
	if code == 0 {
		t.Errorf("it ends with %d", code)
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not in what it says: %s", word, text)
		}
	}
}

// post sends a delivery as a sender does.
func (m *machine) post(path, body string, fields ...string) (status int, answer string) {
	m.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+m.addr+"/~garage"+path, strings.NewReader(body))
	must(m.t, err)
	for i := 0; i+1 < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	must(m.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(m.t, err)
	return res.StatusCode, string(text)
}

// newest is the newest delivery of the history, with all that is kept of it.
func (m *machine) newest() (r control.Record) {
	m.t.Helper()
	var rows []control.Delivery
	m.json(&rows, "history", "--json", "--limit", "1")
	if len(rows) == 0 {
		m.t.Fatal("the history is empty")
	}
	m.json(&r, "show", rows[0].ID, "--json")
	return r
}

// json decodes what a command of the owner prints.
func (m *machine) json(into any, args ...string) {
	m.t.Helper()
	out, err := m.command(ownerID, "homehook", args...).Output()
	must(m.t, err)
	must(m.t, json.Unmarshal(out, into))
}

// ask sends bytes to a unix socket and reads one answer. The error is that of the
// connection.
func ask(socket, request string) (*http.Response, string, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return nil, "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		return nil, "", err
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}
