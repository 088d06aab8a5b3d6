package routes

import (
	"runtime"
	"strings"
	"testing"
)

// FuzzGatewayHead holds that no program's header makes a field of its own.
func FuzzGatewayHead(f *testing.F) {
	for _, s := range []string{"Content-Type: a/b\n\n", "Status: 200 OK\r\nX: y\r\n\r\n", "Location: /x\n\n", "X: a\r\nSet-Cookie: b", "\n", ":\n\n", "A:\x00\n\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		end := endOfGatewayHead(raw)
		if end == 0 {
			return
		}
		h, err := parseGatewayHead(raw[:end])
		if err != nil {
			return
		}
		if code := h.code(); code < 200 || code > 599 {
			t.Errorf("status %d", code)
		}
		for _, field := range h.fields {
			if !isToken(field.Name) || !isFieldValue(field.Value) {
				t.Errorf("field %q", field)
			}
		}
	})
}

// TestElsewhereStaysBelow: where a program sends a sender is below the public URL.
func TestElsewhereStaysBelow(t *testing.T) {
	for _, tt := range []struct{ prefix, to, want string }{
		{"", "/bas", "/bas"},
		{"/~garage", "/bas?x=1", "/~garage/bas?x=1"},
		{"/~garage", "/~garage/bas", "/~garage/bas"},
		{"/~garage", "/~garage2/bas", "/~garage/~garage2/bas"},
	} {
		x, d, out := stored(t, saveHead, "")
		d.Prefix = tt.prefix
		elsewhere(d, x, tt.to)
		if !strings.Contains(out.String(), "\r\nLocation: "+tt.want+"\r\n") {
			t.Errorf("%s below %q: %s", tt.to, tt.prefix, out)
		}
	}
}

// TestCleaned holds that a path stays below a folder, with whatever the system
// takes for a slash.
func TestCleaned(t *testing.T) {
	cases := map[string]string{"": "/", "/a/b": "/a/b", "/../../a": "/a", "/a/../../b/": "/b", "/a//b/.": "/a/b"}
	if runtime.GOOS == "windows" {
		cases[`/..\..\a`], cases[`/a\..\..\b`], cases[`/a\\b`] = "/a", "/b", "/a/b"
	} else {
		cases[`/..\..\a`] = `/..\..\a`
	}
	for path, want := range cases {
		if got := cleaned(path); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}
