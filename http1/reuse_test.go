package http1

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"
)

func TestPeerState(t *testing.T) {
	tests := []struct {
		name string
		peer func(*net.TCPConn)
		want PeerState
	}{
		{"silent", func(*net.TCPConn) {}, PeerSilent},
		{"spoke", func(nc *net.TCPConn) { io.WriteString(nc, "x") }, PeerSpoke},
		{"closed", func(nc *net.TCPConn) { nc.Close() }, PeerGone},
		{"closed its sending side", func(nc *net.TCPConn) { nc.CloseWrite() }, PeerGone},
		{"reset", func(nc *net.TCPConn) { nc.SetLinger(0); nc.Close() }, PeerGone},
		{"spoke and closed", func(nc *net.TCPConn) { io.WriteString(nc, "x"); nc.Close() }, PeerSpoke},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := tcpPair(t)
			c := NewConn(b, Limits{})
			tt.peer(a)
			until(t, "the peer's state shows", func() bool { return c.PeerState() == tt.want })
			if got := c.PeerState(); got != tt.want {
				t.Errorf("the second look sees %d, want %d", got, tt.want)
			}
			if tt.want == PeerSpoke {
				b := make([]byte, 1)
				if n, err := c.NetConn().Read(b); n+len(c.Buffered()) != 1 || n == 0 && err == nil {
					t.Errorf("the looks have taken the byte: %d, %v", n, err)
				}
			}
		})
	}
}

// TestPeerStateKeepsConnection looks at a connection between exchanges, and
// the looks do not harm it.
func TestPeerStateKeepsConnection(t *testing.T) {
	c := clientTo(t, serve(t, Limits{}, echo))
	for range 3 {
		if got := ask(t, c, "hello"); got != "hello" {
			t.Fatalf("got %q", got)
		}
		if !c.Reusable() {
			t.Fatal("not reusable")
		}
		c.Release()
		if s := c.PeerState(); s != PeerSilent {
			t.Fatalf("state %d", s)
		}
	}
	c.Close()
	if s := c.PeerState(); s != PeerGone {
		t.Errorf("closed by ourselves: state %d", s)
	}
}

func TestPeerStateOfBufferedBytes(t *testing.T) {
	c := received("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK", Limits{})
	if _, err := c.ReadResponse([]byte("GET")); err != nil {
		t.Fatal(err)
	}
	if s := c.PeerState(); s != PeerSpoke {
		t.Errorf("state %d, want %d", s, PeerSpoke)
	}
}

// TestPeerStateUnderTLS: bytes that came in the record of the last answer lie
// in the TLS layer, where no look at the socket finds them.
func TestPeerStateUnderTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS() // for its certificate
	defer s.Close()
	for _, unasked := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"} {
		a, b := tcpPair(t)
		server := tls.Server(a, &tls.Config{Certificates: s.TLS.Certificates, SessionTicketsDisabled: true, DynamicRecordSizingDisabled: true})
		done := make(chan struct{})
		go func() {
			defer close(done)
			io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 12000\r\n\r\n"+string(make([]byte, 12000))+unasked)
		}()
		c := NewConn(tls.Client(b, &tls.Config{InsecureSkipVerify: true}), Limits{})
		r, err := c.ReadResponse([]byte("GET"))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.ReadFull(r.Body, make([]byte, 12000)); err != nil {
			t.Fatal(n, err)
		}
		within(t, done, "end of the server")
		want := PeerSilent
		if unasked != "" {
			want = PeerSpoke
		}
		if got := c.PeerState(); got != want {
			t.Errorf("%d bytes behind the answer: state %d, want %d", len(unasked), got, want)
		}
	}
}

// clientTo connects to a server under test.
func clientTo(t testing.TB, addr string) *Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return NewConn(nc, Limits{})
}

// ask sends a body and returns the answer's.
func ask(t testing.TB, c *Conn, body string) string {
	t.Helper()
	w := c.Writer()
	w.StartRequest([]byte("POST"), []byte("/"))
	w.EndLength(int64(len(body)))
	io.WriteString(w, body)
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	c.SetReadTimeout(10 * time.Second)
	r, err := c.ReadResponse([]byte("POST"))
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, r.Body)
	c.SetReadTimeout(0)
	return got
}

func TestReleaseGivesBuffersBack(t *testing.T) {
	c := clientTo(t, serve(t, Limits{}, echo))
	ask(t, c, "hello")
	if c.in == nil || c.out.buf == nil {
		t.Fatal("no buffers were lent for an exchange")
	}
	c.Release()
	if c.in != nil || c.out.buf != nil {
		t.Error("buffers are kept while nothing is expected")
	}
	if got := ask(t, c, "again"); got != "again" {
		t.Errorf("behind Release: got %q", got)
	}
}

func TestReleaseKeepsUnreadAndUnsent(t *testing.T) {
	c := received("GET / HTTP/1.1\r\n\r\nmore", Limits{})
	mustRead(t, c)
	c.Writer().StartResponse(200, nil)
	c.Release()
	if got := string(c.Buffered()); got != "more" {
		t.Errorf("unread: got %q", got)
	}
	c.Writer().EndLength(0)
	c.Writer().Finish()
	if got := c.NetConn().(*memConn).out.String(); got != "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" {
		t.Errorf("unsent: got %q", got)
	}
}

// TestReleasedConnectionIsSmall bounds the memory of an idle link's end.
func TestReleasedConnectionIsSmall(t *testing.T) {
	const n = 100
	addr := serve(t, Limits{}, echo)
	conns := make([]*Conn, n)
	for i := range conns {
		conns[i] = clientTo(t, addr)
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // empties the pools
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for _, c := range conns {
		if got := ask(t, c, "hello"); got != "hello" {
			t.Fatal(got)
		}
		c.Release()
	}
	// Both ends are in this process, and only this one is released.
	if each := (int64(heap()) - int64(before)) / n; each > 20<<10 {
		t.Errorf("%d bytes a connection", each)
	}
	runtime.KeepAlive(conns)
}

func TestReadTimeouts(t *testing.T) {
	a, b := tcpPair(t)
	c := NewConn(b, Limits{})
	c.SetReadTimeout(10 * time.Millisecond)
	if _, err := c.ReadResponse([]byte("GET")); !errors.Is(err, ErrIdleTimeout) {
		t.Fatalf("got %v, want %v", err, ErrIdleTimeout)
	}
	// The connection is intact and may be read again.
	io.WriteString(a, "HTTP/1.1 204 No Content\r\n\r\n")
	c.ReadWithin(10 * time.Second)
	if r, err := c.ReadResponse([]byte("GET")); err != nil || r.Status != 204 {
		t.Fatalf("got %v, %v", r, err)
	}
	// A deadline that will do is left alone; one that would not is renewed.
	was := c.readBy
	if c.ReadWithin(10 * time.Second); c.readBy != was {
		t.Error("a fresh deadline was set anew")
	}
	if c.ReadWithin(time.Second); !c.readBy.Before(was) {
		t.Error("a later deadline stayed for a shorter wait")
	}
	if c.ReadWithin(0); !c.readBy.IsZero() {
		t.Error("a deadline stayed where none is wanted")
	}
}

func TestResponseErrors(t *testing.T) {
	for wire, want := range map[string]error{
		"":                  ErrIdleClosed,
		"HTTP/1.1 200 OK\r": io.ErrUnexpectedEOF,
	} {
		if _, err := received(wire, Limits{}).ReadResponse([]byte("GET")); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", wire, err, want)
		}
	}
}
