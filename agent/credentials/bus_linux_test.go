package credentials

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"
)

// busVariable says that the test program runs on a bus of its own.
const busVariable = "CREDENTIALS_TEST_BUS"

// bareBus is a bus that starts no program by itself.
const bareBus = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// onBus has a test run in a process of its own, with a session bus and a home of
// its own, where there are the programs that it needs, and says whether this is that process.
func onBus(t *testing.T, programs ...string) bool {
	t.Helper()
	if os.Getenv(busVariable) == t.Name() {
		t.Cleanup(func() {
			if shared, err := dbus.SessionBus(); err == nil { // that of go-keyring
				shared.Close()
			}
			goleak.VerifyNone(t)
		})
		return true
	}
	for _, name := range append(programs, "dbus-run-session") {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("HOMEHOOK_TEST_PEERS") == "1" {
				t.Fatal(name + " is not installed")
			}
			t.Skip(name + " is not installed")
		}
	}
	t.Parallel() // it mostly waits for limits
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home, runtime := t.TempDir(), t.TempDir()
	if err := os.Chmod(runtime, 0o700); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(runtime, "bus.conf")
	if len(programs) > 0 {
		conf = "/usr/share/dbus-1/session.conf" // on this one, the bus may start them
	} else {
		write(t, conf, bareBus)
	}
	args := []string{"--config-file=" + conf, "--", self, "-test.run=^" + t.Name() + "$", "-test.v", "-test.timeout=2m"}
	cmd := exec.CommandContext(t.Context(), "dbus-run-session", args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + runtime, "LANG=C.UTF-8",
		"TMPDIR=" + filepath.Dir(home), busVariable + "=" + t.Name(),
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// within checks how long something takes.
func within(t *testing.T, limit time.Duration, what string, do func()) {
	t.Helper()
	start := time.Now()
	do()
	if took := time.Since(start); took > limit {
		t.Errorf("%s took %s, more than %s", what, took, limit)
	}
}

// until waits for a state.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never came: " + what)
		}
	}
}
