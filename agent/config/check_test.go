package config

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"homehook/routes"
)

func TestLabel(t *testing.T) {
	tests := map[string]bool{
		"a": true, "0": true, "a-b": true, "garage2": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "a-": false, "A": false, "a.b": false, "a_b": false, "é": false, "a b": false,
		strings.Repeat("a", 64): false, "a\n": false,
	}
	for name, want := range tests {
		if got := label(name); got != want {
			t.Errorf("label(%q) = %t", name, got)
		}
	}
}

func TestCredentialName(t *testing.T) {
	tests := map[string]bool{
		"relay/mine": true, "github": true, "a.b_c-d/e": true, "0": true, "deadbeef": true, "hh": true, "relay/hh_x": true, "hh_": false, "hh_home": false,
		"home-assistant-webhook-secret": true, // long, but words
		"":                              false, "/a": false, "A": false, "a b": false, "whsec_Ab": false,
		"0123456789abcdef0123456789abcdef":     false,
		"123e4567-e89b-12d3-a456-426614174000": false,
		strings.Repeat("x", 65):                false,
	}
	for name, want := range tests {
		if got := credentialName(name); got != want {
			t.Errorf("credentialName(%q) = %t", name, got)
		}
	}
}

func TestLoopback(t *testing.T) {
	tests := map[string]bool{
		"localhost": true, "LOCALHOST": true, "a.localhost": true, "localhost.": true,
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "localhost.example.com": false, "notlocalhost": false, "127.0.0.1.example.com": false,
		"192.168.1.1": false, "0.0.0.0": false, "::": false, "fe80::1": false, "2130706433": false,
	}
	for host, want := range tests {
		if got := loopback(host); got != want {
			t.Errorf("loopback(%q) = %t", host, got)
		}
	}
}

func TestRoots(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	tests := []struct{ name, path, want string }{
		{"certificate", file("good.pem", good), ""},
		{"no certificate", file("bad.pem", []byte("hello")), "holds no certificate"},
		{"huge", file("huge.pem", make([]byte, maxFile+1)), "is not a file of certificates; name a PEM file with CERTIFICATE blocks"},
		{"folder", dir, "is not a file of certificates"},
		{"nothing", filepath.Join(dir, "none.pem"), "does not exist; check the path"},
		{"relative", "good.pem", "is not an absolute path; write its whole path"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := fmt.Sprintf("relays:\n- name: a\n  url: https://relay.example.com\n  ca: '%s'\n", tt.path)
			cfg, err := Parse("f", []byte(text))
			if tt.want == "" {
				if err != nil || cfg.Relays[0].CA != tt.path {
					t.Errorf("got %v, %v", cfg, err)
				}
				return
			}
			if got := errText(err); !strings.HasPrefix(got, "f:4:7: ca ") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestScript has the routes package look at a program, and places what it says. A
// program that is not there is a fault, and keeps nothing else from its work.
func TestScript(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	text := fmt.Sprintf(`relays: [{name: mine, url: "https://relay.example.com"}]
claims: [{name: garage}]
routes:
  - match: POST /
    unverified: true
    script:
      command: ['%s', now]
      timeout: 5s
      env: {DEBUG: 1}
`, program)
	cfg, err := Parse("f", []byte(text))
	if err != nil || cfg.Table == nil || len(cfg.Routes) != 1 {
		t.Fatalf("no program: got %v, %v", cfg, err)
	}
	cfg.Table.Close()
	if got := cfg.Faults.Error(); !strings.HasPrefix(got, "f:7:17: ") || !strings.Contains(got, "cannot be found") || strings.Contains(got, "\n") {
		t.Errorf("no program: got %q, want one fault at 7:17", got)
	}
	_, err = Parse("f", []byte(text+"      nonsense: 1\n"))
	if got := errText(err); !strings.Contains(got, "nonsense") || !strings.Contains(got, "cannot be found") {
		t.Errorf("beside a problem: %q", got)
	}
	// What is wrong with the file is told instead of a fault at the same place.
	shell := filepath.Join(filepath.Dir(program), "bash")
	_, err = Parse("f", []byte(strings.Replace(text, "'"+program+"', now", shell, 1)))
	if got := errText(err); !strings.HasPrefix(got, "f:7:17: ") || strings.Contains(got, "cannot be found") {
		t.Errorf("a shell that is not there, with the body for its code: %q", got)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err = Parse("f", []byte(strings.Replace(text, program, self, 1)))
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Table.Close()
	s := cfg.Routes[0].Script
	if s == nil || len(s.Command) != 2 || s.Command[1] != "now" || s.Env["DEBUG"] != "1" {
		t.Errorf("got %+v", s)
	}
}

// TestFill holds what a file may leave out.
func TestFill(t *testing.T) {
	cfg, err := Parse("f", []byte(`
relays: [{name: mine, url: "https://relay.example.com"}]
claims: [{name: garage}]
routes: [{match: GET /a, unverified: true, respond: {}}]
history: {body: 0}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Claim{
		Name: "garage", Relay: "mine", Answer: DefaultAnswer, Hold: routes.Duration(DefaultHold),
		MaxBody: DefaultMaxBody, MaxLinks: DefaultMaxLinks, Parallel: DefaultParallel,
	}
	if !cfg.Claims[0].Equal(want) {
		t.Errorf("claim is %+v, want %+v", cfg.Claims[0], want)
	}
	if r := cfg.Routes[0]; r.Name != "GET /a" || r.Claim != "garage" {
		t.Errorf("route is %+v", r)
	}
	if h := (History{Keep: DefaultKeep, MaxSize: DefaultMaxSize}); !reflect.DeepEqual(cfg.History, h) {
		t.Errorf("history is %+v, want %+v: 0 is not the same as left out", cfg.History, h)
	}
	if cfg.Table == nil {
		t.Error("no table")
	}
}
