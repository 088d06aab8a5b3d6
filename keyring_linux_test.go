package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/routes/signature"
)

// desk is a user's desktop session with a keyring, as far as an agent sees it, and
// a relay. Nothing of it is that of who runs the tests.
type desk struct {
	t       *testing.T
	dir     string
	env     []string
	addr    string // of the relay
	keyring *desktopProgram
}

// desktopProgram is a program of the session that keeps running.
type desktopProgram struct {
	*exec.Cmd
	log   bytes.Buffer // read it once the program has ended
	ended chan struct{}
}

// newDesk starts a session bus and a relay. There is no keyring yet.
func newDesk(t *testing.T) *desk {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the built programs")
	}
	for _, name := range []string{"dbus-daemon", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("needs %s", name)
		}
	}
	d := &desk{t: t, dir: build(t), addr: freeAddr(t)}
	// The path of the bus is short, which that of t.TempDir is not always.
	run, err := os.MkdirTemp("", "hh")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(run) })
	home := filepath.Join(d.dir, "home")
	must(t, os.Mkdir(home, 0o700))
	bus := "unix:path=" + filepath.Join(run, "bus")
	d.env = []string{"PATH=/usr/bin:/bin", "HOME=" + home, "XDG_RUNTIME_DIR=" + run, "DBUS_SESSION_BUS_ADDRESS=" + bus}
	// No service files: whatever is on this bus has been started here.
	conf := filepath.Join(d.dir, "bus.conf")
	must(t, os.WriteFile(conf, fmt.Appendf(nil, `<busconfig><type>session</type><listen>%s</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`, bus), 0o600))
	d.start("", "dbus-daemon", "--nofork", "--nopidfile", "--config-file="+conf)
	eventually(t, "the bus is there", func() bool {
		_, err := os.Stat(filepath.Join(run, "bus"))
		return err == nil
	})
	d.start("", "homehook-relay", "serve", "--listen", d.addr, "--data", filepath.Join(d.dir, "relay"))
	eventually(t, "the relay listens", func() bool { return listens(d.addr) })
	return d
}

func (d *desk) command(name string, args ...string) *exec.Cmd {
	if own := filepath.Join(d.dir, name); strings.HasPrefix(name, "homehook") {
		name = own
	}
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir = d.env, d.dir
	return cmd
}

// start starts a program that is given some text and keeps running.
func (d *desk) start(stdin, name string, args ...string) *desktopProgram {
	d.t.Helper()
	p := &desktopProgram{Cmd: d.command(name, args...), ended: make(chan struct{})}
	p.Stdin, p.Stdout, p.Stderr = strings.NewReader(stdin), &p.log, &p.log
	must(d.t, p.Start())
	go func() {
		defer close(p.ended)
		_ = p.Wait() // how it ends is told by its state
	}()
	d.t.Cleanup(func() {
		p.stop(d.t)
		if d.t.Failed() {
			d.t.Logf("%s wrote:\n%s", name, p.log.String())
		}
	})
	return p
}

// stop ends a program.
func (p *desktopProgram) stop(t *testing.T) {
	t.Helper()
	_ = p.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.ended:
	case <-time.After(15 * time.Second):
		_ = p.Process.Kill()
		t.Errorf("%s does not end", p.Path)
		<-p.ended
	}
}

// unlock has the keyring be one that its user has unlocked by signing in; lock, one
// that nobody has. The daemon takes the password at its start only.
func (d *desk) unlock() { d.signIn("secret of the user", "--unlock") }
func (d *desk) lock()   { d.signIn("") }

func (d *desk) signIn(password string, args ...string) {
	d.t.Helper()
	if d.keyring != nil {
		d.keyring.stop(d.t)
	}
	d.keyring = d.start(password, "gnome-keyring-daemon", append([]string{"--foreground", "--components=secrets"}, args...)...)
}

// ok runs the CLI, which has to succeed and to be quick about it, whatever the
// keyring does. It returns what it printed.
func (d *desk) ok(stdin string, args ...string) string {
	d.t.Helper()
	code, text := d.says(stdin, args...)
	if code != 0 {
		d.t.Fatalf("homehook %s: %d, %s", strings.Join(args, " "), code, text)
	}
	return text
}

func (d *desk) says(stdin string, args ...string) (code int, text string) {
	d.t.Helper()
	began := time.Now()
	cmd := d.command("homehook", args...)
	cmd.Stdin = strings.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		d.t.Errorf("homehook %s took %v", strings.Join(args, " "), took)
	}
	if code = cmd.ProcessState.ExitCode(); code != 0 {
		out = append(out, errs.Bytes()...)
	}
	return code, string(out)
}

// read runs the CLI for its JSON.
func read[T any](d *desk, args ...string) (v T) {
	d.t.Helper()
	must(d.t, json.Unmarshal([]byte(d.ok("", append(args, "--json")...)), &v))
	return v
}

// agent starts an agent, which answers when it returns.
func (d *desk) agent() *desktopProgram {
	d.t.Helper()
	p := d.start("", "homehook", "run")
	eventually(d.t, "the agent answers", func() bool {
		code, _ := d.says("", "status")
		return code == 0
	})
	return p
}

// until waits for the state of the agent.
func (d *desk) until(state string) control.Status {
	d.t.Helper()
	var s control.Status
	eventually(d.t, "the agent is "+state, func() bool {
		s = read[control.Status](d, "status")
		return s.State == state
	})
	return s
}

// push sends a delivery signed with a secret and returns the status of the answer.
func (d *desk) push(secret, body string) int {
	d.t.Helper()
	scheme, _ := signature.Find("github")
	fields, err := scheme.Sign(&signature.Message{Method: http.MethodPost, Body: []byte(body)}, []byte(secret), time.Now())
	must(d.t, err)
	req, err := http.NewRequest(http.MethodPost, "http://"+d.addr+"/~garage/push", strings.NewReader(body))
	must(d.t, err)
	for _, f := range fields {
		req.Header.Set(f.Name, f.Value)
	}
	res, err := http.DefaultClient.Do(req)
	must(d.t, err)
	res.Body.Close()
	return res.StatusCode
}

// household is a desk with a relay's token, a claim and a route that writes down
// what it gets, unless a file says that it is to be tried later.
func (d *desk) household(more, ofRoute string) (got func() []string) {
	d.t.Helper()
	token, err := d.command("homehook-relay", "token", "create", "desk", "--data", filepath.Join(d.dir, "relay")).Output()
	must(d.t, err)
	d.ok(string(token), "relay", "add", "mine", "http://"+d.addr, "--token-stdin")
	d.ok("", "claim", "garage")
	d.ok("hush", "secret", "set", "github")
	seen := filepath.Join(d.dir, "seen")
	script := filepath.Join(d.dir, "take.sh")
	must(d.t, os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\n[ -e %[1]s.later ] && exit 75\n{ cat; echo; } >>%[1]s\n", seen), 0o700))
	conf := filepath.Join(d.dir, "home/.config/homehook/config.yaml")
	text, err := os.ReadFile(conf)
	must(d.t, err)
	text = fmt.Appendf(text, "%sroutes:\n  - {name: push, claim: garage, match: POST /push, verify: {scheme: github, secret: github}, script: {command: [%s]}%s}\n", more, script, ofRoute)
	must(d.t, os.WriteFile(conf, text, 0o600))
	return func() []string {
		text, err := os.ReadFile(seen)
		if err != nil {
			return nil
		}
		return strings.Fields(string(text))
	}
}

// states counts the deliveries of the history by state.
func (d *desk) states() map[string]int {
	d.t.Helper()
	count := map[string]int{}
	for _, r := range read[[]control.Delivery](d, "history", "--limit", "100") {
		count[r.State]++
	}
	return count
}

// TestLockedKeyring has the built programs meet a true keyring: the relay keeps what
// comes while it is locked, what was left unfinished waits, nothing is slow for it,
// and all of it goes on by itself when it is unlocked.
func TestLockedKeyring(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.unlock()
	eventually(t, "there is a keyring", func() bool { return read[control.CredentialStore](d, "secret", "store").State == "ready" })
	got := d.household("history: {redact: [header.X-Hub-Signature-256]}\n", ", background: true")
	if s := read[control.CredentialStore](d, "secret", "store"); s.Store != "keyring" {
		t.Fatalf("the root key is elsewhere: %+v", s)
	}
	agent := d.agent()
	d.until(control.StateConnected)
	if status := d.push("hush", "0"); status != 202 {
		t.Errorf("unlocked: %d", status)
	}
	eventually(t, "it has run", func() bool { return len(got()) == 1 })
	// One that is to be tried again, and is left so.
	must(t, os.WriteFile(filepath.Join(d.dir, "seen.later"), nil, 0o600))
	if status := d.push("hush", "1"); status != 202 {
		t.Errorf("to be tried later: %d", status)
	}
	eventually(t, "it waits", func() bool { return d.states()[control.Waiting] == 1 })
	agent.stop(t)
	must(t, os.Remove(filepath.Join(d.dir, "seen.later")))

	d.lock()
	agent = d.agent()
	s := d.until(control.StateProblem)
	if s.Credentials.Store != "keyring" || s.Credentials.State != control.CredentialsWaiting || !strings.Contains(s.Credentials.Text, "waiting for the keyring") {
		t.Errorf("%+v", s.Credentials)
	}
	if c := s.Claims[0]; c.Connected || c.Links != 0 || !strings.Contains(c.Error, "waiting for the keyring") {
		t.Errorf("%+v", c)
	}
	want := []string{"0", "1"}
	for i := range 5 {
		want = append(want, fmt.Sprint(i+2))
		if status := d.push("hush", want[i+2]); status != 202 {
			t.Errorf("locked: %d", status)
		}
	}
	for _, args := range [][]string{{"secret", "set", "github"}, {"secret", "rotate", "github"}, {"secret", "store", "file", "--yes"}} {
		if code, text := d.says("x", args...); code != 1 || !strings.Contains(text, "waiting for the keyring") || !strings.Contains(text, "unlock") {
			t.Errorf("%v: %d, %s", args, code, text)
		}
	}
	for _, c := range read[[]control.Credential](d, "secret", "list") {
		if c.Fingerprint != "" || len(c.Values) != 1 || len(c.NeededBy) != 1 {
			t.Errorf("%+v", c)
		}
	}
	time.Sleep(7 * time.Second) // longer than the first pause between attempts, of 5 s: nothing may come of it
	if seen, states := got(), d.states(); len(seen) != 1 || states[control.Waiting] != 1 {
		t.Errorf("while it is locked: %v, %v", seen, states)
	}

	d.unlock()
	began := time.Now()
	d.until(control.StateConnected)
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("it goes on after %v", took)
	}
	eventually(t, "all has run", func() bool { return len(got()) == len(want) })
	if seen := got(); !slices.Equal(slices.Sorted(slices.Values(seen)), want) || !slices.IsSorted(seen[2:]) {
		t.Errorf("ran: %v", seen)
	}
	eventually(t, "all has succeeded", func() bool { return d.states()[control.Succeeded] == len(want) })
	agent.stop(t)
	if text := agent.log.String(); strings.Contains(text, "hush") || strings.Contains(text, "hh_") {
		t.Errorf("a secret is in the log: %s", text)
	}
}

// TestKeyringInUse sets, rotates and moves with a true keyring, without an agent
// and with one, and finds the same values after restarts.
func TestKeyringInUse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.unlock()
	eventually(t, "there is a keyring", func() bool { return read[control.CredentialStore](d, "secret", "store").State == "ready" })
	got := d.household("", "")
	prints := func() (all []string) {
		for _, c := range read[[]control.Credential](d, "secret", "list") {
			for _, v := range c.Values {
				all = append(all, c.Name+" "+v.Fingerprint)
			}
		}
		return all
	}
	d.ok("fresh", "secret", "rotate", "github", "--keep", "1h")
	before := prints()
	if len(before) != 3 || slices.ContainsFunc(before, func(s string) bool { return strings.HasSuffix(s, " ") }) {
		t.Errorf("%q", before)
	}
	agent := d.agent()
	d.until(control.StateConnected)
	for _, secret := range []string{"hush", "fresh"} {
		if status := d.push(secret, secret); status != 200 {
			t.Errorf("signed with %s: %d", secret, status)
		}
	}
	d.lock() // what has been read once is not asked for again
	if status := d.push("fresh", "locked"); status != 200 {
		t.Errorf("locked while the agent runs: %d", status)
	}
	d.unlock()
	eventually(t, "the keyring is open again", func() bool {
		code, _ := d.says("", "secret", "store", "file", "--yes")
		return code == 0
	})
	for _, place := range []string{"keyring", "file", "keyring"} {
		d.ok("", "secret", "store", place, "--yes")
		if now := read[control.CredentialStore](d, "secret", "store"); now.Store != place || now.State != "ready" {
			t.Errorf("%+v", now)
		}
		if now := prints(); !slices.Equal(now, before) {
			t.Errorf("in %s: %q, before %q", place, now, before)
		}
		_, err := os.Stat(filepath.Join(d.dir, "home/.local/state/homehook/root.key"))
		if there := err == nil; there != (place == "file") {
			t.Errorf("in %s: a root.key is there: %t", place, there)
		}
	}
	agent.stop(t)
	// Without the bus it may come by itself, so that it is waited for.
	with := d.env
	d.env = slices.DeleteFunc(slices.Clone(with), func(v string) bool {
		return strings.HasPrefix(v, "DBUS_SESSION_BUS_ADDRESS=") || strings.HasPrefix(v, "XDG_RUNTIME_DIR=")
	})
	if s := read[control.CredentialStore](d, "secret", "store"); s.Store != "keyring" || s.State != "waiting" || !strings.Contains(s.Text, "session bus") {
		t.Errorf("without a bus: %+v", s)
	}
	d.env = with
	d.lock() // and unlocked anew: what was stored outlives the daemon
	d.unlock()
	d.agent()
	d.until(control.StateConnected)
	d.ok("", "secret", "remove", "github", "--old")
	if a, b := d.push("hush", "old"), d.push("fresh", "new"); a != 401 || b != 200 {
		t.Errorf("without the old value: %d, %d", a, b)
	}
	eventually(t, "all have run", func() bool { return slices.Equal(got(), []string{"hush", "fresh", "locked", "new"}) })
}

// TestNoKeyring: without one the root key goes to a file, which is said once.
func TestNoKeyring(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var said [2]string
	for i := range said {
		cmd := d.command("homehook", "secret", "set", "github")
		cmd.Stdin = strings.NewReader("hush")
		text, err := cmd.CombinedOutput()
		must(t, err)
		said[i] = string(text)
	}
	const note = "there is no keyring here, so the root key of the credentials is in a file"
	if !strings.Contains(said[0], note) || strings.Contains(said[1], note) {
		t.Errorf("%q", said)
	}
	if s := read[control.CredentialStore](d, "secret", "store"); s.Store != "file" || s.State != "ready" {
		t.Errorf("%+v", s)
	}
	d.unlock()
	eventually(t, "there is a keyring", func() bool {
		code, _ := d.says("", "secret", "store", "keyring")
		return code == 0
	})
	if s := read[control.CredentialStore](d, "secret", "store"); s.Store != "keyring" || s.State != "ready" {
		t.Errorf("%+v", s)
	}
}

// TestKeyringThatHangs: a keyring that takes calls and never answers holds nobody
// up, and what waits for it goes on when it answers.
func TestKeyringThatHangs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.unlock()
	eventually(t, "there is a keyring", func() bool { return read[control.CredentialStore](d, "secret", "store").State == "ready" })
	got := d.household("", "")
	must(t, d.keyring.Process.Signal(syscall.SIGSTOP))
	t.Cleanup(func() { _ = d.keyring.Process.Signal(syscall.SIGCONT) }) // or it would not end
	for _, args := range [][]string{{"secret", "list"}, {"secret", "store"}} {
		d.ok("", args...)
	}
	if code, text := d.says("x", "secret", "set", "github"); code != 1 || !strings.Contains(text, "waiting for the keyring") {
		t.Errorf("%d, %s", code, text)
	}
	agent := d.agent()
	if s := d.until(control.StateProblem); s.Credentials.State != control.CredentialsWaiting || s.Claims[0].Connected {
		t.Errorf("%+v", s)
	}
	for range 3 {
		d.ok("", "status")
		d.ok("", "secret", "list")
	}
	began := time.Now()
	agent.stop(t)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("its end took %v", took)
	}
	d.agent()
	must(t, d.keyring.Process.Signal(syscall.SIGCONT))
	d.until(control.StateConnected)
	if status := d.push("hush", "1"); status != 200 || !slices.Equal(got(), []string{"1"}) {
		t.Errorf("%d, %v", status, got())
	}
}
