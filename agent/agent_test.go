package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/agent/credentials"
)

// home is an agent that runs in a folder of the test.
type home struct {
	*Agent
	dir    string
	client *control.Client
	stop   func()
}

func startHome(t testing.TB, conf string) *home {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"state", "run"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h := &home{dir: dir}
	h.write(t, conf)
	creds, err := credentials.Open(filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	if err := creds.Set("relay/test", "hh_secret"); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "run", "s")
	h.Agent, err = New(t.Context(), Options{
		Config: h.path(), History: filepath.Join(dir, "state", "history.db"), Socket: socket,
		Credentials: creds, Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.client = control.NewClient(socket)
	h.run(t)
	return h
}

func (h *home) path() string { return filepath.Join(h.dir, "config.yaml") }

func (h *home) write(t testing.TB, conf string) {
	t.Helper()
	if err := os.WriteFile(h.path(), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the agent and returns when it is ready: what a test changes before
// that, the start would meet half way.
func (h *home) run(t testing.TB) {
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	h.opts.Ready = func() { close(ready) }
	go func() { done <- h.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		h.client.Close()
		if err := <-done; err != nil {
			t.Errorf("agent ended with: %v", err)
		}
	})
	t.Cleanup(h.stop)
	select {
	case <-ready:
	case err := <-done: // which stop tells
		done <- err
	}
}

// patient is how long a test waits for what comes at once on a machine that has
// nothing else to do.
const patient = time.Minute

// eventually polls until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patient); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func conf(relay, routes string) string {
	return fmt.Sprintf(`relays: [{name: test, url: "http://%s", token: relay/test}]
claims: [{name: garage, relay: test, max_links: 16}]
routes:
%s`, relay, routes)
}

const respondRoute = `  - {name: hello, claim: garage, match: /hello, unverified: true, respond: {status: 201, body: "hi"}}
`

const id = "01910f3e-7a5c-7c3b-9d2e-3f4a5b6c7d8e"

func TestDeliveryIsAnsweredAndRecorded(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "app saw %s %s", r.Method, r.URL)
	}))
	defer app.Close()
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, respondRoute+fmt.Sprintf("  - {name: app, claim: garage, match: /app/, unverified: true, forward: {to: %q}}\n", app.URL)))

	tests := []struct {
		name, id, head, body string
		want                 answer
		state, route, reason string
		attempts             int
	}{
		{"respond", id, "POST /hello", "abc", answer{201, "hi"}, "succeeded", "hello", "", 1},
		{"forward", "", "PUT /app/x?y=%20z", "abc", answer{200, "app saw PUT /app/x?y=%20z"}, "succeeded", "app", "", 1},
		{"no route", "", "GET /nowhere", "", answer{404, "no route at home takes this request\n"}, "rejected", "", "no route", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := r.send(tt.id, tt.head+" HTTP/1.1", tt.body)
			if err != nil || got != tt.want {
				t.Fatalf("answer %v, %v; want %v", got, err, tt.want)
			}
			path := strings.Fields(tt.head)[1]
			path, _, _ = strings.Cut(path, "?")
			var d control.Delivery
			eventually(t, "the history has its end", func() bool {
				list, _, err := h.client.Deliveries(t.Context(), control.Query{Search: path})
				if err != nil || len(list) != 1 {
					t.Fatalf("history: %v, %v", list, err)
				}
				d = list[0]
				return d.State != control.Running
			})
			sum := sha256.Sum256([]byte(tt.body))
			if d.State != tt.state || d.Route != tt.route || d.Reason != tt.reason || d.Attempts != tt.attempts ||
				d.Status != tt.want.status || d.Size != int64(len(tt.body)) || d.BodySHA256 != hex.EncodeToString(sum[:]) ||
				d.Remote != "203.0.113.9" || d.Claim != "garage" || d.Relay != "test" {
				t.Errorf("delivery in history: %+v", d)
			}
			if tt.id != "" && (d.ID != tt.id || !d.Received.Equal(relayTime)) {
				t.Errorf("id %s, received %v", d.ID, d.Received)
			}
			rec, err := h.client.Delivery(t.Context(), d.ID)
			if err != nil || string(rec.Body) != tt.body || !strings.Contains(string(rec.Head), "Host: garage.test\r\n") {
				t.Errorf("record: %+v, %v", rec, err)
			}
			if tt.attempts == 1 && (len(rec.Log) != 1 || string(rec.Log[0].ResponseBody) != tt.want.body) {
				t.Errorf("attempts: %+v", rec.Log)
			}
		})
	}
}

func TestRedialsARelayThatComesBack(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	startHome(t, conf(r.addr, respondRoute))
	if _, err := r.send("", "GET /hello HTTP/1.1", ""); err != nil {
		t.Fatal(err)
	}
	r.stop()
	again := startRelay(t, r.addr, "hh_secret")
	if got, err := again.send("", "GET /hello HTTP/1.1", ""); err != nil || got.status != 201 {
		t.Fatalf("after the relay's return: %v, %v", got, err)
	}
}

func TestConfigurationIsReloaded(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, respondRoute))
	ask := func(path string) int {
		got, err := r.send("", "GET "+path+" HTTP/1.1", "")
		if err != nil {
			t.Fatal(err)
		}
		return got.status
	}
	if ask("/new") != 404 {
		t.Fatal("a route that is not there yet")
	}
	h.write(t, conf(r.addr, respondRoute+`  - {name: new, claim: garage, match: /new, unverified: true, respond: {status: 202}}
`))
	eventually(t, "the new route counts", func() bool { return ask("/new") == 202 })

	h.write(t, conf(r.addr, "  - {name: new, claim: garage, match: nonsense, unverified: true, respond: {}}\n"))
	eventually(t, "status names the problem", func() bool {
		s, err := h.client.Status(t.Context())
		return err == nil && s.State == control.StateProblem && strings.Contains(s.ConfigError, "config.yaml:4:")
	})
	if ask("/new") != 202 || ask("/hello") != 201 {
		t.Error("a broken file took the last good configuration away")
	}
	if n := r.count(); n > 4 {
		t.Errorf("%d links were opened: a reload must leave links alone", n)
	}
}

func TestPoolGrowsUnderLoad(t *testing.T) {
	release := make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-release }))
	defer app.Close()
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	startHome(t, conf(r.addr, fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", app.URL)))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if got, err := r.send("", "GET / HTTP/1.1", ""); err != nil || got.status != 200 {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	eventually(t, "as many links as requests", func() bool { return r.count() == 16 })
	close(release)
	wg.Wait()
}

func TestRefusedTokenIsNamed(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "another")
	h := startHome(t, conf(r.addr, respondRoute))
	eventually(t, "the claim shows the relay's words", func() bool {
		s, err := h.client.Status(t.Context())
		return err == nil && s.State == control.StateProblem && len(s.Claims) == 1 &&
			s.Claims[0].Error == "relay refuses a link (401): the token is not known"
	})
	if err := h.client.SetCredential(t.Context(), "relay/test", "another"); err != nil {
		t.Fatal(err)
	}
	if got, err := r.send("", "GET /hello HTTP/1.1", ""); err != nil || got.status != 201 {
		t.Fatalf("with the right token: %v, %v", got, err)
	}
}

// TestCredentialsThatCannotBe: what no store could keep is the caller's mistake.
func TestCredentialsThatCannotBe(t *testing.T) {
	h := startHome(t, "")
	for _, tt := range []struct{ name, credential, value string }{
		{"no text", "x", "\xff"},
		{"NUL", "x", "a\x00b"},
		{"a name with capitals", "GitHub", "hush"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := h.client.SetCredential(t.Context(), tt.credential, tt.value); !errors.Is(err, control.ErrInvalid) {
				t.Errorf("got %v, want %v", err, control.ErrInvalid)
			}
		})
	}
	if err := h.client.RemoveCredential(t.Context(), "GitHub"); !errors.Is(err, control.ErrInvalid) {
		t.Errorf("to remove one: got %v, want %v", err, control.ErrInvalid)
	}
}

func TestStopLetsHandlersFinish(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		w.Write([]byte("done"))
	}))
	defer app.Close()
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", app.URL)))
	got := make(chan answer, 1)
	go func() {
		a, _ := r.send("", "GET / HTTP/1.1", "")
		got <- a
	}()
	<-entered
	stopped := make(chan struct{})
	go func() { h.stop(); close(stopped) }()
	eventually(t, "the agent is ending", func() bool {
		_, err := h.client.Status(context.Background())
		return err != nil
	})
	close(release)
	<-stopped
	if a := <-got; a != (answer{200, "done"}) {
		t.Errorf("the running exchange got %v", a)
	}
}

func TestRemarkOfACutAnswer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a Unix program that writes without end")
	}
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, `  - {name: long, claim: garage, match: /, unverified: true, script: {command: [/usr/bin/env, printf, "%3000d", "1"], output: 1000}}
`))
	got, err := r.send("", "GET /cut HTTP/1.1", "")
	if err != nil || got.status != 200 || len(got.body) != 1000 {
		t.Fatalf("%d, %d bytes, %v", got.status, len(got.body), err)
	}
	eventually(t, "the history says that the answer was cut", func() bool {
		list, _, err := h.client.Deliveries(t.Context(), control.Query{State: control.Succeeded})
		return err == nil && len(list) == 1 && strings.Contains(list[0].Reason, "wrote more than its route keeps")
	})
}

// TestStopDoesNotWaitForTheRelay: a relay that takes no answers does not keep
// the agent from ending.
func TestStopDoesNotWaitForTheRelay(t *testing.T) {
	t.Parallel()
	var wrote atomic.Int64 // when the app got rid of something last
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for p := make([]byte, 1<<20); ; {
			if _, err := w.Write(p); err != nil {
				return
			}
			wrote.Store(time.Now().UnixNano())
		}
	}))
	defer app.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan net.Conn, 8)
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			nc.Read(make([]byte, 4096))
			io.WriteString(nc, "HTTP/1.1 101 S\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
			asked <- nc
		}
	}()
	h := startHome(t, strings.Replace(conf(l.Addr().String(), fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", app.URL)), "max_links: 16", "max_links: 1", 1))
	nc := <-asked
	defer nc.Close()
	eventually(t, "the answer is stuck", func() bool {
		last := wrote.Load()
		return last != 0 && time.Since(time.Unix(0, last)) > 300*time.Millisecond
	})
	began := time.Now()
	h.stop()
	if took := time.Since(began); took > finishing+delivering+2*time.Second {
		t.Errorf("the end took %v", took)
	}
	l.Close()
	<-accepted
}
