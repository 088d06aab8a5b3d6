package relay

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"homehook/http1"
)

func TestFoldName(t *testing.T) {
	tests := []struct {
		in, want string // "" for refused
	}{
		{"garage", "garage"},
		{"GaRage-2", "garage-2"},
		{"0", "0"},
		{strings.Repeat("a", 63), strings.Repeat("a", 63)},
		{"", ""},
		{"-a", ""},
		{"a-", ""},
		{"a_b", ""},
		{"a.b", ""},
		{"a b", ""},
		{"ä", ""},
		{strings.Repeat("a", 64), ""},
		{"a\x00", ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			var b nameBuffer
			got, ok := b.fold([]byte(tt.in))
			if ok != (tt.want != "") || string(got) != tt.want {
				t.Errorf("got %q, %v; want %q", got, ok, tt.want)
			}
		})
	}
}

func TestClaimName(t *testing.T) {
	for name, status := range map[string]int{"garage": 0, "Garage": 0, "www": 403, "API": 403, "xn--a": 403, "a_b": 400, "": 400} {
		_, err := claimName(name)
		got := 0
		if err != nil {
			got = asRefusal(err).status
		}
		if got != status {
			t.Errorf("%q: got %d, want %d", name, got, status)
		}
	}
}

func TestHostOnly(t *testing.T) {
	tests := []struct {
		in, want string
		ok       bool
	}{
		{"", "", true},
		{"a", "a", true},
		{"a:1", "a", true},
		{"a:", "a", true},
		{"a.", "a", true},
		{"a.:80", "a", true},
		{"[::1]", "::1", true},
		{"[::1]:80", "::1", true},
		{"127.0.0.1:8080", "127.0.0.1", true},
		{"a:b", "", false},
		{"a:1:2", "", false},
		{"::1", "", false},
		{"[::1", "", false},
		{"[::1]x", "", false},
		{"a:123456", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, ok := hostOnly([]byte(tt.in))
			if ok != tt.ok || ok && string(got) != tt.want {
				t.Errorf("got %q, %v; want %q, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

var testLocal = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}

// FuzzPlace finds places for any request that the reader lets through. What
// the agent gets as target must be a path, and the prefix and it together
// what the sender sent.
func FuzzPlace(f *testing.F) {
	for _, target := range []string{
		"/", "/~garage/a?b", "/~garage", "/~garage?x", "/%7egarage/%2e", "/ptth/garage/token", "/~/", "/~a~b/",
		"http://garage.localhost/x", "http://192.0.2.1", "http://localhost?x", "//x", "/api/claims", "*",
	} {
		f.Add(target, "garage.localhost:80", false)
		f.Add(target, "relay.example", true)
	}
	w, err := newWhereabouts(Options{Domain: "relay.example"}.withDefaults())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target, host string, old bool) {
		line := "GET " + target + " HTTP/1.1\r\n"
		if old {
			line = "GET " + target + " HTTP/1.0\r\n"
		}
		r, err := http1.ParseRequest([]byte(line+"Host: "+host+"\r\n"), nil, 0)
		if err != nil {
			return
		}
		p, refused := w.find(r, testLocal)
		if refused != nil || p.kind != placeClaim {
			return
		}
		v := visitor{parcel: parcel{place: p}}
		got := v.target(r)
		if len(got) == 0 || got[0] != '/' {
			t.Fatalf("target %q becomes %q", target, got)
		}
		path, query := r.PathQuery()
		gotPath, gotQuery, asks := bytes.Cut(got, []byte("?"))
		whole := append(bytes.Clone(p.prefix), gotPath...)
		if !bytes.Equal(whole, path) && !bytes.Equal(whole, append(bytes.Clone(path), '/')) {
			t.Fatalf("target %q: prefix %q and path %q", target, p.prefix, gotPath)
		}
		if !bytes.Equal(gotQuery, query) || asks != (query != nil) {
			t.Fatalf("target %q: query %q becomes %q", target, query, gotQuery)
		}
		if bytes.ContainsAny(p.name, "/?") && p.prefix != nil {
			t.Fatalf("target %q: name %q", target, p.name)
		}
	})
}

func TestForeignCookie(t *testing.T) {
	tests := []struct {
		name, host, cookie string
		prefix             string
		want               bool
	}{
		{"plain", "garage.relay.example", "a=b", "", false},
		{"own domain", "garage.relay.example:443", "a=b; Domain=garage.relay.example", "", false},
		{"own domain with a dot", "garage.relay.example", "a=b; Domain=.Garage.relay.example", "", false},
		{"below the own domain", "garage.relay.example", "a=b; domain=x.garage.relay.example", "", false},
		{"the relay's domain", "garage.relay.example", "a=b; Domain=relay.example", "", true},
		{"with spaces", "garage.relay.example", "a=b;  DOMAIN = .relay.example ; Path=/", "", true},
		{"another claim", "garage.relay.example", "a=b; Domain=house.relay.example", "", true},
		{"a suffix that is no label", "age.relay.example", "a=b; Domain=garage.relay.example", "", true},
		{"the last of two", "garage.relay.example", "a=b; Domain=garage.relay.example; Domain=relay.example", "", true},
		{"an empty domain", "garage.relay.example", "a=b; Domain=", "", false},
		{"in the value", "garage.relay.example", "Domain=relay.example; Path=/", "", false},
		{"path mode", "relay.example", "a=b; Path=/~garage", "/~garage", false},
		{"path mode, all paths", "relay.example", "a=b; Path=/", "/~garage", true},
		{"path mode, own domain", "relay.example", "a=b; Domain=relay.example", "/~garage", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := visitorAt("/~garage/x")
			v.place.host = []byte(tt.host)
			if tt.prefix != "" {
				v.place.prefix = []byte(tt.prefix)
			}
			if got := v.foreignCookie([]byte(tt.cookie)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// visitorAt is a visitor whose request has the given path.
func visitorAt(path string) *visitor {
	r, err := http1.ParseRequest([]byte("GET "+path+" HTTP/1.1\r\n"), nil, 0)
	if err != nil {
		panic(err)
	}
	return &visitor{x: &http1.Exchange{Request: r}}
}

// TestConfine puts cookies of path mode under the claim's own paths.
func TestConfine(t *testing.T) {
	tests := []struct{ name, path, cookie, want string }{
		{"no path", "/~garage/x", "a=b; Secure", "a=b; Secure"},
		{"no path, at the top", "/~garage", "a=b", "a=b; Path=/~garage/"},
		{"all paths", "/~garage/x", "a=b; Path=/; HttpOnly", "a=b; HttpOnly; Path=/~garage/"},
		{"a path of the app", "/~garage/x", "a=b;path=/login;Max-Age=5", "a=b;Max-Age=5; Path=/~garage/login"},
		{"a path of the claim", "/~garage/x", "a=b; Path=/~garage/login", "a=b; Path=/~garage/login"},
		{"a neighbour", "/~garage/x", "a=b; Path=/~house/", "a=b; Path=/~garage/~house/"},
		{"a longer name", "/~garage/x", "a=b; Path=/~garage2", "a=b; Path=/~garage/~garage2"},
		{"two paths, the last counts", "/~garage/x", "a=b; Path=/~garage; Path=/", "a=b; Path=/~garage/"},
		{"a path that is none", "/~garage/x", "a=b; Path=x", "a=b; Path=x"},
		{"a path that is none, at the top", "/~garage", "a=b; Path=x", "a=b; Path=/~garage/"},
		{"Path in the value", "/~garage/x", "Path=/", "Path=/"},
		{"a domain", "/~garage/x", "a=b; Domain=relay.example", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := visitorAt(tt.path)
			v.place.host, v.place.prefix = []byte("relay.example"), []byte("/~garage")
			got, ok := v.confine([]byte(tt.cookie))
			if string(got) != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, %v; want %q", got, ok, tt.want)
			}
		})
	}
}

// FuzzForeignCookie compares the judgement with that of net/http.
func FuzzForeignCookie(f *testing.F) {
	f.Add("a=b; Domain=relay.example")
	f.Add("a=b; Domain=.garage.relay.example; Path=/; Secure")
	f.Add("a=b;domain=x;;=;Domain")
	f.Fuzz(func(t *testing.T, cookie string) {
		v := visitor{parcel: parcel{place: place{host: []byte("garage.relay.example")}}}
		foreign := v.foreignCookie([]byte(cookie))
		c, err := parseCookie(cookie)
		if err != nil || foreign {
			return
		}
		domain := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(c.Domain), "."))
		if domain != "" && domain != "garage.relay.example" && !strings.HasSuffix(domain, ".garage.relay.example") {
			t.Fatalf("cookie %q for %q passes", cookie, c.Domain)
		}
	})
}
