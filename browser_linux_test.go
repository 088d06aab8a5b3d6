package main_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"homehook/agent/control"
)

// listeners are the sockets on which a process takes connections or packets from a
// network, as the system lists them.
func listeners(t *testing.T, pid int) (found []string) {
	t.Helper()
	own := map[string]bool{}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	must(t, err)
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			own[strings.Trim(to[len("socket:"):], "[]")] = true
		}
	}
	if len(own) < 2 { // its links, and the control socket
		t.Fatalf("process %d has %d sockets", pid, len(own))
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6", "udplite", "raw", "raw6", "sctp/eps"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			// sl, local address, remote address, state, queues, timers, retries, uid, timeout, inode
			f := strings.Fields(line)
			const listening = "0A"
			if len(f) > 9 && own[f[9]] && (!strings.HasPrefix(table, "tcp") || f[3] == listening) {
				found = append(found, table+" "+f[1])
			}
		}
	}
	return found
}

// TestRow70NoPorts: an agent at work, with all that it can do switched on, listens on
// no port.
func TestRow70NoPorts(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.running(respondRoute)
	for _, verb := range []string{"doctor", "relay test test", "history", "pause", "resume"} {
		m.says(ownerID, "", strings.Fields(verb)...)
		if found := listeners(t, m.status().PID); len(found) > 0 {
			t.Errorf("after %s it listens: %q", verb, found)
		}
	}
	// That the look finds what there is: the relay listens.
	if found := listeners(t, m.server.Process.Pid); len(found) != 1 {
		t.Errorf("the relay listens: %q", found)
	}
}

// TestRow71And72Browser has a page in Chromium try all that a page can. There is
// nothing to reach where an agent runs; and where somebody has led a port to its
// control socket, under whatever name, everything a browser sends is refused.
func TestRow71And72Browser(t *testing.T) {
	t.Parallel()
	chromium := findChromium(t)
	m := newMachine(t)
	m.running(respondRoute)
	if found := listeners(t, m.status().PID); len(found) > 0 {
		t.Fatalf("the agent listens: %q", found)
	}
	b := newBridge(t, m.socket())
	_, port, _ := strings.Cut(b.addr, ":")
	before, err := os.ReadFile(m.in("config.yaml"))
	must(t, err)
	// Names of pages that lead to this machine, as after a change in the DNS: one is
	// the agent's own.
	rules := fmt.Sprintf("MAP homehook:80 %[1]s, MAP evil.example:80 %[1]s, MAP evil.example:%[2]s %[1]s, MAP homehook:%[2]s %[1]s, MAP homehook.evil.example:80 %[1]s", b.addr, port)
	nowhere := []string{"http://127.0.0.1", "http://localhost:8080", "http://127.0.0.1:7070"}
	for _, page := range []string{"http://homehook/page/no-referrer", "http://evil.example/page/unsafe-url", "http://" + b.addr + "/page/unsafe-url"} {
		origin := page[:strings.Index(page, "/page")]
		b.origins = append([]string{origin, "http://homehook", "http://homehook:" + port, "http://homehook.evil.example", "http://localhost:" + port, "http://" + b.addr}, nowhere...)
		end := browse(t, chromium, rules, page)
		for _, line := range b.tells(t) {
			what, how, _ := strings.Cut(line, ": ")
			if strings.Contains(how, " 200 ") || strings.Contains(how, "open") || strings.Contains(how, "garage") || what == "page" {
				t.Errorf("%s: %s", page, line)
			}
		}
		end()
	}
	b.check(t)
	after, err := os.ReadFile(m.in("config.yaml"))
	must(t, err)
	s := m.status()
	if string(after) != string(before) || s == nil || s.Paused || len(s.Claims) != 1 || s.State != control.StateConnected {
		t.Errorf("a page has changed something: %+v\n%s", s, after)
	}
	if text := m.ok("", "secret", "list"); strings.Contains(text, "evil") {
		t.Errorf("a page has set a secret: %s", text)
	}
}

// TestRow73Links: no kind of link leads to the program, which takes none either.
func TestRow73Links(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.configure(respondRoute)
	before, err := os.ReadFile(m.in("config.yaml"))
	must(t, err)
	for _, link := range []string{"homehook://import?config=claims", "homehook:pause", "webhook://import", "file:///etc/passwd", "http://evil.example/"} {
		if code, text := m.says(ownerID, "", link); code != 2 {
			t.Errorf("%s: %d, %s", link, code, text)
		}
	}
	after, err := os.ReadFile(m.in("config.yaml"))
	must(t, err)
	if string(after) != string(before) {
		t.Errorf("the configuration is\n%s", after)
	}
	for _, folder := range []string{"installer", "service", "cmd"} {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && e.IsDir() {
				return nil
			}
			must(t, err)
			text, err := os.ReadFile(path)
			must(t, err)
			for _, word := range []string{"x-scheme-handler", "CFBundleURLTypes", "URL Protocol"} {
				if strings.Contains(string(text), word) {
					t.Errorf("%s has %s", path, word)
				}
			}
			return nil
		})
		must(t, err)
	}
}

func findChromium(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("needs Chromium: apt-get install chromium")
	}
	return program
}

// browse opens an address in Chromium, with names that lead where they are told to. It
// returns what ends it.
func browse(t *testing.T, program, rules, address string) (end func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "hh-chromium-")
	must(t, err)
	cmd := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-popup-blocking",
		"--no-proxy-server", "--user-data-dir="+dir, "--host-resolver-rules="+rules,
		// What keeps pages from the machine they are shown on, and from what other
		// sites answer, is taken away.
		"--disable-web-security", "--disable-features=PrivateNetworkAccessChecks,LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,HttpsUpgrades", address)
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir, "DBUS_SESSION_BUS_ADDRESS=disabled:")
	out, err := os.Create(filepath.Join(dir, "said"))
	must(t, err)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it is many processes
	cmd.WaitDelay = time.Second
	must(t, cmd.Start())
	end = sync.OnceFunc(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		out.Close()
	})
	t.Cleanup(func() {
		end()
		if text, _ := os.ReadFile(out.Name()); t.Failed() {
			t.Logf("chromium wrote: %.300s", text)
		}
		os.RemoveAll(dir) // what is left of it is of a process on its way out
	})
	return end
}
