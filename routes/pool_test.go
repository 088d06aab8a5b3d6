package routes

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
)

func TestGuard(t *testing.T) {
	for _, tt := range []struct {
		address string
		allowed bool
	}{
		{"127.0.0.1:80", true},
		{"[::1]:80", true},
		{"192.168.1.4:80", true},
		{"[fd00::1]:80", true},
		{"8.8.8.8:443", true},
		{"[64:ff9b::808:808]:80", true},
		{"169.254.169.254:80", false},
		{"169.254.0.1:80", false},
		{"[fe80::1%eth0]:80", false},
		{"[fe80::1]:80", false},
		{"[::ffff:169.254.169.254]:80", false},
		{"[fd00:ec2::254]:80", false},
		{"[64:ff9b::a9fe:a9fe]:80", false},
		{"100.100.100.200:80", false},
		{"168.63.129.16:80", false},
		{"224.0.0.1:80", false},
	} {
		if err := guard("tcp", tt.address, nil); (err == nil) != tt.allowed {
			t.Errorf("%s: %v", tt.address, err)
		}
	}
	if err := guard("unix", "/run/x", nil); err != nil {
		t.Error(err)
	}
	if checkAddress(netip.MustParseAddr("169.254.1.1")) != errAddress {
		t.Error("another error")
	}
}

// TestGuardAtConnect checks that an address which the checks at load have not
// seen, as after a change of name service, is refused by the dialer itself.
func TestGuardAtConnect(t *testing.T) {
	r := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://turns.example"}})
	r.handlers[0].handler.(*forwarder).pool.target.address = "169.254.169.254:80"
	f := serveRoute(t, r)
	got := ask(t, f.addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("got %q", got)
	}
	if res := f.result(t); !errors.Is(res.Err, errAddress) {
		t.Errorf("result %+v", res)
	}
}

// flaky is a target that drops every connection at its second request, after
// it has read it.
func flaky(t testing.TB, seen *atomic.Int64) *server {
	return newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		for i := range 2 {
			r, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			io.Copy(io.Discard, r.Body)
			seen.Add(1)
			if i == 0 && r.Method == "HEAD" {
				io.WriteString(nc, strings.TrimSuffix(okay, "ok"))
			} else if i == 0 {
				io.WriteString(nc, okay)
			}
		}
	})
}

func TestPoolNeverSendsAPostTwice(t *testing.T) {
	var seen atomic.Int64
	s := flaky(t, &seen)
	f := forwardTo(t, s.addr, ForwardSpec{})
	post := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
	nc := dial(t, f.addr)
	br := bufio.NewReader(nc)
	for i, want := range []int{200, 502, 200, 200, 200} {
		io.WriteString(nc, post)
		res, _, err := readResponse(br)
		if err != nil || res.StatusCode != want {
			t.Fatalf("request %d: got %+v, %v; want %d", i, res, err, want)
		}
	}
	// After the failure no connection is kept for a while, so that it does
	// not come again with every second request.
	if n := seen.Load(); n != 5 {
		t.Errorf("the target saw %d requests, want 5", n)
	}
}

func TestPoolRepeatsWhatMayBeRepeated(t *testing.T) {
	for _, method := range []string{"GET", "OPTIONS", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			var seen atomic.Int64
			f := forwardTo(t, flaky(t, &seen).addr, ForwardSpec{})
			nc := dial(t, f.addr)
			br := bufio.NewReader(nc)
			for range 2 {
				io.WriteString(nc, method+" / HTTP/1.1\r\nHost: a\r\n\r\n")
				res, err := http.ReadResponse(br, &http.Request{Method: method})
				if err != nil || res.StatusCode != 200 {
					t.Fatalf("got %+v, %v", res, err)
				}
				io.Copy(io.Discard, res.Body)
			}
			if n := seen.Load(); n != 3 {
				t.Errorf("the target saw %d requests, want 3", n)
			}
		})
	}
}

// TestPoolNoticesClosedConnections closes each connection behind its response
// without a word, which a look before the next use finds.
func TestPoolNoticesClosedConnections(t *testing.T) {
	s := answersOnce(t, okay)
	r := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://" + s.addr}})
	pool := r.handlers[0].handler.(*forwarder).pool
	f := serveRoute(t, r)
	nc := dial(t, f.addr)
	br := bufio.NewReader(nc)
	for i := range 3 {
		io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
		if res, _, err := readResponse(br); err != nil || res.StatusCode != 200 {
			t.Fatalf("request %d: %+v, %v", i, res, err)
		}
		awaitGone(t, pool)
	}
}

// awaitGone waits until the idle connection of a pool has been closed by its
// peer, for longer than a connection is trusted without a look.
func awaitGone(t *testing.T, p *pool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); <-time.After(time.Millisecond) {
		u := p.pop()
		if u == nil {
			continue
		}
		gone := u.conn.PeerState() == http1.PeerGone
		p.mu.Lock()
		p.idle = append(p.idle, u)
		p.mu.Unlock()
		if gone && time.Since(u.since) > 2*time.Millisecond {
			return
		}
	}
	t.Fatal("the target did not close")
}

func TestPoolDropsUnaskedBytes(t *testing.T) {
	s := answers(t, okay+"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
	f := forwardTo(t, s.addr, ForwardSpec{})
	got := ask(t, f.addr, strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 3)+"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if strings.Contains(got, "forged") || strings.Count(got, "\r\n\r\nok") != 4 {
		t.Errorf("got %q", got)
	}
}

func TestPoolGrowsOldAndCloses(t *testing.T) {
	s := answers(t, okay)
	r := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://" + s.addr}})
	p := r.handlers[0].handler.(*forwarder).pool
	for range 3 {
		u, err := p.get(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		defer p.put(u)
	}
	u, _ := p.get(t.Context(), true)
	p.put(u)
	u.since = time.Now().Add(-idleFor)
	p.sweep()
	if len(p.idle) != 0 {
		t.Errorf("%d idle connections", len(p.idle))
	}
	u, _ = p.get(t.Context(), true)
	p.put(u)
	if again, err := p.get(t.Context(), false); err != nil || again != u || !again.reused {
		t.Errorf("got another connection, %v", err)
	}
	p.put(u)
	p.close()
	if u, _ = p.get(t.Context(), false); u.reused {
		t.Error("a closed pool kept a connection")
	}
	p.put(u)
	if len(p.idle) != 0 || p.timer != nil {
		t.Error("a closed pool keeps connections")
	}
}

func TestForwardTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto+" "+r.TLS.NegotiatedProtocol)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	r := compileOne(t, Spec{Forward: &ForwardSpec{To: s.URL}})
	f := serveRoute(t, r)
	request := "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	if got := ask(t, f.addr, request); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("an unknown certificate was accepted: %q", got)
	}
	if res := f.result(t); res.Err == nil || !strings.Contains(res.Err.Error(), "certificate") {
		t.Errorf("result %+v", res)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	conf := r.handlers[0].handler.(*forwarder).pool.tls
	conf.RootCAs = roots
	if conf.MinVersion < tls.VersionTLS12 {
		t.Error("old TLS is allowed")
	}
	for range 3 {
		if got := ask(t, f.addr, request); !strings.HasSuffix(got, "HTTP/1.1 http/1.1") {
			t.Errorf("got %q", got)
		}
		<-time.After(2 * time.Millisecond)
	}
	if u := r.handlers[0].handler.(*forwarder).pool.pop(); u == nil || !u.reused {
		t.Error("the connection was not used again")
	} else {
		u.conn.Close()
	}
}

func TestForwardUnixSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a path with a drive is too long for some temporary folders")
	}
	path := filepath.Join(t.TempDir(), "app.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, l, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		io.WriteString(nc, okay)
	})
	f := forwardTo(t, "", ForwardSpec{To: "unix:" + path, Host: "target"})
	if got := ask(t, f.addr, "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasSuffix(got, "\r\n\r\nok") {
		t.Errorf("got %q", got)
	}
	if got := s.head(t); got != "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n" {
		t.Errorf("got %q", got)
	}
}
