package main_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// soon is how long it may take from a change of the network, or a wake from sleep,
// to a link that works.
const soon = 5 * time.Second

// street is a home and a relay in network namespaces of their own, which two pairs
// of interfaces join: a cable and a radio.
type street struct {
	t           *testing.T
	home, relay string // the namespaces
	bin, dir    string
	agent       *exec.Cmd
	server      *exec.Cmd
	log         *lockedBuffer
	token       string
}

// relayAddress is where the relay is, over whichever way.
const relayAddress = "198.51.100.1"

// newStreet lays everything out. At first the radio is off. The agent links in a
// dialect, with "" in the one it chooses.
func newStreet(t *testing.T, dialect string) *street {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip (iproute2)")
	}
	name := fmt.Sprintf("hh%d-%d", os.Getpid(), time.Now().UnixNano()%1e6)
	s := &street{t: t, home: name + "h", relay: name + "r", bin: build(t), dir: t.TempDir(), log: &lockedBuffer{}}
	for _, ns := range []string{s.home, s.relay} {
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil {
			t.Skipf("network namespaces cannot be made here: %s", out)
		}
		t.Cleanup(func() { exec.Command("ip", "netns", "del", ns).Run() })
		s.ip(ns, "link set lo up")
	}
	for i, way := range []string{"cable", "radio"} {
		s.ip(s.home, fmt.Sprintf("link add %s type veth peer name %s netns %s", way, way, s.relay))
		s.ip(s.relay, fmt.Sprintf("addr add 10.9.%d.1/24 dev %s", i, way))
		s.ip(s.home, fmt.Sprintf("addr add 10.9.%d.2/24 dev %s", i, way))
		s.ip(s.relay, "link set "+way+" up")
	}
	s.ip(s.relay, "addr add "+relayAddress+"/32 dev lo")
	s.plug("cable")
	s.startRelay()
	token, err := exec.Command(filepath.Join(s.bin, "homehook-relay"), "token", "create", "home", "--data", s.dir+"/relay").Output()
	if err != nil {
		t.Fatal(err)
	}
	s.token = strings.TrimSpace(string(token))
	s.startAgent(dialect)
	return s
}

// plug brings a way up, with a route to everywhere. The radio is the lesser one.
func (s *street) plug(way string) {
	s.t.Helper()
	s.ip(s.home, "link set "+way+" up")
	i, metric := 0, 100
	if way == "radio" {
		i, metric = 1, 600
	}
	s.ip(s.home, fmt.Sprintf("route replace default via 10.9.%d.1 metric %d", i, metric))
}

// ip runs the command of that name in a namespace.
func (s *street) ip(ns, args string) {
	s.t.Helper()
	if out, err := exec.Command("ip", append([]string{"-n", ns}, strings.Fields(args)...)...).CombinedOutput(); err != nil {
		s.t.Fatalf("ip %s: %v: %s", args, err, out)
	}
}

// start runs a program of ours in a namespace, until the test ends.
func (s *street) start(ns string, env []string, args ...string) (*exec.Cmd, io.Reader) {
	s.t.Helper()
	cmd := exec.Command("ip", append([]string{"netns", "exec", ns}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGCONT)
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, out
}

func (s *street) startRelay() {
	s.t.Helper()
	cmd, log := s.start(s.relay, nil, filepath.Join(s.bin, "homehook-relay"), "serve", "--listen", ":80", "--plain",
		"--data", s.dir+"/relay", "--url", "http://"+relayAddress)
	lines := bufio.NewScanner(log)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "listening on ") {
	}
	go io.Copy(io.Discard, log)
	s.server = cmd
}

func (s *street) startAgent(dialect string) {
	s.t.Helper()
	home := filepath.Join(s.dir, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		s.t.Fatal(err)
	}
	env := []string{"HOMEHOOK_HOME=" + home}
	config := `relays: [{name: mine, url: "http://` + relayAddress + `", plain: true, token: relay/mine, dialect: ` + dialect + `}]
claims: [{name: garage, relay: mine, answer: through}]
routes: [{match: /, unverified: true, respond: {status: 200, body: home}}]
`
	secret := exec.Command(filepath.Join(s.bin, "homehook"), "secret", "set", "relay/mine")
	secret.Env, secret.Stdin = append(os.Environ(), env...), strings.NewReader(s.token)
	if out, err := secret.CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	configs, err := filepath.Glob(filepath.Join(home, "*"))
	if err != nil || len(configs) == 0 {
		s.t.Fatal(configs, err)
	}
	if err := os.WriteFile(filepath.Join(home, "config.yaml"), []byte(config), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd, log := s.start(s.home, env, filepath.Join(s.bin, "homehook"), "run", "--log-level", "debug")
	go io.Copy(s.log, log)
	s.agent = cmd
	s.t.Cleanup(func() {
		if s.t.Failed() || testing.Verbose() {
			s.t.Logf("the agent's log:\n%s", s.log)
		}
	})
	if took := s.works(20 * time.Second); took < 0 {
		s.t.Fatal("the first link never came up")
	}
}

// works waits until a sender gets home's answer, and says how long that took;
// negative is that it did not come to it. There is a new sender every now and then:
// the first ones may have been sent to where nobody is any more.
func (s *street) works(within time.Duration) time.Duration {
	began := time.Now()
	answered := make(chan struct{}, 1)
	var senders sync.WaitGroup
	defer senders.Wait()
	next := time.NewTicker(50 * time.Millisecond)
	defer next.Stop()
	for time.Since(began) < within {
		senders.Go(func() {
			if s.ask(2*time.Second) == nil {
				select {
				case answered <- struct{}{}:
				default:
				}
			}
		})
		select {
		case <-answered:
			return time.Since(began)
		case <-next.C:
		}
	}
	return -1
}

// ask sends one request to the public address, as a sender next to the relay.
func (s *street) ask(patience time.Duration) (err error) {
	s.inside(s.relay, func() {
		var nc net.Conn
		if nc, err = net.DialTimeout("tcp", relayAddress+":80", patience); err != nil {
			return
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(patience))
		if _, err = io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHost: "+relayAddress+"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"); err != nil {
			return
		}
		res, readErr := http.ReadResponse(bufio.NewReader(nc), nil)
		if err = readErr; err != nil {
			return
		}
		defer res.Body.Close()
		if text, _ := io.ReadAll(res.Body); res.StatusCode != 200 || string(text) != "home" {
			err = fmt.Errorf("answered %d %q", res.StatusCode, text)
		}
	})
	return err
}

// inside runs f on a thread that is in a namespace, and ends with it.
func (s *street) inside(ns string, f func()) {
	var wg sync.WaitGroup
	wg.Go(func() {
		runtime.LockOSThread() // never unlocked: nobody else is to have the thread
		h, err := os.Open("/run/netns/" + ns)
		if err != nil {
			s.t.Error(err)
			return
		}
		defer h.Close()
		if err := unix.Setns(int(h.Fd()), unix.CLONE_NEWNET); err != nil {
			s.t.Error(err)
			return
		}
		f()
	})
	wg.Wait()
}

// withinSoon holds that a link works again in time, and logs how long it took.
func (s *street) withinSoon(what string) {
	s.t.Helper()
	switch took := s.works(3 * soon); {
	case took < 0:
		s.t.Errorf("%s: no link works", what)
	case took > soon:
		s.t.Errorf("%s: a link works after %v, which is later than %v", what, took, soon)
	default:
		s.t.Logf("%s: a link works after %v", what, took.Round(time.Millisecond))
	}
}

// lockedBuffer is a log that one writes and another one reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestAnotherAddress gives the home another address on the same network.
func TestAnotherAddress(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"ptth/1.0", "ptth", "comet", "reversehttp"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := newStreet(t, dialect)
			s.ip(s.home, "addr del 10.9.0.2/24 dev cable")
			s.ip(s.home, "addr add 10.9.0.3/24 dev cable")
			s.plug("cable")
			s.withinSoon("another address")
		})
	}
}

// TestAnotherWay pulls the cable: the address stays, and the way over the radio
// leads to the relay from now on.
func TestAnotherWay(t *testing.T) {
	t.Parallel()
	s := newStreet(t, "")
	s.plug("radio")
	s.ip(s.relay, "link set cable down")           // as a switch that has lost its power
	s.ip(s.home, "route del default via 10.9.0.1") // as whatever manages the network does then
	s.withinSoon("the cable is out, the radio is there")
	s.ip(s.relay, "link set cable up")
	s.plug("cable")
	s.ip(s.home, "link set radio down")
	s.withinSoon("the radio is off, the cable is in")
}

// TestNetworkIsBack takes the network away for so long that links have ended and
// tries have become rare.
func TestNetworkIsBack(t *testing.T) {
	t.Parallel()
	s := newStreet(t, "")
	s.ip(s.home, "link set cable down")
	away := 30 * time.Second
	if testing.Short() {
		away = 6 * time.Second
	}
	time.Sleep(away) // what is tested is what comes of an outage
	s.plug("cable")
	s.withinSoon("the network is back")
}

// TestWakeFromSleep has the agent stand still while its links end, which it cannot
// notice.
func TestWakeFromSleep(t *testing.T) {
	t.Parallel()
	s := newStreet(t, "")
	time.Sleep(300 * time.Millisecond) // an answer under way would meet the new relay, and tell
	s.agent.Process.Signal(syscall.SIGSTOP)
	// The relay's farewell gets lost, and is not said again.
	s.inside(s.relay, func() {
		if err := os.WriteFile("/proc/sys/net/ipv4/tcp_orphan_retries", []byte("1"), 0); err != nil {
			s.t.Log(err)
		}
	})
	s.ip(s.relay, "link set cable down")
	s.server.Process.Kill()
	s.server.Wait()
	s.startRelay()
	time.Sleep(6 * time.Second) // what is tested is that time has passed
	s.ip(s.relay, "link set cable up")
	s.agent.Process.Signal(syscall.SIGCONT)
	s.withinSoon("awake")
	// The cable may be noticed first; one check does for both.
	for deadline := time.Now().Add(soon); !strings.Contains(s.log.String(), "links are checked"); {
		if time.Now().After(deadline) {
			t.Fatal("the agent has not noticed that it stood still, nor that the cable is back")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
