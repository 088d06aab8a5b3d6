package agent

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"homehook/agent/config"
	"homehook/agent/credentials"
)

// proxy is an HTTP proxy that wants a user and a password, and counts.
type proxy struct {
	*httptest.Server
	mu      sync.Mutex
	tunnels int
	refused int
}

func startProxy(t *testing.T, user, password string) *proxy {
	t.Helper()
	p := &proxy{}
	var wg sync.WaitGroup
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What follows reads the field as that of an origin.
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
		u, pw, _ := r.BasicAuth()
		good := r.Method == http.MethodConnect && u == user && pw == password
		p.mu.Lock()
		if good {
			p.tunnels++
		} else {
			p.refused++
		}
		p.mu.Unlock()
		if !good {
			w.WriteHeader(407)
			return
		}
		to, err := net.Dial("tcp", r.RequestURI)
		if err != nil {
			w.WriteHeader(502)
			return
		}
		from, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		wg.Go(func() { io.Copy(to, from); to.Close() })
		wg.Go(func() { io.Copy(from, to); from.Close() })
	}))
	t.Cleanup(func() { p.Close(); wg.Wait() })
	return p
}

func (p *proxy) count() (tunnels, refused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tunnels, p.refused
}

// TestProxyOfRelay reaches a relay through a proxy whose password is a credential
// that is set later, and then without.
func TestProxyOfRelay(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	p := startProxy(t, "me", "hunter2")
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	through := func(how string) string {
		return strings.Replace(conf(r.addr, respondRoute), "token: relay/test}", "token: relay/test, "+how+"}", 1)
	}
	h := startHome(t, through(fmt.Sprintf("proxy: \"http://me@%s\", proxy_password: proxy/test", u.Host)))
	says := func(want string) {
		t.Helper()
		eventually(t, "the status says "+want, func() bool {
			s, err := h.client.Status(t.Context())
			return err == nil && strings.Contains(s.Relays[0].Error, want)
		})
	}
	says(`credential "proxy/test", the password of the proxy, is missing; set it with: homehook secret set proxy/test`)
	if err := h.client.SetCredential(t.Context(), "proxy/test", "wrong"); err != nil {
		t.Fatal(err)
	}
	h.doubt() // or wait for the next try
	says("wants a user name and password, or others than it was given (407)")
	if err := h.client.SetCredential(t.Context(), "proxy/test", "hunter2"); err != nil {
		t.Fatal(err)
	}
	h.doubt()
	if got, err := r.send(id, "POST /hello HTTP/1.1", ""); err != nil || got.status != 201 {
		t.Errorf("%v, %v", got, err)
	}
	if tunnels, refused := p.count(); tunnels == 0 || refused == 0 {
		t.Errorf("%d tunnels, %d refused", tunnels, refused)
	}

	h.write(t, through("proxy: none"))
	p.CloseClientConnections()
	p.Close()
	eventually(t, "there are links without the proxy", func() bool {
		s, err := h.client.Status(t.Context())
		return err == nil && s.Relays[0].Links > 0 && s.Relays[0].Error == ""
	})
}

func TestProxyOf(t *testing.T) {
	secret := func(name string) (string, error) {
		if name == "proxy/locked" {
			return "", credentials.ErrLocked
		}
		return "hunter2", nil
	}
	if f := proxyOf(config.Relay{}, secret); f != nil {
		t.Error("without a word about it the environment's proxy is not used")
	}
	for _, tt := range []struct {
		relay     config.Relay
		want, err string
	}{
		{config.Relay{Proxy: "none"}, "<nil>", ""},
		{config.Relay{Proxy: "http://proxy.example:3128"}, "http://proxy.example:3128", ""},
		{config.Relay{Proxy: "http://me@proxy.example", ProxyPassword: "proxy/x"}, "http://me:hunter2@proxy.example", ""},
		{config.Relay{Proxy: "http://me@proxy.example", ProxyPassword: "proxy/locked"}, "", `credential "proxy/locked", cannot be read`},
	} {
		u, err := proxyOf(tt.relay, secret)(nil)
		got := "<nil>"
		if u != nil {
			got = u.String()
		}
		if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) || tt.err == "" && (err != nil || got != tt.want) {
			t.Errorf("%+v: %s, %v", tt.relay, got, err)
		}
	}
}
