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
	"slices"
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
	goleak.VerifyTestMain(m)
}

// fakeBackend is an agent with one of everything.
type fakeBackend struct {
	*Hub
	mu       sync.Mutex
	secrets  map[string]string
	released []string
	query    Query // of the last Deliveries
	pages    map[string]deliveriesAnswer
	records  map[string]Record
	err      error         // returned by all methods that can
	block    chan struct{} // ReleaseClaim waits for it, if set
	entered  chan struct{} // closed by a ReleaseClaim that waits
}

var _ Backend = (*fakeBackend)(nil)

func newFakeBackend() *fakeBackend {
	return &fakeBackend{
		Hub:     NewHub(),
		secrets: map[string]string{},
		pages:   map[string]deliveriesAnswer{},
		records: map[string]Record{},
	}
}

func (f *fakeBackend) Status() Status {
	return Status{
		Version: "1.2.3", State: StateConnected, Config: "/home/me/config.yaml", PID: 42,
		Claims: f.Claims(), Credentials: CredentialStore{Store: "file"}, Started: time.Unix(1, 0).UTC(),
	}
}

func (f *fakeBackend) Relays() []Relay {
	return []Relay{{Name: "mine", URL: "https://relay.example.com", State: StateConnected, Dialect: "ptth/1.0", Links: 2, RoundTripMS: 1.5}}
}

func (f *fakeBackend) Claims() []Claim {
	return []Claim{{Name: "garage", Relay: "mine", URL: "https://garage.relay.example.com/", Answer: "through", Connected: true, Links: 2}}
}
func (f *fakeBackend) Routes() []Route { return nil }
func (f *fakeBackend) Credentials() ([]Credential, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Credential
	for name := range f.secrets {
		list = append(list, Credential{Name: name, Set: time.Unix(2, 0).UTC(), Fingerprint: "beef"})
	}
	slices.SortFunc(list, func(a, b Credential) int { return strings.Compare(a.Name, b.Name) })
	return list, f.err
}

func (f *fakeBackend) SetCredential(name, value string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.HasPrefix(name, "/") {
		return fmt.Errorf("credential name %q is %w: it starts with a letter or a digit", name, ErrInvalid)
	}
	f.secrets[name] = value
	return f.err
}

func (f *fakeBackend) RemoveCredential(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.secrets[name]; !ok {
		return fmt.Errorf("credential %q: %w", name, ErrNotFound)
	}
	delete(f.secrets, name)
	return nil
}

func (f *fakeBackend) Deliveries(_ context.Context, q Query) ([]Delivery, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.query = q
	return f.pages[q.Cursor].Deliveries, f.pages[q.Cursor].Next, f.err
}

func (f *fakeBackend) Delivery(_ context.Context, id string) (*Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id == "panic" {
		panic("planted in a test")
	}
	rec, ok := f.records[id]
	if !ok {
		return nil, fmt.Errorf("delivery %q: %w", id, ErrNotFound)
	}
	return &rec, f.err
}

func (f *fakeBackend) ReleaseClaim(ctx context.Context, name string) error {
	if f.block != nil {
		close(f.entered)
		select {
		case <-f.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.released = append(f.released, name)
	return f.err
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
