package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"homehook/service"
)

// patience is how long a test waits for something in a box to happen.
const patience = 15 * time.Second

// box is a machine of its own that systemd runs: a container with nothing but
// what a bare Debian has, and our programs as packages bring them.
type box struct {
	dir    string
	nspawn *exec.Cmd
	leader string // the process id of its systemd, here
}

// newBox copies the folder that HOMEHOOK_TEST_SYSTEMD_BOX names, which
// .ci/boxes makes, and puts programs and units in it.
func newBox(t *testing.T) *box {
	t.Helper()
	made := os.Getenv("HOMEHOOK_TEST_SYSTEMD_BOX")
	if made == "" {
		t.Skip("HOMEHOOK_TEST_SYSTEMD_BOX does not name the folder of a bare Debian with systemd")
	}
	b := &box{dir: filepath.Join(t.TempDir(), "box")}
	programs := build(t)
	for _, c := range [][]string{
		{"cp", "-a", "--reflink=auto", made, b.dir},
		{"cp", filepath.Join(programs, "homehook"), filepath.Join(programs, "homehook-relay"), b.dir + "/usr/bin/"},
		{"cp", "-rT", "installer/systemd/system", b.dir + "/usr/lib/systemd/system"},
		{"cp", "-rT", "installer/systemd/user", b.dir + "/usr/lib/systemd/user"},
		{"cp", "-rT", "installer/systemd/sysusers", b.dir + "/usr/lib/sysusers.d"},
		{"cp", "-rT", "installer/systemd/tmpfiles", b.dir + "/usr/lib/tmpfiles.d"},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", c[0], err, out)
		}
	}
	t.Cleanup(func() { b.off(t) })
	return b
}

// boot starts the machine, and returns when it has started all it starts.
func (b *box) boot(t *testing.T) {
	t.Helper()
	groups := ""
	for _, dir := range controlGroups() {
		if os.Mkdir(dir, 0o755) == nil || exists(dir) {
			groups += "echo $$ > " + dir + "/cgroup.procs; "
		}
	}
	b.nspawn = exec.Command("sh", "-c", groups+`exec systemd-nspawn -D "$0" --register=no --keep-unit --private-network --boot --console=pipe`, b.dir)
	var console bytes.Buffer
	b.nspawn.Stdout, b.nspawn.Stderr = &console, &console
	if err := b.nspawn.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the machine to start", func() (bool, string) {
		// Its first process is another one until systemd has taken its place.
		out, _ := exec.Command("pgrep", "-P", fmt.Sprint(b.nspawn.Process.Pid)).Output()
		b.leader, _, _ = strings.Cut(string(out), "\n")
		state, _ := b.run("", "systemctl is-system-running")
		return state == "running" || state == "degraded", state
	})
}

// controlGroups are those of a box, where there are such hierarchies: with
// --keep-unit all containers of a machine would share them.
func controlGroups() (dirs []string) {
	for _, hierarchy := range []string{"systemd", "unified"} {
		dirs = append(dirs, filepath.Join("/sys/fs/cgroup", hierarchy, fmt.Sprintf("homehook-test-%d", os.Getpid())))
	}
	return dirs
}

// off ends the machine.
func (b *box) off(t *testing.T) {
	t.Helper()
	if b.nspawn == nil {
		return
	}
	ended := make(chan error, 1)
	go func() { ended <- b.nspawn.Wait() }()
	_, _ = b.run("", "systemctl poweroff")
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the machine does not end")
		_ = exec.Command("kill", "-9", b.leader).Run() // and with it all in it
		<-ended
	}
	b.nspawn = nil
	for _, dir := range controlGroups() {
		_ = exec.Command("find", dir, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+").Run() // some are not there
	}
}

// run has a user of the box, root if empty, run a line of shell. The user is one
// who has not signed in: the environment knows nothing but the home.
func (b *box) run(user, line string) (out string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	home := "/root"
	args := []string{"-t", b.leader, "-a"}
	if user != "" {
		home = "/home/" + user
		args = append(args, "setpriv", "--reuid", user, "--regid", user, "--init-groups")
	}
	args = append(args, "env", "-i", "HOME="+home, "PATH=/usr/local/bin:/usr/bin:/usr/sbin", "sh", "-c", "cd; "+line)
	cmd := exec.CommandContext(ctx, "nsenter", args...)
	cmd.WaitDelay = time.Second // what it has started may keep its pipes
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err = cmd.Run(); err != nil {
		err = fmt.Errorf("%s: %w: %s%s", line, err, stdout.String(), stderr.String())
	}
	return strings.TrimSpace(stdout.String()), err
}

// must runs a line that has to succeed.
func (b *box) must(t *testing.T, user, line string) string {
	t.Helper()
	out, err := b.run(user, line)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fails runs a line that has to fail, and say why.
func (b *box) fails(t *testing.T, user, line, want string) {
	t.Helper()
	_, err := b.run(user, line)
	if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), want) {
		t.Fatalf("%s: got %v, want %q", line, err, want)
	}
}

// answer is what the verbs of homehook service print.
type answer struct {
	Changed bool
	service.Status
}

// service runs a verb of homehook service.
func (b *box) service(t *testing.T, user, verb string) (a answer) {
	t.Helper()
	out := b.must(t, user, "homehook service "+verb+" --json")
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return a
}

// write puts a file into the box.
func (b *box) write(t *testing.T, user, path, mode, text string) {
	t.Helper()
	b.must(t, user, "mkdir -p "+filepath.Dir(path)+" && cat > "+path+" <<'END' && chmod "+mode+" "+path+"\n"+text+"END\n")
}

// await waits for ok, which says besides what it has seen.
func await(t *testing.T, what string, ok func() (bool, string)) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		good, seen := ok()
		if good {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s; seen last: %s", what, seen)
		}
	}
}

// awaitRunning waits until a service runs as a process other than that of before.
func (b *box) awaitRunning(t *testing.T, user, flags string, before int) (a answer) {
	t.Helper()
	await(t, "the service to run", func() (bool, string) {
		a = b.service(t, user, "status"+flags)
		return a.State == service.StateRunning && a.PID != 0 && a.PID != before, fmt.Sprintf("%+v", a)
	})
	return a
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
