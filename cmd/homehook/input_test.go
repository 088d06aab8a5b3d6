package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestSecretInput(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"bare", "secret", "secret"},
		{"line", "secret\n", "secret"},
		{"line of Windows", "secret\r\n", "secret"},
		{"one line end only", "secret\n\n", "secret\n"},
		{"spaces are part of it", " secret ", " secret "},
	}
	for _, tt := range tests {
		a, _, _ := newTestApp(t)
		a.in = strings.NewReader(tt.in)
		if got, err := a.secretInput(t.Context(), ""); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
	for _, empty := range []string{"", "\n", "\r\n"} {
		a, _, _ := newTestApp(t)
		a.in = strings.NewReader(empty)
		if got, err := a.secretInput(t.Context(), ""); err == nil {
			t.Errorf("%q is taken for %q", empty, got)
		}
	}
}

func TestReadInputEndsWithTheContext(t *testing.T) {
	a, _, _ := newTestApp(t)
	r, w := io.Pipe()
	defer w.Close()
	a.in = r
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.readInput(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSendRequest(t *testing.T) {
	tests := []struct {
		name string
		cmd  sendCmd
		body string
		want func(*http.Request) bool
	}{
		{"JSON", sendCmd{}, `{"a":1}`, func(r *http.Request) bool {
			return r.Method == "POST" && r.Header.Get("Content-Type") == "application/json"
		}},
		{"text", sendCmd{}, `hello`, func(r *http.Request) bool {
			return r.Header.Get("Content-Type") == "text/plain; charset=utf-8"
		}},
		{"bytes", sendCmd{}, "\xff", func(r *http.Request) bool {
			return r.Header.Get("Content-Type") == "application/octet-stream"
		}},
		{"no body", sendCmd{Method: "get"}, "", func(r *http.Request) bool {
			return r.Method == "GET" && r.Header.Get("Content-Type") == ""
		}},
		{"own fields", sendCmd{Header: []string{"content-type: a/b", "X: 1, 2", "X:3", "Host: other"}}, "x", func(r *http.Request) bool {
			return r.Header.Get("Content-Type") == "a/b" && strings.Join(r.Header["X"], "|") == "1, 2|3" && r.Host == "other"
		}},
	}
	for _, tt := range tests {
		tt.cmd.URL = "http://127.0.0.1:1/x"
		r, err := tt.cmd.request(t.Context(), "test", []byte(tt.body))
		if err != nil || !tt.want(r) || r.Header.Get("User-Agent") != "Homehook/test" {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
	}
	for _, bad := range []sendCmd{{URL: "x"}, {URL: "ftp://x/"}, {URL: "http://"}, {URL: "http://x", Header: []string{"x"}}, {URL: "http://x", Header: []string{": x"}}, {URL: "http://x", Method: "A B"}} {
		_, err := bad.request(t.Context(), "test", nil)
		if f := (*failure)(nil); !errors.As(err, &f) || f.code != exitUsage {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
