package agent

import (
	"testing"

	"homehook/agent/config"
	"homehook/http1"
	"homehook/ptth"
)

// request is one with a target and further field lines.
func request(t *testing.T, target, fields string) *http1.Request {
	t.Helper()
	method := "POST "
	if target == "*" {
		method = "OPTIONS "
	}
	r, err := http1.ParseRequest([]byte(method+target+" HTTP/1.1\r\n"+fields), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestLocate: whose a request is, whichever way a relay says it.
func TestLocate(t *testing.T) {
	const (
		virtual = "https://garage.relay.example:8443/"
		path    = "https://relay.example/~garage/"
	)
	whole := ptth.About{Whole: true}
	tests := []struct {
		name, public         string
		about                ptth.About
		target, host, prefix string

		wantTarget, wantPrefix, wantOther string
	}{
		{"its own host", virtual, ptth.About{}, "/x", "garage.relay.example", "", "/x", "", ""},
		{"with port, case and dot", virtual, ptth.About{}, "/x", "GARAGE.relay.Example.:8443", "", "/x", "", ""},
		{"another label", virtual, ptth.About{}, "/x", "other.relay.example", "", "/x", "", "other.relay.example"},
		{"another label in capitals, with port", virtual, ptth.About{}, "/x", "OTHER.Relay.Example:8443", "", "/x", "", "OTHER.Relay.Example"},
		{"a custom domain", virtual, ptth.About{}, "/x", "hooks.example.org", "", "/x", "", ""},
		{"the relay's own host", virtual, ptth.About{}, "/x", "relay.example", "/~garage", "/x", "/~garage", ""},
		{"two labels", virtual, ptth.About{}, "/x", "a.b.relay.example", "", "/x", "", ""},
		{"an empty host", virtual, ptth.About{}, "/x", "", "", "/x", "", ""},
		{"no host", virtual, ptth.About{}, "/x", "-", "", "/x", "", ""},
		{"an address", virtual, ptth.About{}, "/x", "[2001:db8::1]:80", "", "/x", "", ""},
		{"path mode, another label below", path, ptth.About{}, "/x", "other.relay.example", "", "/x", "", "other.relay.example"},
		{"path mode, its label below", path, ptth.About{}, "/x", "garage.relay.example", "", "/x", "", ""},
		{"path mode, neighbour of the relay", path, ptth.About{}, "/x", "www.example", "", "/x", "", ""},
		{"another prefix", path, ptth.About{}, "/x", "relay.example", "/~other", "/x", "/~other", "/~other"},
		{"another prefix behind a proxy's", path, ptth.About{}, "/x", "relay.example", "/hooks/~other", "/x", "/hooks/~other", "/hooks/~other"},
		{"its prefix in capitals", path, ptth.About{}, "/x", "relay.example", "/~GARAGE", "/x", "/~GARAGE", ""},
		{"a prefix that is no name", path, ptth.About{}, "/x", "relay.example", "/hooks", "/x", "/hooks", ""},
		{"a path that looks like a prefix", path, ptth.About{}, "/~other/x", "relay.example", "/~garage", "/~other/x", "/~garage", ""},
		{"a relay with an address", "http://127.0.0.1:80/~garage/", ptth.About{}, "/x", "10.0.0.1", "", "/x", "", ""},
		{"a public URL nobody knows", "", ptth.About{}, "/x", "other.relay.example", "", "/x", "", ""},

		{"whole", path, whole, "/~garage/x?y", "relay.example", "", "/x?y", "/~garage", ""},
		{"whole, its label in the host", "", whole, "/garage/x", "garage.yaler.example", "", "/garage/x", "", ""},
		{"whole, escaped tilde", path, whole, "/%7egarage/x", "relay.example", "", "/x", "/%7egarage", ""},
		{"whole, no tilde", "https://relay.example/garage/", whole, "/Garage/x", "relay.example", "", "/x", "/Garage", ""},
		{"whole, nothing behind", path, whole, "/~garage", "relay.example", "", "/", "/~garage", ""},
		{"whole, only a query", path, whole, "/~garage?a=b", "relay.example", "", "/?a=b", "/~garage", ""},
		{"whole, stated too", path, whole, "/~garage/", "relay.example", "/p/~garage", "/", "/p/~garage", ""},
		{"whole, another name", path, whole, "/~other/x", "relay.example", "", "/~other/x", "", "/~other"},
		{"whole, longer name", path, whole, "/~garages/x", "relay.example", "", "/~garages/x", "", "/~garages"},
		{"whole, some path", path, whole, "/x/~other", "relay.example", "", "/x/~other", "", ""},
		{"whole, asterisk", path, whole, "*", "relay.example", "", "*", "", ""},
		{"whole, a host of its own", virtual, whole, "/garage/x", "garage.relay.example", "", "/garage/x", "", ""},
		{"whole, nothing known", "", whole, "/garage//x", "gw", "", "//x", "/garage", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := &keeper{claim: config.Claim{Name: "garage"}}
			if tt.public != "" {
				k.setURL(tt.public)
			}
			fields := "Host: " + tt.host + "\r\n"
			if tt.host == "-" {
				fields = "A: b\r\n"
			}
			r := request(t, tt.target, fields)
			prefix, other := k.locate(r, tt.about, tt.prefix)
			if string(r.Target) != tt.wantTarget || prefix != tt.wantPrefix || other != tt.wantOther {
				t.Errorf("target %q, prefix %q, other %q; want %q, %q, %q", r.Target, prefix, other, tt.wantTarget, tt.wantPrefix, tt.wantOther)
			}
		})
	}
}

func TestPlaceOf(t *testing.T) {
	for _, public := range []string{"", "garage", "http://", "://x", "/~garage"} {
		if p := placeOf(public, "garage"); p != nil {
			t.Errorf("%q: %+v", public, p)
		}
	}
}

func FuzzStrip(f *testing.F) {
	for _, s := range []string{"/~garage/x", "/%7Egarage", "/garage?x", "*", "/", "//", "/~", "/%7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		r := &http1.Request{Target: []byte(target)}
		prefix, other := strip(r, "garage")
		switch {
		case prefix != "" && other != "":
			t.Errorf("%q: both %q and %q", target, prefix, other)
		case prefix == "" && string(r.Target) != target:
			t.Errorf("%q became %q", target, r.Target)
		case prefix != "" && (len(r.Target) == 0 || r.Target[0] != '/'):
			t.Errorf("%q became %q", target, r.Target)
		}
	})
}
