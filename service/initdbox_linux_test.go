package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// initBox is a folder with a small system in it, whose own init runs as the
// first process of namespaces of its own.
type initBox struct {
	t    *testing.T
	dir  string
	boot string // commands of a shell that end with its becoming init
	init string // the name of that process then
	halt []string

	machine *exec.Cmd
	first   string // process id of init
}

// bootLimit is how long the box may take to start, and to end.
const bootLimit = 30 * time.Second

// newInitBox is the box in the folder that a variable names, with the program
// as it is now and nothing of it from before.
func newInitBox(t *testing.T, variable string) *initBox {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Skip("set " + variable + " to the folder of a system that has such an init")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can start a system")
	}
	for _, left := range []string{"etc/homehook", "var/lib/homehook", "etc/init.d/homehook"} {
		if err := os.RemoveAll(filepath.Join(dir, left)); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{"etc/rc*.d/*homehook", "etc/runlevels/*/homehook"} {
		links, err := filepath.Glob(filepath.Join(dir, pattern))
		for _, link := range links {
			err = errors.Join(err, os.Remove(link))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "usr/local/bin/homehook"), "homehook/cmd/homehook")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return &initBox{t: t, dir: dir}
}

// start boots the box.
func (b *initBox) start() {
	b.t.Helper()
	b.machine = exec.Command("unshare", "--mount", "--pid", "--fork", "--net", "--uts", "--kill-child", "chroot", b.dir,
		"sh", "-c", "mount -t proc proc /proc; mount -t tmpfs tmpfs /run; ip link set lo up 2>/dev/null; "+b.boot)
	if err := b.machine.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = b.machine.Process.Kill() }) // it has ended, or the test has failed
	b.until("it has started", func() bool {
		pid := strconv.Itoa(b.machine.Process.Pid)
		children, err := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
		if err != nil {
			return false
		}
		b.first = strings.TrimSpace(string(children))
		name, err := os.ReadFile("/proc/" + b.first + "/comm")
		return err == nil && strings.TrimSpace(string(name)) == b.init
	})
}

// stop has the box end in order.
func (b *initBox) stop() {
	b.t.Helper()
	b.run(b.halt...)
	ended := make(chan error, 1)
	go func() { ended <- b.machine.Wait() }()
	select {
	case <-ended:
	case <-time.After(bootLimit):
		b.t.Fatal("the box has not ended")
	}
}

// until waits for something.
func (b *initBox) until(what string, done func() bool) {
	b.t.Helper()
	for end := time.Now().Add(bootLimit); !done(); time.Sleep(awaitEvery) {
		if time.Now().After(end) {
			b.t.Fatalf("waited for it in vain: %s", what)
		}
	}
}

// run runs a command in the box and returns what it prints and its exit code.
func (b *initBox) run(args ...string) (string, int) {
	b.t.Helper()
	cmd := exec.Command("nsenter", append([]string{"-t", b.first, "-m", "-p", "-n", "-u", "chroot", b.dir, "env", "-i", "PATH=" + basePath}, args...)...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.t.Fatal(err)
	}
	if stderr.Len() > 0 {
		b.t.Logf("%s: %s", strings.Join(args, " "), &stderr)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// answer is what a verb of the service says.
type answer struct {
	Changed bool `json:"changed"`
	Status
}

// verb runs a verb of the machine's service, which has to succeed.
func (b *initBox) verb(args ...string) answer {
	b.t.Helper()
	out, code := b.run(append(append([]string{"homehook", "service"}, args...), "--system", "--json")...)
	var a answer
	if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 {
		b.t.Fatalf("%v ended with %d, %v: %s", args, code, err, out)
	}
	return a
}

// refuses runs a verb that has to fail.
func (b *initBox) refuses(args ...string) {
	b.t.Helper()
	if out, code := b.run(append(append([]string{"homehook", "service"}, args...), "--system")...); code != 1 {
		b.t.Errorf("%v ended with %d: %s", args, code, out)
	}
}

func TestSysVBox(t *testing.T) {
	b := newInitBox(t, "HOMEHOOK_TEST_SYSV_BOX")
	// Of a start of the machine only what starts services.
	tab := "id:2:initdefault:\nl0:0:wait:/etc/init.d/rc 0\nl2:2:wait:/etc/init.d/rc 2\n"
	if err := os.WriteFile(filepath.Join(b.dir, "etc/inittab"), []byte(tab), 0o600); err != nil {
		t.Fatal(err)
	}
	b.boot, b.init, b.halt = "exec /sbin/init", "init", []string{"telinit", "0"}
	b.life("sysv")
}

func TestOpenRCBox(t *testing.T) {
	b := newInitBox(t, "HOMEHOOK_TEST_OPENRC_BOX")
	b.boot, b.init, b.halt = "exec /sbin/openrc-init", "openrc-init", []string{"openrc-shutdown", "--poweroff", "now"}
	b.life("openrc")
}

// life is all that happens to a service, on a machine that starts twice.
func (b *initBox) life(system string) {
	b.start()
	b.refuses("start")
	if a := b.verb("status"); a.Installed || a.Status.System != system {
		b.t.Fatalf("before anything it is %+v", a)
	}
	installed := b.verb("install")
	if !installed.Changed || !installed.Enabled || installed.State != StateRunning || installed.User != systemAccount {
		b.t.Fatalf("installed it is %+v", installed)
	}
	if again := b.verb("install"); again.Changed || again.PID != installed.PID {
		b.t.Errorf("installed again it is %+v", again)
	}
	b.checkAccount(installed.PID)
	b.checkCrash(installed)
	if restarted := b.verb("restart"); restarted.State != StateRunning || restarted.PID == installed.PID {
		b.t.Errorf("restarted it is %+v", restarted)
	}
	began := time.Now()
	if stopped := b.verb("stop"); stopped.State != StateStopped || stopped.PID != 0 || time.Since(began) > 10*time.Second {
		b.t.Errorf("stopped after %v it is %+v", time.Since(began), stopped)
	}
	if left, _ := b.run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"); strings.Contains(left, "run --service") {
		b.t.Errorf("processes are left: %s", left)
	}
	b.checkRefused()
	b.stop()
	if log := b.read("var/lib/homehook/homehook.log"); !strings.HasSuffix(strings.TrimSpace(log), `msg="agent ended"`) {
		b.t.Errorf("the machine has ended it otherwise than in order: %s", log)
	}
	b.start()
	b.until("it starts with the machine", func() bool { return b.verb("status").State == StateRunning })
	b.checkUninstalled()
	b.stop()
}

// checkAccount holds that what runs is the account's, and so are its files.
func (b *initBox) checkAccount(pid int) {
	b.t.Helper()
	owner, _ := b.run("stat", "-c", "%U %G", "/proc/"+strconv.Itoa(pid), "/var/lib/homehook", "/run/homehook")
	if owner != strings.Repeat("homehook homehook\n", 3) {
		b.t.Errorf("owners are:\n%s", owner)
	}
	modes, _ := b.run("stat", "-c", "%U %G %a", "/etc/homehook", "/etc/homehook/config.yaml", "/var/lib/homehook", "/run/homehook", "/var/lib/homehook/homehook.log", "/var/lib/homehook/service.json")
	if want := "root homehook 750\nroot homehook 640\nhomehook homehook 700\nhomehook homehook 700\nhomehook homehook 600\nhomehook homehook 600\n"; modes != want {
		b.t.Errorf("modes are:\n%swant:\n%s", modes, want)
	}
	limits, _ := b.run("grep", "core file", "/proc/"+strconv.Itoa(pid)+"/limits")
	if f := strings.Fields(limits); len(f) < 6 || f[4] != "0" || f[5] != "0" {
		b.t.Errorf("the limit of cores is %q", limits)
	}
	environ, _ := b.run("sh", "-c", "tr '\\0' '\\n' </proc/"+strconv.Itoa(pid)+"/environ | sort | cut -d= -f1")
	if strings.Contains(environ, "SSH") || !strings.Contains(environ, "HOME") {
		b.t.Errorf("the environment has:\n%s", environ)
	}
}

// checkCrash holds that an agent that is killed is started again.
func (b *initBox) checkCrash(before answer) {
	b.t.Helper()
	b.run("kill", "-KILL", strconv.Itoa(before.PID))
	b.until("it is started again", func() bool {
		now := b.verb("status")
		return now.State == StateRunning && now.PID != before.PID && now.Restarts == 1 && strings.Contains(now.LastExit, "killed")
	})
}

// checkRefused holds that a broken configuration is named, and not tried again
// and again.
func (b *initBox) checkRefused() {
	b.t.Helper()
	good := b.read("etc/homehook/config.yaml")
	b.write("etc/homehook/config.yaml", "relays: [\n")
	b.refuses("start")
	failed := b.verb("status")
	if failed.State != StateFailed || failed.PID != 0 || !strings.Contains(failed.LastExit, "78") {
		b.t.Errorf("with a broken configuration it is %+v", failed)
	}
	b.write("etc/homehook/config.yaml", good)
	if mended := b.verb("start"); mended.State != StateRunning {
		b.t.Errorf("mended it is %+v", mended)
	}
}

// checkUninstalled holds that only the definition goes.
func (b *initBox) checkUninstalled() {
	b.t.Helper()
	if gone := b.verb("uninstall"); !gone.Changed || gone.Installed || gone.PID != 0 {
		b.t.Errorf("uninstalled it is %+v", gone)
	}
	if again := b.verb("uninstall"); again.Changed {
		b.t.Errorf("uninstalled again it is %+v", again)
	}
	for _, pattern := range []string{"etc/init.d/homehook", "etc/rc*.d/*homehook", "etc/runlevels/*/homehook"} {
		if left, err := filepath.Glob(filepath.Join(b.dir, pattern)); err != nil || len(left) > 0 {
			b.t.Errorf("left are %v, %v", left, err)
		}
	}
	for _, kept := range []string{"etc/homehook/config.yaml", "var/lib/homehook/history.db"} {
		if _, err := os.Stat(filepath.Join(b.dir, kept)); errors.Is(err, fs.ErrNotExist) {
			b.t.Errorf("%s is gone", kept)
		}
	}
}

func (b *initBox) read(name string) string {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(data)
}

// write changes a file of the box and leaves its owner and mode.
func (b *initBox) write(name, content string) {
	b.t.Helper()
	f, err := os.OpenFile(filepath.Join(b.dir, name), os.O_WRONLY|os.O_TRUNC|syscall.O_NOFOLLOW, 0)
	if err == nil {
		_, err = f.WriteString(content)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
