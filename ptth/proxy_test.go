package ptth_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/ptth"
)

// proxy connects where CONNECT says, or answers with fixed text.
type proxy struct {
	url    *url.URL
	answer string // instead of connecting

	mu   sync.Mutex
	seen []string // heads as they came
}

func newProxy(t *testing.T, conf *tls.Config, answer string) *proxy {
	t.Helper()
	p := &proxy{answer: answer}
	p.url = accepting(t, conf, p.serve)
	return p
}

func (p *proxy) serve(nc net.Conn) {
	defer nc.Close()
	br := bufio.NewReader(nc)
	head := ""
	for !strings.HasSuffix(head, "\r\n\r\n") {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		head += line
	}
	p.mu.Lock()
	p.seen = append(p.seen, head)
	p.mu.Unlock()
	if p.answer != "" {
		io.WriteString(nc, p.answer)
		return
	}
	to, err := net.Dial("tcp", strings.Fields(head)[1])
	if err != nil {
		io.WriteString(nc, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	defer to.Close()
	io.WriteString(nc, "HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n")
	go func() { io.Copy(to, br); to.(*net.TCPConn).CloseWrite() }()
	io.Copy(nc, to)
}

func (p *proxy) heads() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.seen...)
}

func (p *proxy) find(*url.URL) (*url.URL, error) { return p.url, nil }

// TestProxy goes through each kind of proxy to each kind of relay.
func TestProxy(t *testing.T) {
	now := time.Now()
	conf, pool := signed(t, now.Add(-time.Hour), now.Add(time.Hour), "localhost")
	trust := &tls.Config{RootCAs: pool}
	for _, tt := range []struct {
		name         string
		proxy, relay *tls.Config
		steps        string
	}{
		{"http to http", nil, nil, "tcp proxy"},
		{"http to https", nil, conf, "tcp proxy tls"},
		{"https to http", conf, nil, "dns tcp tls proxy"},
		{"https to https", conf, conf, "dns tcp tls proxy tls"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, s := newProxy(t, tt.proxy, ""), newScripted(t, tt.relay, switched)
			if tt.proxy != nil {
				p.url.Host = "localhost:" + p.url.Port()
			}
			if tt.relay != nil {
				s.url.Host = "localhost:" + s.url.Port()
			}
			p.url.User = url.UserPassword("me", "p:ss wörd")
			var steps []string
			err := reach(&ptth.Dialer{
				Relay: s.url, Token: "hh_t", TLS: trust, Proxy: p.find,
				Trace: func(s ptth.Step) { steps = append(steps, s.Name) },
			})
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\nProxy-Authorization: Basic bWU6cDpzcyB3w7ZyZA==\r\n\r\n", s.url.Host)
			if got := p.heads(); len(got) != 1 || got[0] != want {
				t.Errorf("the proxy got %q, want %q", got, want)
			}
			r := s.requests()[0]
			if r.Header.Get("Proxy-Authorization") != "" || r.Header.Get("Authorization") != "Bearer hh_t" || r.RequestURI != "/ptth/garage" {
				t.Errorf("the relay got %v %v", r.RequestURI, r.Header)
			}
			if got := strings.Join(steps, " "); got != tt.steps {
				t.Errorf("steps %s, want %s", got, tt.steps)
			}
		})
	}
}

// TestProxyEarlyBytes: what comes in one piece with the proxy's 200 is the
// relay's already.
func TestProxyEarlyBytes(t *testing.T) {
	p := newProxy(t, nil, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\n"+switched)
	if err := reach(&ptth.Dialer{Relay: &url.URL{Scheme: "http", Host: "relay.test"}, Proxy: p.find}); err != nil {
		t.Error(err)
	}
	if got := p.heads()[0]; !strings.HasPrefix(got, "CONNECT relay.test:80 HTTP/1.1\r\nHost: relay.test:80\r\n\r\n") {
		t.Errorf("asked %q", got)
	}
}

func TestProxyRefuses(t *testing.T) {
	for _, tt := range []struct{ name, answer, want, remedy string }{
		{"wants a password", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n", "wants a user name and password, or others than it was given (407)", "http://user@"},
		{"forbids", "HTTP/1.1 403 For\xe9bidden\r\n\r\n", "does not connect to relay.test:443 (403 Forbidden)", "proxy: none"},
		{"forbids without a word", "HTTP/1.1 503 \r\n\r\n", "does not connect to relay.test:443 (503)", "proxy: none"},
		{"switches", "HTTP/1.1 101 X\r\n\r\n", "(101 X)", "proxy: none"},
		{"endless head", "HTTP/1.1 200 X\r\nA: " + strings.Repeat("a", 1<<20), "longer than 65536 bytes", "one for HTTP"},
		{"endless hints", strings.Repeat("HTTP/1.1 103 X\r\n\r\n", 100), "too many informational answers", "one for HTTP"},
		{"hangs up", "HTTP/1.1 2", "the connection was closed", "one for HTTP"},
		{"not HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n", "ask proxy ", "one for HTTP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProxy(t, nil, tt.answer)
			p.url.User = url.UserPassword("me", "hunter2")
			var traced error
			err := reach(&ptth.Dialer{
				Relay: &url.URL{Scheme: "https", Host: "relay.test"}, Token: "hh_t", Proxy: p.find,
				Trace: func(s ptth.Step) { traced = s.Err },
			})
			var c *ptth.ConnectError
			if !errors.As(err, &c) || c.Step != ptth.StepProxy || !strings.Contains(c.Detail, tt.want) || !strings.Contains(c.Remedy, tt.remedy) {
				t.Fatalf("got %v, %#v", err, c)
			}
			if traced != error(c) {
				t.Errorf("traced %v", traced)
			}
			if text := fmt.Sprintf("%v %+v %s", err, c, c.Remedy); strings.Contains(text, "hunter2") || strings.Contains(text, "bWU6aHVudGVyMg") || strings.ContainsRune(text, '\x1b') {
				t.Errorf("%q", text)
			}
		})
	}
}

func TestProxyAddresses(t *testing.T) {
	for _, tt := range []struct{ name, proxy, want string }{
		{"socks", "socks5://me:hunter2@127.0.0.1:1080", "proxy 127.0.0.1:1080: the scheme socks5 is not supported"},
		{"unknown", "ftp://me:hunter2@127.0.0.1:21", "proxy 127.0.0.1:21: the scheme ftp is not known"},
		{"no host", "http://me:hunter2@", "the address of the proxy cannot be read"},
		{"no address", "", "the address of the proxy cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &ptth.Dialer{Proxy: func(*url.URL) (*url.URL, error) {
				if tt.proxy == "" {
					return nil, errors.New(`invalid proxy address "me:hunter2@:"`)
				}
				return url.Parse(tt.proxy)
			}}
			_, err := d.Connect(t.Context(), &url.URL{Scheme: "https", Host: "relay.test"})
			var c *ptth.ConnectError
			if !errors.As(err, &c) || c.Detail != tt.want || c.Remedy == "" || strings.Contains(fmt.Sprintf("%+v", c), "hunter2") {
				t.Errorf("got %v, %#v", err, c)
			}
		})
	}
}

// TestProxyGone: a proxy that is not there is told as such.
func TestProxyGone(t *testing.T) {
	_, err := (&ptth.Dialer{Proxy: func(*url.URL) (*url.URL, error) {
		return url.Parse("http://proxy.invalid:3128")
	}}).Connect(t.Context(), &url.URL{Scheme: "https", Host: "relay.test"})
	if err == nil || !strings.Contains(err.Error(), "proxy.invalid") {
		t.Errorf("got %v", err)
	}
}

// TestProxyFromEnvironment: this machine is reached without the proxy that the
// environment names, as everywhere else.
func TestProxyFromEnvironment(t *testing.T) {
	s := newScripted(t, nil, switched)
	if u, err := http.ProxyFromEnvironment(&http.Request{URL: s.url}); u != nil || err != nil {
		t.Skipf("the environment has %v, %v", u, err)
	}
	if err := reach(&ptth.Dialer{Relay: s.url}); err != nil {
		t.Error(err)
	}
}
