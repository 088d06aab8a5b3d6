package http1

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBuildRequest makes requests of parts.
func TestBuildRequest(t *testing.T) {
	tests := []struct {
		name, method, target string
		fields               []Field
		want                 string // the head; "" for an error
		status               int
	}{
		{"plain", "GET", "/", nil, "GET / HTTP/1.1\r\n", 0},
		{"order and case", "POST", "/a?b", []Field{{"X-b", "2"}, {"Host", "h"}, {"x-B", "1"}}, "POST /a?b HTTP/1.1\r\nX-b: 2\r\nHost: h\r\nx-B: 1\r\n", 0},
		{"raw target", "GET", "//a%2F?%zz", []Field{{"Host", ""}}, "GET //a%2F?%zz HTTP/1.1\r\nHost: \r\n", 0},
		{
			"of the connection", "GET", "/", []Field{
				{"Connection", "close, X-Hop"},
				{"X-Hop", "1"},
				{"Keep-Alive", "5"},
				{"Transfer-Encoding", "chunked"},
				{"TE", "trailers"},
				{"Upgrade", "x"},
				{"Proxy-Connection", "x"},
				{"X", "y"},
			}, "GET / HTTP/1.1\r\nX: y\r\n", 0,
		},
		{"length once", "PUT", "/", []Field{{"Content-Length", "2"}}, "PUT / HTTP/1.1\r\nContent-Length: 2\r\n", 0},
		{"lengths that differ", "PUT", "/", []Field{{"Content-Length", "2"}, {"content-length", "3"}}, "PUT / HTTP/1.1\r\n", 0},
		{"no method", "", "/", nil, "", 400},
		{"method with space", "GET /x", "/", nil, "", 400},
		{"no target", "GET", "", nil, "", 400},
		{"target with space", "GET", "/a b", nil, "", 400},
		{"target with a line break", "GET", "/ HTTP/1.1\r\nX: y", nil, "", 400},
		{"target that is none", "GET", "a", nil, "", 400},
		{"malformed escape", "GET", "/%zz", nil, "", 400},
		{"no name", "GET", "/", []Field{{"", "x"}}, "", 400},
		{"name with a colon", "GET", "/", []Field{{"X: y", "x"}}, "", 400},
		{"pseudo field", "GET", "/", []Field{{":path", "x"}}, "", 400},
		{"value with a line break", "GET", "/", []Field{{"X", "y\r\nZ: 1"}}, "", 400},
		{"value with NUL", "GET", "/", []Field{{"X", "\x00"}}, "", 400},
		{"two hosts", "GET", "/", []Field{{"Host", "a"}, {"host", "a"}}, "", 400},
		{"bad host", "GET", "/", []Field{{"Host", "a/b"}}, "", 400},
		{"odd length", "GET", "/", []Field{{"Content-Length", "+1"}}, "", 400},
		{"long target", "GET", "/" + strings.Repeat("x", 40<<10), nil, "", 414},
		{"long head", "GET", "/", []Field{{"X", strings.Repeat("x", 81<<10)}}, "", 431},
		{"what an edge lets in, and more", "GET", "/", []Field{{"X", strings.Repeat("x", 70<<10)}}, "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 70<<10) + "\r\n", 0},
		{"many fields", "GET", "/", make([]Field, 0, 200), "", 431},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "many fields" {
				for range 161 {
					tt.fields = append(tt.fields, Field{"X", "y"})
				}
			}
			r, err := BuildRequest(tt.method, tt.target, tt.fields, strings.NewReader("body"), 4)
			if tt.status != 0 {
				if statusOf(err) != tt.status {
					t.Errorf("got %v, %v", r, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(r.Raw())); diff != "" {
				t.Error(diff)
			}
			if body, err := io.ReadAll(r.Body); err != nil || string(body) != "body" {
				t.Errorf("body %q, %v", body, err)
			}
		})
	}
}

// TestBuildResponse makes responses of parts.
func TestBuildResponse(t *testing.T) {
	tests := []struct {
		name, reason string
		status       int
		fields       []Field
		want         string // the head; "" for an error
	}{
		{"plain", "OK", 200, nil, "HTTP/1.1 200 OK\r\n"},
		{"no reason", "", 404, []Field{{"X", "y"}}, "HTTP/1.1 404 \r\nX: y\r\n"},
		{"status of its own", "Custom", 799, nil, "HTTP/1.1 799 Custom\r\n"},
		{"length stays", "", 304, []Field{{"Content-Length", "7"}, {"Connection", "x-a"}, {"X-A", "1"}}, "HTTP/1.1 304 \r\nContent-Length: 7\r\n"},
		{"low status", "", 99, nil, ""},
		{"high status", "", 1000, nil, ""},
		{"reason with a line break", "OK\r\nX: y", 200, nil, ""},
		{"value with a line break", "", 200, []Field{{"X", "y\nSet-Cookie: a"}}, ""},
		{"name with a space", "", 200, []Field{{"X y", ""}}, ""},
		{"odd length", "", 200, []Field{{"Content-Length", "1, 1"}}, ""},
		{"long head", "", 200, []Field{{"X", strings.Repeat("x", 81<<10)}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := BuildResponse(tt.status, tt.reason, tt.fields, strings.NewReader("body"), -1)
			if tt.want == "" {
				if err == nil {
					t.Errorf("got %q", r.Raw())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(r.Raw())); diff != "" || r.Status != tt.status {
				t.Error(r.Status, diff)
			}
			if body, err := io.ReadAll(r.Body); err != nil || string(body) != "body" || r.Body.Length() != -1 {
				t.Errorf("body %q, %v", body, err)
			}
		})
	}
}

// TestParseResponse reads heads that were kept.
func TestParseResponse(t *testing.T) {
	tests := []struct {
		name, head string
		ok         bool
	}{
		{"with its blank line", "HTTP/1.1 200 OK\r\nX: y\r\n\r\n", true},
		{"without", "HTTP/1.1 200 OK\r\nX: y\r\n", true},
		{"without a line end", "HTTP/1.1 200 OK\r\nX: y", true},
		{"bare line feeds", "HTTP/1.0 200 OK\nX: y\n", true},
		{"coding that is not told of the body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
		{"blank line within", "HTTP/1.1 200 OK\r\n\r\nX: y\r\n", false},
		{"blank line of bare line feeds", "HTTP/1.1 200 OK\n\nX: y\r\n", false},
		{"nothing", "", false},
		{"no status line", "X: y\r\n", false},
		{"other protocol", "PTTH/1.0 200 OK\r\n", false},
	}
	for _, tt := range tests {
		r, err := ParseResponse([]byte(tt.head), strings.NewReader("body"), 4)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if err != nil {
			if statusOf(err) != 502 {
				t.Errorf("%s: status %d", tt.name, statusOf(err))
			}
			continue
		}
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != "body" {
			t.Errorf("%s: body %q, %v", tt.name, body, err)
		}
	}
}

// TestHeadRequest renders a head and reads it again.
func TestHeadRequest(t *testing.T) {
	r, err := HeadRequest(func(w *Writer) {
		w.StartRequest([]byte("POST"), []byte("/x?y"))
		w.Field("Host", "h")
		w.Field("X", "a\r\nb")
	}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(r.Raw()); got != "POST /x?y HTTP/1.1\r\nHost: h\r\nX: ab\r\n" || !r.Body.Empty() {
		t.Errorf("got %q", got)
	}
	for name, write := range map[string]func(*Writer){
		"nothing":     func(*Writer) {},
		"no host":     func(w *Writer) { w.StartRequest([]byte("GET"), []byte("x")) },
		"many fields": func(w *Writer) { w.StartRequest([]byte("GET"), []byte("/")); w.Field("A", ""); w.Field("B", "") },
		"long": func(w *Writer) {
			w.StartRequest([]byte("GET"), []byte("/"))
			w.Field("A", strings.Repeat("x", 200))
		},
	} {
		var e *Error
		if _, err := HeadRequest(write, Limits{Head: 100, Fields: 1}); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzBuildRequest makes sure that what is built reads the same as what came on
// a connection, and that no part can be more than it is.
func FuzzBuildRequest(f *testing.F) {
	f.Add("GET", "/a?b", "Host", "h", "X-A", "b")
	f.Add("POST", "//%2F", "Connection", "x-a", "X-A", "b\r\n")
	f.Add("OPTIONS", "*", "Content-Length", "5", "content-length", "5")
	f.Add("CONNECT", "h:80", "Transfer-Encoding", "chunked", "Expect", "100-continue")
	f.Fuzz(func(t *testing.T, method, target, n1, v1, n2, v2 string) {
		r, err := BuildRequest(method, target, []Field{{n1, v1}, {n2, v2}}, nil, 0)
		if err != nil {
			if s := statusOf(err); s != 400 && s != 414 && s != 431 && s != 501 {
				t.Fatalf("status %d for %v", s, err)
			}
			return
		}
		if string(r.Method) != method || string(r.Target) != target || r.Len() > 2 {
			t.Fatalf("%q %q became %q", method, target, r.Raw())
		}
		again, err := ParseRequest(r.Raw(), nil, 0)
		if err != nil && len(r.Raw()) < 64<<10 {
			t.Fatalf("%q does not read again: %v", r.Raw(), err)
		}
		if err == nil && string(again.Raw()) != string(r.Raw()) {
			t.Fatalf("%q reads as %q", r.Raw(), again.Raw())
		}
		wire := received(string(r.Raw())+"\r\nNEXT", Limits{})
		onWire, err := wire.ReadRequest()
		if err != nil && len(r.Raw()) < 64<<10 {
			t.Fatalf("%q is refused on a connection: %v", r.Raw(), err)
		}
		if err == nil && (onWire.Len() != r.Len() || string(wire.Buffered()) != "NEXT") {
			t.Fatalf("%q reads with %d fields", r.Raw(), onWire.Len())
		}
	})
}

// FuzzBuildResponse is FuzzBuildRequest for responses.
func FuzzBuildResponse(f *testing.F) {
	f.Add(200, "OK", "Content-Length", "5", "X-A", "b")
	f.Add(404, "", "Connection", "x-a", "X-A", "b\n")
	f.Add(99, "x\r\n", "Transfer-Encoding", "chunked", "Set-Cookie", "a")
	f.Fuzz(func(t *testing.T, status int, reason, n1, v1, n2, v2 string) {
		r, err := BuildResponse(status, reason, []Field{{n1, v1}, {n2, v2}}, nil, 0)
		if err != nil {
			if s := statusOf(err); s != 502 && s != 400 {
				t.Fatalf("status %d for %v", s, err)
			}
			return
		}
		if r.Status != status || r.Len() > 2 {
			t.Fatalf("%d became %q", status, r.Raw())
		}
		wire := received(string(r.Raw())+"\r\nNEXT", Limits{Head: 80 << 10})
		onWire, err := wire.ReadResponse([]byte("HEAD"))
		if err != nil {
			t.Fatalf("%q is refused on a connection: %v", r.Raw(), err)
		}
		if onWire.Len() != r.Len() || string(wire.Buffered()) != "NEXT" {
			t.Fatalf("%q reads with %d fields", r.Raw(), onWire.Len())
		}
		again, err := ParseResponse(r.Raw(), nil, 0)
		if err != nil || string(again.Raw()) != string(r.Raw()) {
			t.Fatalf("%q reads again as %q, %v", r.Raw(), again.Raw(), err)
		}
	})
}
