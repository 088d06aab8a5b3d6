package ptth_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

const switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n"

// scripted is a relay that answers every upgrade request with fixed text.
type scripted struct {
	url *url.URL

	mu     sync.Mutex
	seen   []*http.Request
	answer string
}

// newScripted listens on loopback, with TLS unless conf is nil. After its
// answer it closes the connection, but for a 101.
func newScripted(t *testing.T, conf *tls.Config, answer string) *scripted {
	t.Helper()
	s := &scripted{answer: answer}
	s.url = accepting(t, conf, s.serve)
	return s
}

// accepting listens on loopback until the test ends, with TLS unless conf is
// nil, and serves each connection on a goroutine of its own.
func accepting(t *testing.T, conf *tls.Config, serve func(net.Conn)) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := &url.URL{Scheme: "http", Host: l.Addr().String()}
	if conf != nil {
		l, at.Scheme = tls.NewListener(l, conf), "https"
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serve(nc) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return at
}

func (s *scripted) serve(nc net.Conn) {
	defer nc.Close()
	br := bufio.NewReader(nc)
	r, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	s.mu.Lock()
	s.seen = append(s.seen, r)
	answer := s.answer
	s.mu.Unlock()
	io.WriteString(nc, answer)
	if strings.HasPrefix(answer, "HTTP/1.1 101") || answer == "" {
		io.Copy(io.Discard, br) // until the agent is done
	}
}

// requests returns what was asked so far.
func (s *scripted) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen...)
}

// say replaces the answer.
func (s *scripted) say(answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// reach dials and closes what it got.
func reach(d *ptth.Dialer) error {
	l, err := d.Dial(context.Background(), "garage")
	if err == nil {
		l.Close()
	}
	return err
}

// TestUpgradeRequest holds the bytes that an agent sends.
func TestUpgradeRequest(t *testing.T) {
	tests := []struct {
		name, want string
		d          *ptth.Dialer
	}{
		{"plain", "POST /ptth/garage HTTP/1.1\r\nHost: HOST\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n", &ptth.Dialer{}},
		{
			"everything", "POST /ptth/garage HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer hh_t\r\nUser-Agent: homehook/1\r\nUpgrade: PTTH/1.0\r\n" +
				"Connection: Upgrade\r\nPTTH-Ping: 20\r\nPTTH-Max-Conns: 32\r\nContent-Length: 0\r\n\r\n",
			&ptth.Dialer{Token: "hh_t", Agent: "homehook/1", Ping: 20 * time.Second, MaxLinks: 32},
		},
		{"token that would inject", "POST /ptth/garage HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer aX: b\r\nUpgrade: PTTH/1.0\r\n" +
			"Connection: Upgrade\r\nContent-Length: 0\r\n\r\n", &ptth.Dialer{Token: "a\r\nX: b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			host := l.Addr().String()
			want := strings.Replace(tt.want, "HOST", host, 1)
			got := make(chan string, 1)
			go func() {
				nc, err := l.Accept()
				if err != nil {
					got <- err.Error()
					return
				}
				defer nc.Close()
				b := make([]byte, len(want))
				n, _ := io.ReadFull(nc, b)
				io.WriteString(nc, switched)
				got <- string(b[:n])
			}()
			tt.d.Relay = &url.URL{Scheme: "http", Host: host}
			if err := reach(tt.d); err != nil {
				t.Error(err)
			}
			if g := within(t, got, "request"); g != want {
				t.Errorf("got  %q\nwant %q", g, want)
			}
		})
	}
}

func TestDialTarget(t *testing.T) {
	tests := []struct{ path, name, want string }{
		{"", "garage", "/ptth/garage"},
		{"/", "garage", "/ptth/garage"},
		{"/home/hooks", "garage", "/home/hooks/ptth/garage"},
		{"/home/hooks/", "garage", "/home/hooks/ptth/garage"},
		{"/agents/{name}/link", "garage", "/agents/garage/link"},
		{"/{name}?key=secret", "garage", "/garage?key=secret"},
		{"/x?key=secret", "garage", "/x/ptth/garage?key=secret"},
		{"/{name}", "a b?c", "/a%20b%3Fc"},
	}
	for _, tt := range tests {
		t.Run(tt.path+" "+tt.name, func(t *testing.T) {
			s := newScripted(t, nil, switched)
			u, err := url.Parse(s.url.String() + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			was := u.String()
			l, err := (&ptth.Dialer{Relay: u}).Dial(context.Background(), tt.name)
			if err != nil {
				t.Fatal(err)
			}
			l.Close()
			if got := s.requests()[0].RequestURI; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if u.String() != was {
				t.Errorf("the dialer's address became %s", u)
			}
		})
	}
}

func TestDialRefused(t *testing.T) {
	text := func(status, fields, body string) string {
		return fmt.Sprintf("HTTP/1.1 %s\r\n%sContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", status, fields, len(body), body)
	}
	tests := []struct {
		name, answer string
		want         ptth.RefusedError
		text         string
	}{
		{
			"200", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 200, Portal: true},
			"relay opens no link with PTTH/1.0 (200): this looks like a captive portal or login page: open a browser",
		},
		{
			"302", "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 302, Portal: true},
			"relay opens no link with PTTH/1.0 (302): this looks like a captive portal or login page: open a browser",
		},
		{
			"401", text("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "unknown token\n"),
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 401, Detail: "unknown token"},
			"relay refuses a link (401): unknown token",
		},
		{
			"403", text("403 Forbidden", "", "garage belongs to someone else\r\nsecond line"),
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 403, Detail: "garage belongs to someone else"},
			"relay refuses a link (403): garage belongs to someone else",
		},
		{
			"426", text("426 Upgrade Required", "Upgrade: comet\r\n", "try comet"),
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 426, Detail: "try comet", Offers: "comet"},
			"relay opens no link with PTTH/1.0 (426): try comet",
		},
		{
			"429", text("429 Too Many Requests", "Retry-After: 7\r\n", "32 links are open"),
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 429, Detail: "32 links are open", RetryAfter: 7 * time.Second},
			"relay refuses a link (429): 32 links are open",
		},
		{
			"503 with a date", text("503 Service Unavailable", "Retry-After: Sun, 22 Nov 2026 02:41:00 GMT\r\n", ""),
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 503},
			"relay opens no link with PTTH/1.0 (503)",
		},
		{"Retry-After out of range", text("429 X", "Retry-After: 100000\r\n", ""), ptth.RefusedError{Dialect: ptth.Dialect10, Status: 429}, "relay refuses a link (429)"},
		{"Retry-After below zero", text("429 X", "Retry-After: -5\r\n", ""), ptth.RefusedError{Dialect: ptth.Dialect10, Status: 429}, "relay refuses a link (429)"},
		{
			"text for the terminal", text("403 X", "", "a\x1b]0;b\x07\xc3\xa4c"),
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 403, Detail: "a]0;bc"},
			"relay refuses a link (403): a]0;bc",
		},
		{
			"long text", text("403 X", "", strings.Repeat("a", 5000)),
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 403, Detail: strings.Repeat("a", 200)},
			"relay refuses a link (403): " + strings.Repeat("a", 200),
		},
		{
			"text without a length", "HTTP/1.0 403 X\r\nContent-Type: text/plain\r\n\r\nno",
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 403, Detail: "no"},
			"relay refuses a link (403): no",
		},
		{
			"101 without a token", "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n",
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 101, Detail: "the answer names another protocol"},
			"relay opens no link with PTTH/1.0 (101): the answer names another protocol",
		},
		{
			"101 to another protocol", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 101, Detail: "the answer names another protocol"},
			"relay opens no link with PTTH/1.0 (101): the answer names another protocol",
		},
		{
			"101 to another version", "HTTP/1.1 101 X\r\nUpgrade: PTTH/0.9\r\nConnection: Upgrade\r\n\r\n",
			ptth.RefusedError{Dialect: ptth.Dialect10, Status: 101, Detail: "the answer names another protocol"},
			"relay opens no link with PTTH/1.0 (101): the answer names another protocol",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScripted(t, nil, tt.answer)
			err := reach(&ptth.Dialer{Relay: s.url, Token: "hh_t", Dialect: ptth.Dialect10})
			var got *ptth.RefusedError
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			if *got != tt.want || got.Error() != tt.text {
				t.Errorf("got %+v %q, want %+v %q", *got, got, tt.want, tt.text)
			}
			if n := len(s.requests()); n != 1 {
				t.Errorf("the relay was asked %d times", n)
			}
		})
	}
}

func TestDialSwitched(t *testing.T) {
	for name, answer := range map[string]string{
		"plain":           switched,
		"small letters":   "HTTP/1.1 101 switching\r\nupgrade: ptth/1.0\r\nconnection: upgrade\r\n\r\n",
		"bare LF":         "HTTP/1.1 101 Switching\nUpgrade: PTTH/1.0\nConnection: Upgrade\n\n",
		"with a length":   "HTTP/1.1 101 X\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
		"wrong length":    "HTTP/1.1 101 X\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nContent-Length: 50\r\n\r\n",
		"no Connection":   "HTTP/1.1 101 X\r\nUpgrade: PTTH/1.0\r\n\r\n",
		"after 100":       "HTTP/1.1 100 Continue\r\n\r\n" + switched,
		"after two hints": "HTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 103 X\r\n\r\n" + switched,
	} {
		t.Run(name, func(t *testing.T) {
			if err := reach(&ptth.Dialer{Relay: newScripted(t, nil, answer).url}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDialBroken(t *testing.T) {
	for name, tt := range map[string]struct{ answer, want string }{
		"not HTTP":           {"SSH-2.0-OpenSSH_9.6\r\n\r\n", "read relay's answer: "},
		"reversed at once":   {"GET / HTTP/1.1\r\n\r\n", "read relay's answer: "},
		"endless head":       {"HTTP/1.1 101 X\r\nA: " + strings.Repeat("a", 1<<20), "the head is longer than 65536 bytes"},
		"endless hints":      {strings.Repeat("HTTP/1.1 103 X\r\n\r\n", 100), "too many informational answers"},
		"cut head":           {"HTTP/1.1 200 X\r\nUpgr", "read relay's answer: "},
		"unknown coding":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "read relay's answer: "},
		"307 to nowhere":     {"HTTP/1.1 307 X\r\nContent-Length: 0\r\n\r\n", "relay redirects (307) without a usable Location"},
		"308 to a bad place": {"HTTP/1.1 308 X\r\nLocation: ftp://a/\r\nContent-Length: 0\r\n\r\n", "relay redirects (308) without a usable Location"},
		"307 to a bad URL":   {"HTTP/1.1 307 X\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n", "relay redirects (307) without a usable Location"},
	} {
		t.Run(name, func(t *testing.T) {
			err := reach(&ptth.Dialer{Relay: newScripted(t, nil, tt.answer).url})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestDialNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := reach(&ptth.Dialer{Relay: &url.URL{Scheme: "http", Host: l.Addr().String()}}); err == nil {
		t.Error("a link to nobody")
	}
}

// TestDialTimeout: silence and a slow answer end in time, and say why.
func TestDialTimeout(t *testing.T) {
	for name, answer := range map[string]string{
		"silence":             "",
		"half a head":         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\n",
		"refusal without end": "HTTP/1.1 403 X\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			err := reach(&ptth.Dialer{Relay: stalled(t, answer), Timeout: 50 * time.Millisecond})
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "relay did not answer in time") {
				t.Errorf("got %v", err)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

// stalled returns the address of a relay that says something and then nothing.
func stalled(t *testing.T, text string) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		io.WriteString(nc, text)
		io.Copy(io.Discard, nc)
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}

func TestDialCancelled(t *testing.T) {
	s := newScripted(t, nil, "")
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() {
		_, err := (&ptth.Dialer{Relay: s.url}).Dial(ctx, "garage")
		result <- err
	}()
	until(t, "the relay was asked", func() bool { return len(s.requests()) == 1 })
	cancel()
	if err := within(t, result, "end of Dial"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := (&ptth.Dialer{Relay: s.url}).Dial(ctx, "garage"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: got %v", err)
	}
}

// certificate returns a server's configuration and one that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}}, &tls.Config{RootCAs: pool}
}

func TestDialTLS(t *testing.T) {
	server, client := certificate(t)
	client.NextProtos = []string{"h2"} // must not matter
	r := newRelayTLS(t, server, nil)
	d := ptth.Dialer{Relay: r.url, TLS: client, MaxLinks: 4, Ping: 20 * time.Second}
	al, err := d.Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	if al.About().Ping != 20*time.Second || al.About().MaxLinks != 4 || !al.About().Negotiated || al.About().RoundTrip <= 0 {
		t.Errorf("ping %v, links %d, negotiated %v, round trip %v", al.About().Ping, al.About().MaxLinks, al.About().Negotiated, al.About().RoundTrip)
	}
	done := make(chan struct{})
	go func() { defer close(done); al.Serve(context.Background(), echo) }()
	defer func() { al.Close(); <-done }()
	link := closing(t, within(t, r.links, "link"))
	for _, size := range []int{0, 10, 100_000, 10} {
		if s := link.Check(); s != http1.PeerSilent {
			t.Fatalf("state %d", s)
		}
		body := strings.Repeat("x", size)
		got, err := run(t, link, fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", size, body))
		if err != nil || got != (result{200, body, true}) {
			t.Fatalf("%d bytes: got %d, %d bytes, %v, %v", size, got.Status, len(got.Body), got.Again, err)
		}
	}
	if len(client.NextProtos) != 1 {
		t.Error("the caller's configuration was changed")
	}
}

// TestDialDistrusts: without trust in the relay nothing is sent to it.
func TestDialDistrusts(t *testing.T) {
	server, client := certificate(t)
	for name, conf := range map[string]*tls.Config{
		"unknown CA": nil,
		"wrong name": {RootCAs: client.RootCAs, ServerName: "relay.test"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScripted(t, server, switched)
			err := reach(&ptth.Dialer{Relay: s.url, TLS: conf, Token: "hh_t"})
			var bad *tls.CertificateVerificationError
			if !errors.As(err, &bad) {
				t.Errorf("got %v", err)
			}
			if n := len(s.requests()); n != 0 {
				t.Errorf("%d requests reached a relay that is not trusted", n)
			}
		})
	}
}
