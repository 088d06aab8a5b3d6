package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHomeDialer finds this machine below localhost where no resolver does, at
// both of its addresses, and only there.
func TestHomeDialer(t *testing.T) {
	deaf := &homeDialer{Dialer: net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial:     func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no resolver") },
	}}}
	tests := []struct {
		name, listen, host string
		ok                 bool
	}{
		{"IPv4", "127.0.0.1:0", "garage.localhost", true},
		{"IPv6", "[::1]:0", "garage.localhost", true},
		{"capitals and a dot", "127.0.0.1:0", "Garage.LocalHost.", true},
		{"another name", "127.0.0.1:0", "garage.invalid", false},
		{"only the end of a name", "127.0.0.1:0", "mylocalhost", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", tt.listen)
			if err != nil {
				t.Skip(err) // a machine without IPv6
			}
			defer l.Close()
			_, port, _ := net.SplitHostPort(l.Addr().String())
			nc, err := deaf.dial(t.Context(), "tcp", net.JoinHostPort(tt.host, port))
			if (err == nil) != tt.ok {
				t.Fatalf("got %v", err)
			}
			if err == nil {
				nc.Close()
			}
		})
	}
}

func TestNoProxyToThisMachine(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "http://garage.localhost:8080/", nil)
	if u, err := proxyFor(r); u != nil || err != nil {
		t.Errorf("proxy %v, %v", u, err)
	}
}

// TestSendTrusts sends to a server whose root only a flag or the configuration
// of some relay names.
func TestSendTrusts(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hi") }))
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "root.pem")
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, root, 0o600); err != nil {
		t.Fatal(err)
	}
	relays := "relays:\n  - {name: one, url: https://one.example.com}\n  - {name: two, url: https://two.example.com, ca: " + quoted(ca) + "}\n"
	tests := []struct {
		name, config string
		flags        []string
		code         int
		want         string // part of stdout and stderr
	}{
		{"nobody", "", nil, exitFailed, "  name the PEM file of its root with --ca FILE"},
		{"flag", "", []string{"--ca", ca}, exitDone, "200 OK"},
		{"a relay's", relays, nil, exitDone, "200 OK"},
		{"a bad configuration", "nonsense: 1", nil, exitFailed, "--ca FILE"},
		{"a bad configuration and the flag", "nonsense: 1", []string{"--ca", ca}, exitDone, "200 OK"},
		{"no such file", "", []string{"--ca", ca + "x"}, exitFailed, "read roots: open "},
		{"no certificate", "", []string{"--ca", os.Args[0]}, exitFailed, "holds no certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, out, errs := newTestApp(t)
			p, err := a.paths()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p.Config, []byte(tt.config), 0o600); err != nil {
				t.Fatal(err)
			}
			code := a.execute(t.Context(), append([]string{"send", server.URL}, tt.flags...))
			if code != tt.code || !strings.Contains(out.String()+errs.String(), tt.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q; want %d, %q", code, out, errs, tt.code, tt.want)
			}
		})
	}
}
