package agent

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"homehook/agent/config"
	"homehook/agent/control"
)

// TestStrayed: a relay cannot have canaries sent to whom it likes.
func TestStrayed(t *testing.T) {
	for _, tt := range []struct {
		relay, public string
		want          string // part of the reason; empty: one is sent
	}{
		{"https://relay.example", "https://relay.example/~garage", ""},
		{"https://relay.example:8443/x", "https://Relay.Example./~garage", ""},
		{"https://relay.example", "https://garage.relay.example", ""},
		{"http://127.0.0.1:8080", "http://127.0.0.1:9090/~garage", ""},
		{"https://relay.example", "https://attic.relay.example", "is at attic.relay.example, which is neither its own host relay.example nor garage.relay.example"},
		{"https://relay.example", "https://garage.relay.example.evil.example", "neither"},
		{"https://relay.example", "http://127.0.0.1:7777", "is at 127.0.0.1"},
		{"https://relay.example", "http://169.254.169.254/latest", "is at 169.254.169.254"},
		{"https://relay.example", "http://[::1]:7777", "is at ::1"},
		{"https://relay.example", "https://relay.example@127.0.0.1", "none"},
		{"https://relay.example", "ftp://relay.example", "none"},
		{"https://relay.example", "relay.example", "none"},
		{"https://relay.example", "://", "none"},
	} {
		if got := strayed(tt.public, "garage", config.Relay{URL: tt.relay}); got == "" != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s of %s: %q, want %q", tt.public, tt.relay, got, tt.want)
		}
	}
}

// TestGuardOfCanaries: names may lead into the local network only where the relay
// is.
func TestGuardOfCanaries(t *testing.T) {
	names := map[string]string{"relay.example": "192.0.2.1", "split.example": "192.168.1.5"}
	find := func(_ context.Context, host string) ([]netip.Addr, error) {
		if a, ok := names[host]; ok {
			return []netip.Addr{netip.MustParseAddr(a)}, nil
		}
		return nil, errors.New("no such name")
	}
	for _, tt := range []struct {
		relay, to string
		want      bool
	}{
		{"https://relay.example", "192.0.2.1:443", true},
		{"https://relay.example", "[2001:db8::1]:443", true},
		{"https://relay.example", "127.0.0.1:443", false},
		{"https://relay.example", "[::1]:443", false},
		{"https://relay.example", "[::ffff:10.0.0.1]:443", false},
		{"https://relay.example", "169.254.169.254:80", false},
		{"https://relay.example", "192.168.1.5:443", false},
		{"https://192.0.2.1", "127.0.0.1:443", false},
		{"https://split.example", "192.168.1.5:443", true},
		{"https://split.example:8443", "192.168.1.5:443", false},
		{"https://split.example", "192.168.1.6:443", false},
		{"https://unknown.example", "192.168.1.6:443", false},
		{"http://127.0.0.1:8080", "127.0.0.1:9090", true},
		{"https://relay.lan", "192.168.1.5:443", true},
		{"https://localhost:1", "127.0.0.1:1", true},
	} {
		guard := guardOf(t.Context(), config.Relay{URL: tt.relay}, find)
		ok := guard == nil || guard(netip.MustParseAddrPort(tt.to)) == nil
		if ok != tt.want {
			t.Errorf("%s of %s: %t", tt.to, tt.relay, ok)
		}
	}
}

// TestCanaryTurnsBack: a name that leads home is connected to by nobody, and the
// finding says so.
func TestCanaryTurnsBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d, err := newDialer(config.Relay{URL: "https://relay.example", Proxy: "none"}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Guard = guardOf(t.Context(), config.Relay{URL: "https://relay.example"}, func(context.Context, string) ([]netip.Addr, error) { return nil, nil })
	_, err = newRegistry(d).client.Get("http://" + l.Addr().String())
	f := flight{url: "https://garage.relay.example", err: innermostURL(err), relay: config.Relay{URL: "https://relay.example"}}
	state, text, _ := f.finding()
	if state != control.FindingSkipped || !strings.Contains(text, "it leads to 127.0.0.1") {
		t.Errorf("%s: %s", state, text)
	}
}

// TestFeedLeadsHome: the host of a feed cannot have home ask home.
func TestFeedLeadsHome(t *testing.T) {
	for _, to := range []string{"http://127.0.0.1:7777/", "http://localhost:7777/", "http://[::1]/", "http://192.168.1.1/", "http://printer/", "http://169.254.169.254/"} {
		next, first := feedRequest(t, to), feedRequest(t, "http://feed.example/v")
		next.Header.Set("Referer", "http://feed.example/v")
		if err := followFeed(next, []*http.Request{first}); !errors.Is(err, errHomely) {
			t.Errorf("%s: %v", to, err)
		}
	}
	next, first := feedRequest(t, "https://other.example/x"), feedRequest(t, "https://feed.example/v")
	next.Header.Set("Referer", "https://feed.example/v")
	if err := followFeed(next, []*http.Request{first}); err != nil || next.Header.Get("Referer") != "" || next.Context().Value(feedHop{}) != "other.example:443" {
		t.Errorf("%v, %v", err, next.Header)
	}
	// A name that turns out to lead here is found when it is connected to.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	led := feedRequest(t, "http://"+l.Addr().String())
	led = led.WithContext(context.WithValue(t.Context(), feedHop{}, l.Addr().String()))
	if _, err := newFeedClient().Do(led); !errors.Is(err, errHomely) {
		t.Errorf("got %v", err)
	}
}

func feedRequest(t *testing.T, to string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
