package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/config"
	"homehook/ptth"
)

// TestRegistryRedirects: within a relay the question is asked again where it
// says, whole; no other host sees it.
func TestRegistryRedirects(t *testing.T) {
	var leaked []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leaked = append(leaked, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	for _, tt := range []struct {
		name     string
		status   int
		location string
		ok       bool
	}{
		{"307", 307, "/moved/api/claims/garage", true},
		{"308", 308, "/moved/api/claims/garage", true},
		{"302 is not followed", 302, "/moved/api/claims/garage", false},
		{"another host", 307, other.URL + "/api/claims/garage", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/moved/") {
					w.Header().Set("Location", tt.location)
					w.WriteHeader(tt.status)
					return
				}
				body, _ := io.ReadAll(r.Body)
				if r.Method != http.MethodPut || r.Header.Get("Authorization") != "Bearer hh_t" || string(body) != `{"answer":"through","max_body":7}` {
					t.Errorf("%s with %q: %s", r.Method, r.Header.Get("Authorization"), body)
				}
				fmt.Fprint(w, `{"url":"https://garage.relay.example/"}`)
			}))
			defer relay.Close()
			base, err := url.Parse(relay.URL)
			if err != nil {
				t.Fatal(err)
			}
			r := newRegistry(&ptth.Dialer{Relay: base, Token: "hh_t"})
			got, err := r.put(context.Background(), "garage", &settings{Answer: "through", MaxBody: 7})
			if tt.ok != (err == nil && got.URL == "https://garage.relay.example/") {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	if len(leaked) > 0 {
		t.Errorf("another host was asked, with %q", leaked)
	}
}

// TestForeignRelayKeepsItsPaths: on a relay of another make /api may be
// somebody's claim, who must not be shown the token.
func TestForeignRelayKeepsItsPaths(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	m := pretend(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/api") {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.Header.Get("Authorization"))
		return answering(200, "Content-Type: text/html", "somebody")(w, r)
	})
	h := startHome(t, conf(m.server.Listener.Addr().String(), respondRoute))
	eventually(t, "connected, with a URL", func() bool {
		s, err := h.client.Status(t.Context())
		return err == nil && s.Claims[0].Connected && s.Claims[0].URL == m.server.URL+"/~garage/"
	})
	if v, _ := examine(t, Examination{Relay: config.Relay{URL: m.server.URL, Token: "relay/test"}, Token: "hh_t", Claim: "garage"}); !v.OK {
		t.Errorf("%+v", v)
	}
	h.write(t, strings.Replace(conf(m.server.Listener.Addr().String(), "  []\n"), "routes:", "routes:", 1))
	eventually(t, "released", func() bool { return h.client.ReleaseClaim(t.Context(), "garage", false) == nil })
	mu.Lock()
	defer mu.Unlock()
	for _, a := range asked {
		if a != "GET " {
			t.Errorf("asked with %q", a)
		}
	}
}

// TestRegistryProxy: the claims API is reached as links are.
func TestRegistryProxy(t *testing.T) {
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.Host
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	d := &ptth.Dialer{Relay: &url.URL{Scheme: "http", Host: "relay.test"}, Proxy: func(*url.URL) (*url.URL, error) { return at, nil }}
	_, err = newRegistry(d).put(context.Background(), "garage", &settings{})
	var c *ptth.ConnectError
	if !errors.As(err, &c) || c.Step != ptth.StepProxy || asked != "CONNECT relay.test:80" {
		t.Errorf("asked %q, got %v", asked, err)
	}
}

func TestGuess(t *testing.T) {
	for _, tt := range []struct {
		relay string
		about ptth.About
		want  string
	}{
		{"https://relay.example", ptth.About{}, "https://relay.example/~garage/"},
		{"https://relay.example/hooks", ptth.About{}, "https://relay.example/hooks/~garage/"},
		{"https://relay.example", ptth.About{Parked: true}, "https://relay.example/garage/"},
		{"https://relay.example/by/{name}?key=secret", ptth.About{}, "https://relay.example/by/garage/"},
	} {
		u, err := url.Parse(tt.relay)
		if err != nil {
			t.Fatal(err)
		}
		if got := newRegistry(&ptth.Dialer{Relay: u}).guess("garage", tt.about); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.relay, got, tt.want)
		}
	}
}

// TestRegistryDoesNotSwitch: a relay that answers the claims API with a switch
// of protocols, and says nothing more, does not keep the agent from ending.
func TestRegistryDoesNotSwitch(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		nc, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n")
		go func() {
			<-hold
			nc.Close()
		}()
	}))
	defer relay.Close()
	base, err := url.Parse(relay.URL)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := newRegistry(&ptth.Dialer{Relay: base, Token: "hh_t"}).put(context.Background(), "garage", &settings{})
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, errForeign) {
			t.Error(err)
		}
	case <-time.After(registryTimeout / 2):
		t.Fatal("the answer is awaited for ever")
	}
}
