package relay

import (
	"net"
	"strings"
	"testing"
)

// TestLocal: a relay for one machine takes nothing that comes through its user's
// browser from elsewhere.
func TestLocal(t *testing.T) {
	here, anywhere := startRelay(t, Options{Local: true}), startRelay(t, Options{})
	tests := []struct{ name, fields, status string }{
		{"an address", "Host: 127.0.0.1:PORT", "200"},
		{"IPv6", "Host: [::1]:PORT", "200"},
		{"localhost", "Host: LOCALHOST:PORT", "200"},
		{"mapped", "Host: [::ffff:127.0.0.1]:PORT", "200"},
		{"its own page", "Host: localhost:PORT\r\nOrigin: http://localhost:PORT\r\nSec-Fetch-Site: same-origin", "200"},
		{"typed in", "Host: localhost:PORT\r\nSec-Fetch-Site: none", "200"},
		{"another port", "Host: 127.0.0.1:1", "421"},
		{"no port", "Host: localhost", "421"},
		{"IPv6 without a port", "Host: [::1]", "421"},
		{"a name that leads here", "Host: evil.example:PORT", "421"},
		{"one that looks like it", "Host: localhost.evil.example:PORT", "421"},
		{"one that ends like it", "Host: evillocalhost:PORT", "421"},
		{"another address", "Host: 192.168.1.2:PORT", "421"},
		{"all addresses", "Host: 0.0.0.0:PORT", "421"},
		{"a page of elsewhere", "Host: 127.0.0.1:PORT\r\nOrigin: https://evil.example", "403"},
		{"a page of elsewhere on this machine", "Host: localhost:PORT\r\nOrigin: http://localhost:1", "403"},
		{"a page of another claim", "Host: localhost:PORT\r\nOrigin: http://other.localhost:PORT", "403"},
		{"two origins", "Host: localhost:PORT\r\nOrigin: http://localhost:PORT\r\nOrigin: http://evil.example", "403"},
		{"a page without origin", "Host: 127.0.0.1:PORT\r\nOrigin: null", "403"},
		{"a link of a page", "Host: 127.0.0.1:PORT\r\nSec-Fetch-Site: cross-site", "403"},
		{"a contradiction", "Host: localhost:PORT\r\nOrigin: http://localhost:PORT\r\nSec-Fetch-Site: cross-site", "403"},
	}
	ask := func(tr *testRelay, path, fields string) string {
		_, port, _ := net.SplitHostPort(tr.addr)
		return tr.raw(t, "GET "+path+" HTTP/1.1\r\n"+strings.ReplaceAll(fields, "PORT", port)+"\r\nConnection: close\r\n\r\n")
	}
	for _, tr := range []*testRelay{here, anywhere} {
		tr.agent(t, "garage", 1, echo)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, path := range []string{"/healthz", "/~garage/"} {
				got := ask(here, path, tt.fields)
				if !strings.HasPrefix(got, "HTTP/1.1 "+tt.status) || tt.status != "200" && !strings.Contains(got, "this relay ") {
					t.Errorf("%s: got %q, want %s", path, got, tt.status)
				}
				if got := ask(anywhere, path, tt.fields); !strings.HasPrefix(got, "HTTP/1.1 200") {
					t.Errorf("%s: a relay for all says %.60q", path, got)
				}
			}
		})
	}
	t.Run("below localhost", func(t *testing.T) {
		if got := ask(here, "/", "Host: garage.localhost:PORT"); !strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Errorf("got %.60q", got)
		}
	})
}
