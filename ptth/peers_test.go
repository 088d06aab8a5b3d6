package ptth_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

const peers = "../testdata/peers"

// startPeer runs a relay that others have written, and returns its address.
func startPeer(t *testing.T, script string) *url.URL {
	t.Helper()
	program := "node"
	if strings.HasSuffix(script, ".py") {
		program = "python3"
	}
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("HOMEHOOK_TEST_PEERS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	cmd := exec.Command(program, filepath.Join(peers, script), "0", "hh_t")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	port, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if !ok {
		t.Fatalf("%s says %q, %v", script, line, err)
	}
	return &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
}

// keep holds n links to a relay until the test ends, and opens another one in
// place of one that a sender has taken.
func keep(t *testing.T, d *ptth.Dialer, n int, handle func(context.Context, *http1.Exchange)) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var open func()
	open = func() {
		for ctx.Err() == nil {
			l, err := d.Dial(ctx, "garage")
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("dial: %v", err)
				}
				return
			}
			again := false
			if e, ok := l.(ptth.Engager); ok {
				e.Engaged(func() { again = true; wg.Go(open) })
			}
			if err := l.Serve(ctx, handle); err != nil {
				t.Logf("Serve: %v", err)
			}
			l.Close()
			if again {
				return
			}
		}
	}
	for range n {
		wg.Go(open)
	}
	t.Cleanup(func() { cancel(); wg.Wait() })
}

// echoApp answers as the peers' own app does.
func echoApp(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Saw", r.Method+" "+r.RequestURI)
	w.Header().Set("X-Host", r.Host)
	_, last, _ := strings.Cut(r.URL.Path[1:], "/")
	if status, ok := strings.CutPrefix(r.URL.Path[strings.LastIndex(r.URL.Path, "/status/")+1:], "status/"); ok {
		n, _ := strconv.Atoi(status)
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(n)
		if n != 204 && n != 304 {
			io.WriteString(w, "status "+status)
		}
		return
	}
	if i := strings.LastIndexByte(r.URL.Path, '/'); i >= 0 {
		last = r.URL.Path[i+1:]
	}
	w.Header().Set("Content-Type", "text/plain")
	switch last {
	case "echo":
		w.Header().Set("Content-Type", "application/octet-stream")
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		w.Write(b)
	case "empty":
		w.Header().Del("Content-Type")
		w.WriteHeader(204)
	case "head":
		w.Header().Set("Content-Length", "1234")
		io.WriteString(w, strings.Repeat("x", 1234))
	case "chunked":
		for i := range 10 {
			io.WriteString(w, "chunk"+strconv.Itoa(i)+"\n")
			w.(http.Flusher).Flush()
		}
	case "cookies":
		w.Header()["Set-Cookie"] = []string{"a=1; Path=/", "b=2; Path=/"}
		w.Header()["X-Multi"] = []string{"one", "two"}
		io.WriteString(w, "cookies")
	case "binary":
		w.Header().Set("Content-Type", "application/octet-stream")
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i*7 + 3)
		}
		w.Write(b)
	case "slow":
		n, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		time.Sleep(time.Duration(n) * time.Millisecond) // the answer is asked to be slow
		io.WriteString(w, "slow")
	default:
		io.WriteString(w, "hello")
	}
}

// TestForeignRelays runs the agent's end against relays that were written from
// the documents in other languages, without telling it what they speak.
func TestForeignRelays(t *testing.T) {
	if testing.Short() {
		t.Skip("starts other programs")
	}
	t.Parallel()
	for script, dialect := range map[string]string{
		"relay-ptth.mjs": ptth.DialectPTTH, "relay-ptth10.mjs": ptth.Dialect10, "relay_parked.py": ptth.Dialect10,
		"relay-ptth09.mjs": ptth.Dialect09, "relay_comet.py": ptth.DialectComet, "relay_reversehttp.py": ptth.DialectReverseHTTP,
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			relay := startPeer(t, script)
			d := &ptth.Dialer{Relay: relay, Token: "hh_t"}
			l, err := d.Dial(t.Context(), "garage")
			if err != nil {
				t.Fatal(err)
			}
			l.Close()
			if got := l.About().Dialect; got != dialect {
				t.Fatalf("got %s, want %s", got, dialect)
			}
			keep(t, d, 4, func(ctx context.Context, x *http1.Exchange) { x.ServeHTTP(ctx, http.HandlerFunc(echoApp)) })
			check(t, relay, script)
		})
	}
}

// check calls the app through the relay.
func check(t *testing.T, relay *url.URL, script string) {
	t.Helper()
	dialect := strings.TrimSuffix(script[len("relay-"):], filepath.Ext(script))
	out, err := exec.Command("python3", filepath.Join(peers, "check.py"), relay.String()+"/garage", "--dialect", dialect, "--wait", "10").CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", script, err, out)
	}
}
