package main_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/faults/port"
	"homehook/relay"
)

// startBoth runs a relay and an agent in this process and returns the public
// URL of the claim "garage", a client of the agent, and what ends both.
func startBoth(t *testing.T, routes string) (public string, client *control.Client, stop func()) {
	t.Helper()
	dir := t.TempDir()
	r, err := relay.New(t.Context(), relay.Options{Data: filepath.Join(dir, "relay")})
	if err != nil {
		t.Fatal(err)
	}
	token, err := r.CreateToken(t.Context(), "test", 10)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	writeConfig(t, home, ln.Addr().String(), routes)
	creds, err := credentials.Open(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := creds.Set("relay/test", token); err != nil {
		t.Fatal(err)
	}
	a, err := agent.New(t.Context(), agent.Options{
		Config: filepath.Join(home, "config.yaml"), History: filepath.Join(home, "history.db"),
		Socket: filepath.Join(home, "s"), Credentials: creds, Version: "test",
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() {
		if err := a.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	client = control.NewClient(filepath.Join(home, "s"))
	stop = sync.OnceFunc(func() {
		client.Close()
		cancel()
		wg.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	eventually(t, "the agent is connected", func() bool {
		s, err := client.Status(t.Context())
		return err == nil && s.State == control.StateConnected
	})
	return "http://" + ln.Addr().String() + "/~garage", client, stop
}

func writeConfig(t *testing.T, home, relayAddr, routes string) {
	t.Helper()
	conf := fmt.Sprintf(`relays: [{name: test, url: "http://%s", token: relay/test}]
claims: [{name: garage}]
routes:
%s`, relayAddr, routes)
	if err := os.WriteFile(filepath.Join(home, "config.yaml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
}

// open counts what a leak would leave: goroutines, and descriptors where the
// system tells.
func open() (goroutines, descriptors int) {
	fds, _ := os.ReadDir("/proc/self/fd")
	return runtime.NumGoroutine(), len(fds)
}

func TestThousandDeliveries(t *testing.T) {
	goroutines, descriptors := open()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s got %x", r.URL.Path, sha256.Sum256(body))
	}))
	public, client, stop := startBoth(t, fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", app.URL))

	sender := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	work := make(chan int)
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			for i := range work {
				body := strings.Repeat(fmt.Sprint(i, " "), i%400+1)
				res, err := sender.Post(fmt.Sprintf("%s/n/%d", public, i), "text/plain", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					continue
				}
				got, err := io.ReadAll(res.Body)
				res.Body.Close()
				want := fmt.Sprintf("/n/%d got %x", i, sha256.Sum256([]byte(body)))
				if err != nil || res.StatusCode != 200 || string(got) != want {
					t.Errorf("request %d: %d, %q, %v", i, res.StatusCode, got, err)
				}
			}
		})
	}
	const n = 1000
	for i := range n {
		work <- i
	}
	close(work)
	callers.Wait()

	eventually(t, "every delivery has its end", func() bool {
		list, _, err := client.Deliveries(t.Context(), control.Query{State: control.Running})
		return err == nil && len(list) == 0
	})
	rows := make(map[string]string) // path to digest
	for cursor := ""; ; {
		page, next, err := client.Deliveries(t.Context(), control.Query{Limit: 300, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			rows[d.Path] = d.BodySHA256
		}
		if cursor = next; next == "" {
			break
		}
	}
	for i := range n {
		sum := sha256.Sum256([]byte(strings.Repeat(fmt.Sprint(i, " "), i%400+1)))
		if path := fmt.Sprintf("/n/%d", i); rows[path] != hex.EncodeToString(sum[:]) {
			t.Errorf("history has %q for %s", rows[path], path)
		}
	}
	if len(rows) != n {
		t.Errorf("%d rows in the history, want %d", len(rows), n)
	}

	sender.CloseIdleConnections()
	stop()
	app.Close()
	eventually(t, "goroutines and descriptors are as before", func() bool {
		g, d := open()
		return g <= goroutines && d <= descriptors
	})
}

// eventually polls until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// program is a built command at work.
type program struct {
	*exec.Cmd
	t *testing.T
}

func start(t *testing.T, env []string, name string, args ...string) *program {
	t.Helper()
	p := &program{exec.Command(name, args...), t}
	p.Env = append(os.Environ(), env...)
	p.Stdout, p.Stderr = t.Output(), t.Output()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the program as a power cut would.
func (p *program) kill() {
	p.Process.Kill()
	p.Wait()
}

func TestKilledProgramsComeBack(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and restarts the programs")
	}
	t.Parallel()
	dir := build(t)
	bin := func(name string) string { return filepath.Join(dir, name) }
	data, home := filepath.Join(dir, "relay"), filepath.Join(dir, "home")
	addr := freeAddr(t)
	token, err := exec.Command(bin("homehook-relay"), "token", "create", "me", "--data", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	writeConfig(t, home, addr, fmt.Sprintf("  - {name: count, claim: garage, match: /x, unverified: true, script: {command: [%q, version]}}\n", bin("homehook")))
	env := []string{"HOMEHOOK_HOME=" + home}
	set := exec.Command(bin("homehook"), "secret", "set", "relay/test")
	set.Env, set.Stdin = append(os.Environ(), env...), bytes.NewReader(token)
	if out, err := set.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	serve := func() *program {
		return start(t, nil, bin("homehook-relay"), "serve", "--listen", addr, "--data", data)
	}
	run := func() *program { return start(t, env, bin("homehook"), "run") }
	ask := func() error {
		res, err := http.Post("http://"+addr+"/~garage/x", "text/plain", strings.NewReader("body"))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 || !strings.Contains(string(body), "homehook") {
			return fmt.Errorf("%d %q %w", res.StatusCode, body, errors.Join(err))
		}
		return nil
	}

	history := func() (rows []control.Delivery) {
		cmd := exec.Command(bin("homehook"), "history", "--json", "--limit", "100")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(out, &rows)
		}
		if err != nil {
			t.Log(err)
		}
		return rows
	}

	atRelay, atHome := serve(), run()
	eventually(t, "the first answer", func() bool { return ask() == nil })
	for range 3 {
		atRelay.kill()
		atRelay = serve()
		eventually(t, "the relay listens", func() bool { return listens(addr) })
		if err := ask(); err != nil {
			t.Fatalf("after the relay's restart: %v", err)
		}
		var before []control.Delivery
		eventually(t, "the history has the end of all", func() bool {
			before = history()
			return !slices.ContainsFunc(before, func(d control.Delivery) bool { return d.State == control.Running })
		})
		atHome.kill()
		atHome = run()
		if err := ask(); err != nil {
			t.Fatalf("after the agent's restart: %v", err)
		}
		if after := history(); len(after) != len(before)+1 {
			t.Errorf("%d rows before the agent's end, %d after one more", len(before), len(after))
		}
	}
	sum := sha256.Sum256([]byte("body"))
	for _, d := range history()[1:] {
		if d.State != control.Succeeded || d.BodySHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("history: %+v", d)
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := port.Free()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func listens(addr string) bool {
	nc, err := net.Dial("tcp", addr)
	if err == nil {
		nc.Close()
	}
	return err == nil
}
