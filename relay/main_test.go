package relay

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"homehook/http1"
	"homehook/ptth"
)

func TestMain(m *testing.M) {
	// The tests that run at once wait most of their time, and may be more than
	// there are processors. The command line is read later and has the last word.
	flag.Set("test.parallel", "32")
	goleak.VerifyTestMain(m)
}

// testRelay is a relay on loopback with one token.
type testRelay struct {
	*Relay
	addr  string
	token string
	log   *syncBuffer
	stop  func() // ends Serve and waits for it
}

// syncBuffer is a log that a test may read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func openRelay(t testing.TB, o Options) *Relay {
	if o.DiskReserve == 0 {
		o.DiskReserve = -1
	}
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	r, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func startRelay(t testing.TB, o Options) *testRelay {
	t.Helper()
	tr := serveRelay(t, o)
	token, err := tr.CreateToken(t.Context(), "me", 10)
	if err != nil {
		t.Fatal(err)
	}
	tr.token = token
	return tr
}

// serveRelay is startRelay without a token.
func serveRelay(t testing.TB, o Options) *testRelay {
	t.Helper()
	log := &syncBuffer{}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	r := openRelay(t, o)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	}()
	tr := &testRelay{Relay: r, addr: ln.Addr().String(), log: log, stop: func() { cancel(); <-done }}
	t.Cleanup(tr.stop)
	waitFor(t, "the relay serves", func() bool { return r.queue() != nil })
	return tr
}

// dialer opens links as our own agent does.
func (tr *testRelay) dialer() *ptth.Dialer {
	return &ptth.Dialer{Relay: &url.URL{Scheme: "http", Host: tr.addr}, Token: tr.token, Ping: 20 * time.Second, MaxLinks: 32}
}

// dial opens one link and serves it until it ends.
func (tr *testRelay) dial(t testing.TB, name string, handle func(context.Context, *http1.Exchange)) ptth.AgentLink {
	t.Helper()
	l, err := tr.dialer().Dial(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); l.Serve(context.Background(), handle) }()
	t.Cleanup(func() { l.Close(); <-done })
	return l
}

// agent keeps n links of a claim until the test ends.
func (tr *testRelay) agent(t testing.TB, name string, n int, handle func(context.Context, *http1.Exchange)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d := tr.dialer()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				l, err := d.Dial(ctx, name)
				if err != nil {
					return
				}
				stop := context.AfterFunc(ctx, func() { l.Close() })
				l.Serve(context.Background(), handle)
				stop()
			}
		})
	}
	t.Cleanup(func() { cancel(); wg.Wait() })
	tr.waitLinks(t, name, n)
}

func (tr *testRelay) waitLinks(t testing.TB, name string, n int) {
	t.Helper()
	waitFor(t, fmt.Sprintf("%d links", n), func() bool {
		c := tr.dir.claim([]byte(name))
		return c != nil && c.links() == n
	})
}

// waitFor polls until a state is reached, at most for ten seconds.
func waitFor(t testing.TB, what string, reached func() bool) {
	t.Helper()
	if !becomes(10*time.Second, reached) {
		t.Fatalf("still not: %s", what)
	}
}

// becomes polls until a state is reached, and reports whether it was in time.
// Goroutines other than the test's may call it.
func becomes(within time.Duration, reached func() bool) bool {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(within); !reached(); <-tick.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// conn is a sender's raw connection.
func (tr *testRelay) conn(t testing.TB) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", tr.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(15 * time.Second))
	return nc
}

// raw sends bytes and returns all that comes back until the relay closes.
func (tr *testRelay) raw(t testing.TB, send string) string {
	t.Helper()
	nc := tr.conn(t)
	io.WriteString(nc, send)
	got, _ := io.ReadAll(nc)
	return string(got)
}

// rawEnd is raw for a sender that has no more to send.
func (tr *testRelay) rawEnd(t testing.TB, send string) string {
	t.Helper()
	nc := tr.conn(t)
	io.WriteString(nc, send)
	nc.(*net.TCPConn).CloseWrite()
	got, _ := io.ReadAll(nc)
	return string(got)
}

// ask sends a request and returns status and body of the answer, status 0 if
// there is none. The request must ask for the connection to be closed.
func (tr *testRelay) ask(t testing.TB, send string) (int, string) {
	t.Helper()
	head, body, _ := strings.Cut(tr.raw(t, send), "\r\n\r\n")
	var status int
	if _, err := fmt.Sscanf(head, "HTTP/1.1 %d", &status); err != nil {
		t.Errorf("no answer to %q: %q", send, head)
	}
	return status, body
}

// seen is what an agent got.
type seen struct {
	mu   sync.Mutex
	head []string
	body []string
}

// record answers 200 and keeps what it got.
func (s *seen) record(_ context.Context, x *http1.Exchange) {
	body, err := io.ReadAll(x.Request.Body)
	if err != nil {
		return // the delivery is not whole
	}
	s.mu.Lock()
	s.head = append(s.head, string(x.Request.Raw()))
	s.body = append(s.body, string(body))
	s.mu.Unlock()
	x.Text(200, "done")
}

func (s *seen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.head)
}

// last returns the head that came last.
func (s *seen) last(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.head) == 0 {
		t.Fatal("the agent got nothing")
	}
	return s.head[len(s.head)-1]
}

func echo(_ context.Context, x *http1.Exchange) {
	x.Start(200, nil)
	if n := x.Request.Body.Length(); n >= 0 {
		x.EndLength(n)
	} else {
		x.EndStream()
	}
	if x.Copy(x.Request.Body) == nil {
		x.Finish()
	}
}
