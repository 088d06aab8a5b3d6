package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// roleVariable makes this test binary play another process; see roles.
const roleVariable = "HOMEHOOK_CONTROL_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(playRole(role, os.Args[1:]))
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := answered.undocumented(); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}))
}

// newSocketPath is a short path in a folder of its own, which is removed at the
// end of the test. The folder that will hold the socket does not exist yet.
func newSocketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if runtime.GOOS == "windows" {
		return `\\.\pipe\homehook-test-` + filepath.Base(dir)
	}
	return filepath.Join(dir, "run", "homehook.sock")
}

// runningServer is one server that runs for the length of a test.
type runningServer struct {
	path   string
	client *Client
	stop   func() error // ends Serve and returns its error
}

// startServer serves b; change adapts the server before it starts.
func startServer(t testing.TB, b Backend, change func(*Server)) *runningServer {
	t.Helper()
	path := newSocketPath(t)
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(b, discardLog())
	if change != nil {
		change(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	r := &runningServer{path: path, client: NewClient(path)}
	r.client.http.Transport = witness{r.client.http.Transport}
	r.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		r.client.Close()
		if err := r.stop(); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return r
}

// rawConn connects and closes the connection at the end of the test.
func rawConn(t testing.TB, path string) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := dial(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// exchange sends request as it is and returns the answer with its body read.
func exchange(t testing.TB, path, request string) (*http.Response, string) {
	t.Helper()
	c := rawConn(t, path)
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request))); err == nil {
		answered.add(req, resp.StatusCode)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// waitFor polls until ok, at most 10 s.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for: %s", what)
		case <-tick.C:
		}
	}
}

// asProblem returns the problem in err and fails the test if there is none.
func asProblem(t testing.TB, err error) *Problem {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) {
		t.Fatalf("error %v (%T) is not a problem", err, err)
	}
	return p
}

func discardLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
