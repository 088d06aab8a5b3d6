package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The peers in testdata/peers are agents and relays in Node and Python, written
// from the protocols' documents and not from this code. All agents run the same
// app, which echoApp is too.

// needPeers skips the test on a machine without Node and Python, unless
// HOMEHOOK_TEST_PEERS says that they have to be there.
func needPeers(t *testing.T) {
	t.Helper()
	for _, program := range []string{"node", "python3"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("HOMEHOOK_TEST_PEERS") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// peer starts a program of testdata/peers.
func peer(t *testing.T, env []string, script string, args ...string) *program {
	t.Helper()
	return start(t, env, interpreter(script), append([]string{filepath.Join("testdata", "peers", script)}, args...)...)
}

func interpreter(script string) string {
	if strings.HasSuffix(script, ".py") {
		return "python3"
	}
	return "node"
}

// echoApp answers as the peers' app does.
func echoApp(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Saw", r.Method+" "+r.RequestURI)
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/echo"):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	case strings.HasSuffix(path, "/empty"):
		w.WriteHeader(http.StatusNoContent)
	case strings.HasSuffix(path, "/head"):
		w.Header().Set("Content-Length", "1234")
		io.WriteString(w, strings.Repeat("x", 1234))
	case strings.HasSuffix(path, "/chunked"):
		for i := range 10 {
			fmt.Fprintf(w, "chunk%d\n", i)
			http.NewResponseController(w).Flush()
		}
	default:
		io.WriteString(w, "hello")
	}
}

// call is one request to the echo app behind a claim, and what must come back.
type call struct {
	method, path string
	body         []byte
	chunked      bool
	status       int
	want         []byte
}

// calls are 200 requests of every kind.
func calls() []call {
	var list []call
	for i := range 120 {
		body := make([]byte, i*37%4096)
		for j := range body {
			body[j] = byte(i + j)
		}
		list = append(list, call{method: "POST", path: "/echo", body: body, status: 200, want: body})
	}
	for i := range 20 {
		text := []byte(strings.Repeat(fmt.Sprint("piece ", i, " "), 500))
		list = append(list,
			call{method: "POST", path: "/echo?chunked", body: text, chunked: true, status: 200, want: text},
			call{method: "HEAD", path: "/head", status: 200},
			call{method: "GET", path: "/empty", status: 204})
	}
	var chunks []byte
	for i := range 10 {
		chunks = fmt.Appendf(chunks, "chunk%d\n", i)
	}
	binary := make([]byte, 1<<20)
	random := rand.NewChaCha8([32]byte{1})
	for range 10 {
		random.Read(binary)
		big := bytes.Clone(binary)
		list = append(list,
			call{method: "GET", path: "/chunked", status: 200, want: chunks},
			call{method: "PUT", path: "/echo", body: big, status: 200, want: big})
	}
	return list
}

func (c call) run(ctx context.Context, base string) error {
	var body io.Reader = bytes.NewReader(c.body)
	if c.chunked {
		body = io.MultiReader(body) // whose length is not seen
	}
	req, err := http.NewRequestWithContext(ctx, c.method, base+c.path, body)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%s %s: %w", c.method, c.path, err)
	case res.StatusCode != c.status || !bytes.Equal(got, c.want):
		return fmt.Errorf("%s %s with %d bytes: %d and %d bytes %.100q, want %d and %d bytes",
			c.method, c.path, len(c.body), res.StatusCode, len(got), got, c.status, len(c.want))
	case !strings.HasPrefix(res.Header.Get("X-Saw"), c.method+" ") || !strings.HasSuffix(res.Header.Get("X-Saw"), c.path):
		return fmt.Errorf("%s %s arrived as %q", c.method, c.path, res.Header.Get("X-Saw"))
	}
	return nil
}

// answers reports whether the app behind a claim can be reached.
func answers(base string) bool {
	res, err := http.Get(base + "/hello")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return err == nil && res.StatusCode == 200 && string(body) == "hello"
}

// exercise sends all calls to a claim, a few at a time.
func exercise(ctx context.Context, base string) error {
	return each(4, calls(), func(c call) error { return c.run(ctx, base) })
}

// each calls f for every item, a few at a time, and returns what went wrong.
func each[T any](atOnce int, items []T, f func(T) error) error {
	var wg sync.WaitGroup
	next, failed := make(chan T), make([]error, atOnce)
	for i := range atOnce {
		wg.Go(func() {
			for item := range next {
				if failed[i] == nil {
					failed[i] = f(item)
				}
			}
		})
	}
	for _, item := range items {
		next <- item
	}
	close(next)
	wg.Wait()
	return errors.Join(failed...)
}

// foreignAgents are the peers that serve a claim of the same name as the key.
var foreignAgents = map[string]struct {
	script string
	env    []string
}{
	"ptth-h2":        {script: "agent-ptth.mjs"},
	"ptth-h1":        {script: "agent-ptth.mjs", env: []string{"PTTH_ALPN=http%2F1.1"}},
	"ptth10":         {script: "agent-ptth10.mjs"},
	"ptth09":         {script: "agent-ptth09.mjs"},
	"parked":         {script: "agent_parked.py"},
	"comet-js":       {script: "agent-comet.mjs"},
	"comet-py":       {script: "agent_comet.py"},
	"comet-text":     {script: "agent-comet.mjs", env: []string{"COMET_TEXT=1"}},
	"reversehttp-js": {script: "agent-reversehttp.mjs"},
	"reversehttp-py": {script: "agent_reversehttp.py"},
}

// TestExampleClients runs the agents of docs/examples against the relay, with a
// restart in between.
func TestExampleClients(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and restarts the programs")
	}
	t.Parallel()
	needPeers(t)
	relayd, data, addr := filepath.Join(build(t), "homehook-relay"), t.TempDir(), freeAddr(t)
	token := newToken(t, relayd, data)
	running := serveRelay(t, relayd, data, addr)
	clients := map[string]string{"page": "echo.mjs", "snake": "reversehttp.py"}
	for name, script := range clients {
		start(t, nil, interpreter(script), filepath.Join("docs", "examples", script), "http://"+addr+"/reversehttp", name, token)
	}
	known := slices.DeleteFunc(calls(), func(c call) bool { return c.path == "/head" || c.path == "/chunked" })
	for round := range 2 {
		for name := range clients {
			base := "http://" + addr + "/~" + name
			reached(t, base)
			if err := each(4, known, func(c call) error { return c.run(t.Context(), base) }); err != nil {
				t.Fatalf("round %d, %s: %v", round, name, err)
			}
		}
		running.kill()
		running = serveRelay(t, relayd, data, addr)
	}
}

// newToken makes a token at a relay that need not run.
func newToken(t *testing.T, relayd, data string) string {
	t.Helper()
	out, err := exec.Command(relayd, "token", "create", "me", "--claims", "20", "--data", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// serveRelay starts the built relay and waits until it listens.
func serveRelay(t *testing.T, relayd, data, addr string) *program {
	t.Helper()
	p := start(t, nil, relayd, "serve", "--listen", addr, "--data", data)
	eventually(t, "the relay listens", func() bool { return listens(addr) })
	return p
}

// TestEveryDialectAtOnce lets one relay on one port serve an agent of each
// dialect, and each of them again after the relay was killed and restarted.
func TestEveryDialectAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and restarts the programs")
	}
	needPeers(t)
	dir := build(t)
	bin := func(name string) string { return filepath.Join(dir, name) }
	data, addr := filepath.Join(dir, "relay"), freeAddr(t)
	token := newToken(t, bin("homehook-relay"), data)
	running := serveRelay(t, bin("homehook-relay"), data, addr)
	bases := []string{"http://" + addr + "/~home"}
	for name, a := range foreignAgents {
		peer(t, a.env, a.script, "http://"+addr, name, token)
		bases = append(bases, "http://"+addr+"/~"+name)
	}
	app := httptest.NewServer(http.HandlerFunc(echoApp))
	defer app.Close()
	runAgent(t, bin("homehook"), "http://"+addr, "home", token, app.URL)
	for round := range 2 {
		for _, base := range bases {
			reached(t, base)
		}
		err := each(3, bases, func(base string) error {
			if err := exercise(t.Context(), base); err != nil {
				return fmt.Errorf("round %d, %s: %w", round, base, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			running.kill()
			running = serveRelay(t, bin("homehook-relay"), data, addr)
		}
	}
}

// reached waits until a claim's app answers. Some peers take their time to come
// back.
func reached(t *testing.T, base string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !answers(base); {
		if time.Now().After(deadline) {
			t.Fatalf("%s never answered", base)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// runAgent starts the built agent with one claim that is forwarded to an app,
// and says nothing of dialects.
func runAgent(t *testing.T, homehook, relayURL, claim, token, app string) *program {
	t.Helper()
	home := t.TempDir()
	conf := fmt.Sprintf(`relays: [{name: test, url: %q, token: relay/test}]
claims: [{name: %s}]
routes: [{name: all, match: /, unverified: true, forward: {to: %q}}]
`, relayURL, claim, app)
	if err := os.WriteFile(filepath.Join(home, "config.yaml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOMEHOOK_HOME=" + home}
	set := exec.Command(homehook, "secret", "set", "relay/test")
	set.Env, set.Stdin = append(os.Environ(), env...), strings.NewReader(token)
	if out, err := set.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return start(t, env, homehook, "run")
}

// TestRelaysOfOneDialect lets the agent find out by itself what a relay of
// another make speaks, for each dialect, and come back when it restarts.
func TestRelaysOfOneDialect(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and restarts the programs")
	}
	t.Parallel()
	needPeers(t)
	dir := build(t)
	app := httptest.NewServer(http.HandlerFunc(echoApp))
	t.Cleanup(app.Close) // the subtests outlive this function
	relays := []struct {
		name, script string
		env          []string
	}{
		{name: "ptth over HTTP/2", script: "relay-ptth.mjs"},
		{name: "ptth over HTTP/1.1", script: "relay-ptth.mjs", env: []string{"PTTH_ALPN=http/1.1"}},
		{name: "PTTH/1.0", script: "relay-ptth10.mjs"},
		{name: "PTTH/0.9", script: "relay-ptth09.mjs"},
		{name: "PTTH/1.0 parked", script: "relay_parked.py"},
		{name: "COMET", script: "relay_comet.py"},
		{name: "ReverseHttp", script: "relay_reversehttp.py"},
	}
	for _, r := range relays {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			const token = "hh_secretsecretsecretsecretsecretse"
			addr := freeAddr(t)
			_, port, _ := strings.Cut(addr, ":")
			running := peer(t, r.env, r.script, port, token)
			eventually(t, "the relay listens", func() bool { return listens(addr) })
			runAgent(t, filepath.Join(dir, "homehook"), "http://"+addr, "garage", token, app.URL)
			base := "http://" + addr + "/garage"
			reached(t, base)
			if err := exercise(t.Context(), base); err != nil {
				t.Fatal(err)
			}
			running.kill()
			peer(t, r.env, r.script, port, token)
			reached(t, base)
			if err := errors.Join(calls()[0].run(t.Context(), base), calls()[199].run(t.Context(), base)); err != nil {
				t.Error(err)
			}
		})
	}
}
