package http1

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// chunk frames one piece of a chunked body.
func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

func TestParseRequest(t *testing.T) {
	tests := []struct {
		name, head string
		ok         bool
	}{
		{"without the blank line", "POST /a HTTP/1.1\r\nHost: h\r\n", true},
		{"with the blank line", "POST /a HTTP/1.1\r\nHost: h\r\n\r\n", true},
		{"without the last line end", "POST /a HTTP/1.1\r\nHost: h", true},
		{"line only", "POST /a HTTP/1.1", true},
		{"blank line within", "POST /a HTTP/1.1\r\nHost: h\r\n\r\nA: b\r\n", false},
		{"two blank lines", "POST /a HTTP/1.1\r\nHost: h\r\n\r\n\r\n", false},
		{"bare LF", "POST /a HTTP/1.1\nHost: h\r\n", false},
		{"malformed field", "POST /a HTTP/1.1\r\nHost\r\n", false},
		{"empty", "", false},
		{"a blank line", "\r\n", false},
		{"two line ends", "\r\n\r\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := []byte(tt.head)
			r, err := ParseRequest(in, nil, 0)
			if (err == nil) != tt.ok {
				t.Fatalf("got %v", err)
			}
			if string(in) != tt.head {
				t.Errorf("the head was changed to %q", in)
			}
			if err != nil {
				return
			}
			if string(r.Target) != "/a" || !r.Body.Empty() || r.Body.Length() != 0 {
				t.Errorf("target %q, body length %d", r.Target, r.Body.Length())
			}
			if want := strings.TrimRight(tt.head, "\r\n") + "\r\n"; string(r.Raw()) != want {
				t.Errorf("raw: got %q, want %q", r.Raw(), want)
			}
		})
	}
}

func TestParseRequestKeepsItsHead(t *testing.T) {
	in := []byte("POST /a HTTP/1.1\r\nHost: h\r\n\r\n")
	r, err := ParseRequest(in, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	clear(in)
	if string(r.Target) != "/a" || string(r.Host()) != "h" {
		t.Error("the request shares memory with what it was made of")
	}
}

func TestStoredBody(t *testing.T) {
	big := strings.Repeat("0123456789", 50_000)
	tests := []struct {
		name, body string
		n          int64
	}{
		{"known length", "hello", 5},
		{"unknown length", "hello", -1},
		{"unknown and empty", "", -1},
		{"large", big, int64(len(big))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ParseRequest([]byte("POST / HTTP/1.1\r\n"), strings.NewReader(tt.body), tt.n)
			if err != nil {
				t.Fatal(err)
			}
			if r.Body.Length() != tt.n || r.Body.Peek() != nil {
				t.Errorf("length %d, peeked %q", r.Body.Length(), r.Body.Peek())
			}
			var seen, out bytes.Buffer
			r.Body.Tap(func(p []byte) { seen.Write(p) })
			w := NewWriter(&out)
			w.StartRequest(r.Method, r.Target)
			if tt.n >= 0 {
				w.EndLength(tt.n)
			} else {
				w.EndChunked()
			}
			if err := w.Copy(r.Body); err != nil {
				t.Fatal(err)
			}
			if err := w.Finish(); err != nil {
				t.Fatal(err)
			}
			back := mustRead(t, received(out.String(), Limits{}))
			if got := readAll(t, back.Body); got != tt.body || seen.String() != tt.body {
				t.Errorf("got %d bytes, tapped %d, want %d", len(got), seen.Len(), len(tt.body))
			}
		})
	}
}

// TestStoredBodyAbort: there is no connection to end.
func TestStoredBodyAbort(t *testing.T) {
	r, err := ParseRequest([]byte("POST / HTTP/1.1\r\n"), strings.NewReader("hello"), 5)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Abort()
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != "hello" {
		t.Errorf("got %q, %v", b, err)
	}
}
