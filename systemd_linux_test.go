package main_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"homehook/service"
)

// TestSystemd installs, starts, kills and removes agent and relay on a machine
// that systemd runs, as packages and as people do it.
func TestSystemd(t *testing.T) {
	b := newBox(t)
	b.boot(t)
	b.must(t, "", "useradd -m -s /bin/bash ann; useradd -m -s /bin/bash bob")
	// What a package does when it is installed.
	b.must(t, "", "systemd-sysusers && systemd-tmpfiles --create homehook.conf && systemctl daemon-reload")
	t.Run("units", func(t *testing.T) { testUnits(t, b) })
	t.Run("relay", func(t *testing.T) { testRelayService(t, b) })
	t.Run("user", func(t *testing.T) { testUserService(t, b) })
	t.Run("user without a package", func(t *testing.T) { testOwnUnit(t, b) })
	t.Run("system", func(t *testing.T) { testSystemService(t, b) })
	t.Run("next boot", func(t *testing.T) { testNextBoot(t, b) })
}

// testUnits asks systemd itself about the units, where it would run them.
func testUnits(t *testing.T, b *box) {
	for unit, limit := range map[string]string{"homehook.service": "45", "homehook-relay.service": "20"} {
		b.must(t, "", "systemd-analyze security --no-pager --threshold="+limit+" "+unit)
	}
	for _, unit := range []string{"homehook.service", "homehook-relay.service", "homehook-relay.socket"} {
		if out := b.must(t, "", "systemd-analyze verify --man=no /usr/lib/systemd/system/"+unit+" 2>&1"); out != "" {
			t.Errorf("%s: %s", unit, out)
		}
	}
	if out := b.must(t, "", "XDG_RUNTIME_DIR=/run systemd-analyze --user verify --man=no /usr/lib/systemd/user/homehook.service 2>&1"); out != "" {
		t.Errorf("user unit: %s", out)
	}
}

// testRelayService leaves a relay at 127.0.0.1:8080 that systemd listens for.
func testRelayService(t *testing.T, b *box) {
	b.write(t, "", "/etc/systemd/system/homehook-relay.socket.d/port.conf", "644", "[Socket]\nListenStream=\nListenStream=127.0.0.1:8080\n")
	b.must(t, "", "systemctl daemon-reload && systemctl enable --now --quiet homehook-relay.socket")
	if state, _ := b.run("", "systemctl is-active homehook-relay.service"); state != "inactive" {
		t.Fatalf("before the first connection the relay is %s", state)
	}
	const get = `exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; printf "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" >&3; head -1 <&3'`
	if got := b.must(t, "", get); !strings.HasPrefix(got, "HTTP/1.1 ") {
		t.Fatalf("at the first connection it says %q", got)
	}
	show := func(property string) string {
		return b.must(t, "", "systemctl show --value --property="+property+" homehook-relay.service")
	}
	if got := show("ActiveState"); got != "active" {
		t.Errorf("after the first connection the relay is %s", got)
	}
	pid := show("MainPID")
	if uid := b.must(t, "", "stat -c %u /proc/"+pid); uid == "0" {
		t.Error("the relay runs as root")
	}
	// A connection while the relay is killed, or restarts, only waits.
	b.must(t, "", "kill -9 "+pid)
	if got := b.must(t, "", get); !strings.HasPrefix(got, "HTTP/1.1 ") {
		t.Errorf("after it was killed it says %q", got)
	}
	began := time.Now()
	b.must(t, "", "systemctl restart homehook-relay.service")
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("a restart takes %v", d)
	}
	if got := b.must(t, "", "systemctl enable homehook-relay.service; "+get); !strings.HasPrefix(got, "HTTP/1.1 ") {
		t.Errorf("after a restart it says %q", got)
	}
	if out := b.must(t, "", "journalctl -q -o cat -u homehook-relay.service"); !strings.Contains(out, "listening on") {
		t.Errorf("the journal does not have its log:\n%s", out)
	}
	b.hangs(t, "homehook-relay")
	// The relay has to go on with what root has written into its data.
	b.must(t, "", "homehook-relay token create ann > /home/ann/token; chown ann /home/ann/token; homehook-relay token create machine > /root/token")
	b.must(t, "", "systemctl restart homehook-relay.service && homehook-relay token list && "+get)
}

// hangs stops a service's process in a way that it cannot notice, and holds that
// systemd does, and starts it again. One that goes on it leaves alone.
func (b *box) hangs(t *testing.T, unit string) {
	t.Helper()
	// In the unit as it is, it would take a minute.
	b.write(t, "", "/etc/systemd/system/"+unit+".service.d/watchdog.conf", "644", "[Service]\nWatchdogSec=1\nWatchdogSignal=SIGKILL\n")
	pid := func() string { return b.must(t, "", "systemctl show --value --property=MainPID "+unit) }
	b.must(t, "", "systemctl daemon-reload && systemctl restart "+unit)
	before := pid()
	time.Sleep(2 * time.Second) // twice its time: it has to be heard of in between
	if now := pid(); now != before {
		t.Errorf("%s was well and was killed", unit)
	}
	b.must(t, "", "kill -STOP "+before)
	await(t, unit+" to be started again", func() (bool, string) {
		now := pid()
		return now != before && now != "0", now
	})
	b.must(t, "", "rm -r /etc/systemd/system/"+unit+".service.d && systemctl daemon-reload && systemctl restart "+unit)
}

// route is a configuration in which a script runs for longer than it may when
// the agent ends.
const route = `
routes:
  - name: slow
    match: /slow
    unverified: true
    script: {command: [%s/slow.sh], timeout: 1m, limits: {memory: 1GiB, files: 64}}
`

// slowScript runs on when it is asked to end. It does so once: what is left of its
// delivery when the agent starts again is done at once.
const slowScript = "#!/bin/sh\n[ -e %[1]s/began ] && exit\ntrap '' TERM\ntouch %[1]s/began\nwhile :; do sleep 0.1; done\n"

// claim connects the agent of a user, root for the system's, to the relay, and
// has it begin a script. home is a folder of the agent's.
func (b *box) claim(t *testing.T, user, home, flags, config string) {
	t.Helper()
	b.must(t, user, "homehook relay add local http://127.0.0.1:8080 --token-stdin"+flags+" < ~/token")
	b.must(t, user, "homehook claim garage-"+user+"x --answer store"+flags)
	b.write(t, user, home+"/slow.sh", "755", fmt.Sprintf(slowScript, home))
	if flags != "" {
		b.must(t, "", "chown -R homehook: "+home)
	}
	b.must(t, user, "cat >> "+config+" <<'END'"+fmt.Sprintf(route, home)+"END")
	b.must(t, user, "homehook route approve slow"+flags)
	await(t, "the claim to be public", func() (bool, string) {
		out, err := b.run(user, "homehook claims"+flags)
		return err == nil && strings.Contains(out, " connected "), fmt.Sprint(out, err)
	})
	await(t, "the script to run", func() (bool, string) {
		// The agent reads its configuration a moment after it has changed.
		sent := b.must(t, user, "homehook send http://127.0.0.1:8080/~garage-"+user+"x/slow --data x")
		out, err := b.run(user, "ls "+home+"/began")
		return err == nil, sent + out
	})
}

// stopsInTime stops a service while a script runs that does not want to end.
func stopsInTime(t *testing.T, b *box, user, flags string) {
	t.Helper()
	began := time.Now()
	a := b.service(t, user, "stop"+flags)
	if d := time.Since(began); d > 10*time.Second || a.State != service.StateStopped || !a.Changed {
		t.Errorf("it stopped after %v: %+v", d, a)
	}
	if out, err := b.run("", "pgrep -u "+a.User+" -f '[s]low.sh'"); err == nil {
		t.Errorf("the script runs on: %s", out)
	}
}

func testUserService(t *testing.T, b *box) {
	b.fails(t, "ann", "homehook service install", "sudo loginctl enable-linger ann")
	b.fails(t, "", "homehook service install", "run it as the user whose service it is")
	b.must(t, "", "loginctl enable-linger ann")
	await(t, "systemd to run for ann", func() (bool, string) {
		out, err := b.run("ann", "XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user is-system-running")
		return err == nil, out
	})
	if a := b.service(t, "ann", "status"); a.Installed || a.State != service.StateStopped {
		t.Errorf("before it is installed: %+v", a)
	}
	b.fails(t, "ann", "homehook service start", "homehook service install")

	a := b.service(t, "ann", "install")
	if !a.Changed || a.State != service.StateRunning || !a.Enabled || a.User != "ann" || a.Program != "/usr/bin/homehook" ||
		a.Definition != "/usr/lib/systemd/user/homehook.service" || a.Config != "/home/ann/.config/homehook/config.yaml" ||
		a.PID == 0 || time.Since(a.Started) > time.Minute || len(a.Notes) != 0 {
		t.Errorf("installed: %+v", a)
	}
	if again := b.service(t, "ann", "install"); again.Changed || again.PID != a.PID {
		t.Errorf("installed again: %+v", again)
	}
	if b.service(t, "ann", "install --linger").Changed || b.service(t, "ann", "start").Changed {
		t.Error("what is so already changes")
	}
	b.must(t, "ann", "homehook status")
	if out := b.must(t, "ann", a.Log+" -q -o cat"); !strings.Contains(out, "agent starts") {
		t.Errorf("the journal does not have its log:\n%s", out)
	}

	b.must(t, "ann", fmt.Sprintf("kill -9 %d", a.PID))
	killed := b.awaitRunning(t, "ann", "", a.PID)
	if killed.Restarts != 1 || !strings.HasPrefix(killed.LastExit, "ended by SIGKILL, ") {
		t.Errorf("after it was killed: %+v", killed)
	}
	b.claim(t, "ann", "/home/ann", "", "~/.config/homehook/config.yaml")
	stopsInTime(t, b, "ann", "")

	testRefusedConfig(t, b, "ann", "", "/home/ann/.config/homehook/config.yaml")

	// As after the user has signed out and in again, or the machine was off.
	b.must(t, "", "systemctl restart user@$(id -u ann).service")
	b.awaitRunning(t, "ann", "", 0)
}

// testRefusedConfig holds that a service is not started again and again with a
// configuration that it refuses.
func testRefusedConfig(t *testing.T, b *box, user, flags, config string) {
	t.Helper()
	b.must(t, user, "cp -p "+config+" "+config+".good && echo 'relais: []' >> "+config)
	b.fails(t, user, "homehook service start"+flags, "is refused")
	a := b.service(t, user, "status"+flags)
	if a.State != service.StateFailed || a.Restarts != 0 || !strings.HasPrefix(a.LastExit, "exit code 78, since the configuration") {
		t.Errorf("with a broken configuration: %+v", a)
	}
	if out := b.must(t, user, a.Log+" -q -o cat"); !strings.Contains(out, "relais") {
		t.Errorf("the journal does not say what is wrong:\n%s", out)
	}
	b.must(t, user, "mv "+config+".good "+config)
	if a := b.service(t, user, "start"+flags); a.State != service.StateRunning {
		t.Errorf("with a mended configuration: %+v", a)
	}
}

// testOwnUnit has a user install a program of their own over the package's.
func testOwnUnit(t *testing.T, b *box) {
	b.must(t, "ann", "mkdir -p ~/bin && cp /usr/bin/homehook ~/bin/")
	const unit = "/home/ann/.config/systemd/user/homehook.service"
	verb := func(verb string) answer {
		t.Helper()
		return b.service(t, "ann", "status --json >/dev/null; ~/bin/homehook service "+verb)
	}
	before := b.service(t, "ann", "status")
	a := verb("install")
	if !a.Changed || a.State != service.StateRunning || a.Program != "/home/ann/bin/homehook" || a.Definition != unit || a.PID == before.PID {
		t.Errorf("installed over the package's: %+v", a)
	}
	if again := verb("install"); again.Changed || again.PID != a.PID {
		t.Errorf("installed again: %+v", again)
	}
	b.must(t, "ann", "echo '# edited' >> "+unit)
	if a = verb("install --no-start"); !a.Changed {
		t.Errorf("a unit that was edited stays: %+v", a)
	}
	b.fails(t, "ann", "chmod o+w ~/bin && ~/bin/homehook service install", "can be changed by others")
	b.fails(t, "ann", "cp ~/bin/homehook /tmp && /tmp/homehook service install", "folder for temporary files")
	if a = verb("uninstall"); !a.Changed || a.State != service.StateStopped || a.Definition == unit {
		t.Errorf("uninstalled: %+v", a)
	}
	if verb("uninstall").Changed {
		t.Error("uninstalled again: something changes")
	}
	b.must(t, "ann", "ls ~/.config/homehook/config.yaml ~/.local/state/homehook/history.db")
	b.must(t, "ann", "chmod o-w ~/bin")
	// For the next boot.
	b.service(t, "ann", "install")
}

func testSystemService(t *testing.T, b *box) {
	b.fails(t, "bob", "homehook service install --system", "sudo homehook service install --system")
	b.fails(t, "", "homehook service install --system --account root", "does not run as root")
	b.fails(t, "", "homehook service install --system --account nobody-of-this-name", "there is no user")
	b.must(t, "", "systemctl stop homehook; userdel homehook; rm -r /etc/homehook") // as without a package
	b.fails(t, "", "homehook relay add x http://127.0.0.1:8080 --system", "homehook service install --system")
	a := b.service(t, "", "install --system")
	if !a.Changed || a.State != service.StateRunning || !a.Enabled || a.User != "homehook" || a.Scope != service.System || len(a.Notes) != 0 {
		t.Errorf("installed: %+v", a)
	}
	if again := b.service(t, "", "install --system"); again.Changed || again.PID != a.PID {
		t.Errorf("installed again: %+v", again)
	}
	for path, want := range map[string]string{
		"/etc/homehook": "750 root:homehook", "/etc/homehook/config.yaml": "640 root:homehook", "/var/lib/homehook": "700 homehook:homehook",
		"/run/homehook": "700 homehook:homehook", fmt.Sprintf("/proc/%d", a.PID): "555 homehook:homehook",
	} {
		if got := b.must(t, "", "stat -c '%a %U:%G' "+path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	b.must(t, "", "homehook status --system && homehook doctor --system --json >/dev/null || true")
	if _, err := b.run("bob", "homehook status --system"); err == nil {
		t.Error("everybody may ask the system's agent")
	}
	testSystemdCredential(t, b)
	a = b.service(t, "", "status --system")
	b.must(t, "", fmt.Sprintf("kill -9 %d", a.PID))
	if a = b.awaitRunning(t, "", " --system", a.PID); a.Restarts != 1 || !strings.HasPrefix(a.LastExit, "ended by SIGKILL, ") {
		t.Errorf("after it was killed: %+v", a)
	}
	b.hangs(t, "homehook")
	b.claim(t, "", "/srv/hooks", " --system", "/etc/homehook/config.yaml")
	if got := b.must(t, "", "stat -c '%a %U:%G' /etc/homehook/config.yaml"); got != "640 root:homehook" {
		t.Errorf("after changes to it the configuration is %s", got)
	}
	stopsInTime(t, b, "", " --system")
	b.fails(t, "", "homehook secret list --system", "homehook --system service start")
	testRefusedConfig(t, b, "", " --system", "/etc/homehook/config.yaml")
	if a = b.service(t, "", "restart --system"); a.State != service.StateRunning {
		t.Errorf("restarted: %+v", a)
	}
	if a = b.service(t, "", "uninstall --system"); a.State != service.StateStopped || a.Enabled {
		t.Errorf("uninstalled: %+v", a)
	}
	b.must(t, "", "ls /var/lib/homehook/history.db /etc/homehook/config.yaml")
	b.service(t, "", "install --system --no-start") // for the next boot
}

// testSystemdCredential has systemd hand the key of the credentials over.
func testSystemdCredential(t *testing.T, b *box) {
	t.Helper()
	b.must(t, "", "echo value | homehook secret set mine --system")
	b.must(t, "", "mkdir -p -m 700 /etc/credstore.encrypted && head -c 32 /dev/urandom | base64 |"+
		" systemd-creds encrypt --name=homehook-root-key - /etc/credstore.encrypted/homehook-root-key")
	b.must(t, "", "homehook service restart --system && homehook secret store systemd --system")
	b.must(t, "", "homehook service restart --system")
	if got := b.must(t, "", "homehook status --system"); !strings.Contains(got, "credentials  systemd") {
		t.Errorf("the key is not systemd's:\n%s", got)
	}
	if got := b.must(t, "", "homehook secret list --system && ls /var/lib/homehook"); !strings.Contains(got, "mine ") || strings.Contains(got, "root.key") {
		t.Errorf("the credentials are\n%s", got)
	}
}

// testNextBoot holds that all of it starts with the machine, for users who have
// not signed in, too.
func testNextBoot(t *testing.T, b *box) {
	b.off(t)
	b.boot(t)
	b.awaitRunning(t, "", " --system", 0)
	b.awaitRunning(t, "ann", "", 0)
	await(t, "the claims to be public", func() (bool, string) {
		of := b.must(t, "", "homehook claims --system")
		its, err := b.run("ann", "homehook claims")
		return strings.Contains(of, " connected ") && strings.Contains(its, " connected "), fmt.Sprint(of, its, err)
	})
}
