package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wine is a Windows that is none: Wine, with a folder of its own.
type wine struct {
	t      *testing.T
	prefix string
	limit  time.Duration // for each program
}

// wineProgram is where the program is for Wine.
const wineProgram = `C:\Homehook\homehook.exe`

// newWine makes a Wine with the Windows build of the program in it.
func newWine(t *testing.T) *wine {
	t.Helper()
	if os.Getenv("HOMEHOOK_TEST_WINE") == "" {
		t.Skip("set HOMEHOOK_TEST_WINE where Wine and x86_64-w64-mingw32-gcc are")
	}
	w := &wine{t: t, prefix: shortDir(t), limit: wineLimit}
	for name, value := range map[string]string{
		"WINEPREFIX": w.prefix, "WINEDEBUG": "-all", "HOMEHOOK_HOME": "",
		// No menus in the home of whoever runs this, and no questions.
		"WINEDLLOVERRIDES": "winemenubuilder.exe=d;mscoree=d;mshtml=d", "DISPLAY": "",
	} {
		t.Setenv(name, value)
	}
	w.host("wine", "wineboot", "-i")
	w.reboot()
	t.Cleanup(w.end)
	w.host("x86_64-w64-mingw32-gcc", "-O2", "-shared", "-nostartfiles", "-Wl,-e,0",
		"-o", filepath.Join(w.prefix, "drive_c/windows/system32/bcryptprimitives.dll"),
		filepath.Join("testdata", "prng.c"), "-ladvapi32", "-lkernel32")
	t.Setenv("GOOS", "windows")
	t.Setenv("CGO_ENABLED", "0")
	w.host("go", "build", "-o", filepath.Join(w.prefix, "drive_c/Homehook/homehook.exe"), "homehook/cmd/homehook")
	return w
}

// reboot ends all of Wine, and has what comes next not end with its last
// program: services go on without one.
func (w *wine) reboot() {
	w.t.Helper()
	w.end()
	w.host("wineserver", "-p")
}

// end ends all of Wine, and returns when it is gone.
func (w *wine) end() {
	w.run("wineserver", "-k") // there may be none
	w.run("wineserver", "-w")
}

// wineLimit is how long one program may take. What it starts outlives it, and
// would keep a pipe open: programs write to files.
const wineLimit = 2 * time.Minute

// host runs a program of this machine, which has to succeed.
func (w *wine) host(name string, args ...string) {
	w.t.Helper()
	if out, code := w.run(name, args...); code != 0 {
		w.t.Fatalf("%s %v ended with %d: %s", name, args, code, out)
	}
}

// run runs a program and returns what it prints on stdout, and its exit code.
func (w *wine) run(name string, args ...string) (string, int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), w.limit)
	defer cancel()
	if w.t.Context().Err() != nil { // the cleanup has to run yet
		ctx = context.WithoutCancel(ctx)
	}
	out, err := os.CreateTemp(w.prefix, "out")
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	stderr, err := os.CreateTemp(w.prefix, "err")
	if err != nil {
		w.t.Fatal(err)
	}
	defer stderr.Close()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = out, stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	if said, _ := os.ReadFile(stderr.Name()); cmd.ProcessState.ExitCode() != 0 { // all there is to say
		w.t.Logf("%s %s: %s", name, strings.Join(args, " "), said)
	}
	said, err := os.ReadFile(out.Name())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(bytes.TrimSpace(said)), cmd.ProcessState.ExitCode()
}

// verb runs a verb of the machine's service and returns its answer.
func (w *wine) verb(args ...string) answer {
	w.t.Helper()
	out, code := w.run("wine", append(append([]string{wineProgram, "service"}, args...), "--system", "--json")...)
	var a answer
	if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 {
		w.t.Fatalf("%v ended with %d, %v: %s", args, code, err, out)
	}
	return a
}

// asks asks the agent over its pipe. The first who dial one of Wine's may wait
// for ever.
func (w *wine) asks() {
	w.t.Helper()
	w.limit = 10 * time.Second
	defer func() { w.limit = wineLimit }()
	for range 5 {
		if out, code := w.run("wine", wineProgram, "status", "--system", "--json"); code == 0 {
			if !strings.Contains(out, `"state": "idle"`) {
				w.t.Errorf("the agent says %s", out)
			}
			return
		}
	}
	w.t.Error("the agent does not answer")
}

// refuses runs a verb that has to fail.
func (w *wine) refuses(args ...string) {
	w.t.Helper()
	if out, code := w.run("wine", append(append([]string{wineProgram, "service"}, args...), "--system")...); code != 1 {
		w.t.Errorf("%v ended with %d: %s", args, code, out)
	}
}

// TestWine holds the machine's service on Windows as far as Wine goes: its
// service control manager knows services that end, and not those that crash.
func TestWine(t *testing.T) {
	w := newWine(t)
	w.refuses("start")
	if a := w.verb("uninstall"); a.Changed {
		t.Errorf("nothing was uninstalled: %+v", a)
	}
	installed := w.verb("install")
	if !installed.Changed || !installed.Enabled || installed.State != StateRunning || installed.User != `NT SERVICE\homehook` ||
		installed.Status.System != "windows-service" || installed.Program != wineProgram {
		t.Fatalf("installed it is %+v", installed)
	}
	if again := w.verb("install"); again.Changed || again.PID != installed.PID {
		t.Errorf("installed again it is %+v", again)
	}
	w.asks()
	if restarted := w.verb("restart"); restarted.State != StateRunning || restarted.PID == installed.PID {
		t.Errorf("restarted it is %+v", restarted)
	}
	began := time.Now()
	if stopped := w.verb("stop"); stopped.State != StateStopped || !strings.Contains(stopped.LastExit, exitText(ExitDone)) || time.Since(began) > 10*time.Second {
		t.Errorf("stopped after %v it is %+v", time.Since(began), stopped)
	}
	folder := filepath.Join(w.prefix, "drive_c/ProgramData/Homehook")
	config := filepath.Join(folder, "config.yaml")
	if err := os.WriteFile(config, []byte("relays: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.refuses("start")
	if failed := w.verb("status"); failed.State != StateFailed || !strings.Contains(failed.LastExit, exitText(ExitConfig)) {
		t.Errorf("with a broken configuration it is %+v", failed)
	}
	if err := os.Remove(config); err != nil {
		t.Fatal(err)
	}
	// A Windows that starts anew starts the service.
	w.reboot()
	for end := time.Now().Add(bootLimit); w.verb("status").State != StateRunning; time.Sleep(awaitEvery) {
		if time.Now().After(end) {
			t.Fatal("it has not started with the machine")
		}
	}
	if gone := w.verb("uninstall"); !gone.Changed || gone.Installed {
		t.Errorf("uninstalled it is %+v", gone)
	}
	log, err := os.ReadFile(filepath.Join(folder, "state", logName))
	if err != nil || !strings.Contains(string(log), "agent starts") || !strings.HasSuffix(strings.TrimSpace(string(log)), `msg="agent ended"`) {
		t.Errorf("the log has %q, %v", log, err)
	}
}
