package http1

import (
	"io"
	"strings"
	"testing"
)

// pieces is a reader that hands out at most size bytes at a time.
type pieces struct {
	text string
	size int
}

func (s *pieces) Read(p []byte) (int, error) {
	if len(s.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.size)], s.text)
	s.text = s.text[n:]
	return n, nil
}

func readAll(t testing.TB, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read body: %v after %q", err, b)
	}
	return string(b)
}

func TestStatusLine(t *testing.T) {
	tests := []struct {
		name   string
		line   string
		status int // 0 when the line is refused
		reason string
	}{
		{"usual", "HTTP/1.1 200 OK", 200, "OK"},
		{"words", "HTTP/1.1 404 Not Here At All", 404, "Not Here At All"},
		{"above ASCII", "HTTP/1.1 200 Schön", 200, "Schön"},
		{"no reason", "HTTP/1.1 204 ", 204, ""},
		{"no reason, no space", "HTTP/1.1 204", 204, ""},
		{"HTTP/1.0", "HTTP/1.0 200 OK", 200, "OK"},
		{"unregistered", "HTTP/1.1 799 X", 799, "X"},
		{"largest", "HTTP/1.1 999 X", 999, "X"},
		{"below 100", "HTTP/1.1 099 X", 0, ""},
		{"plus sign", "HTTP/1.1 +20 X", 0, ""},
		{"minus sign", "HTTP/1.1 -20 X", 0, ""},
		{"two digits", "HTTP/1.1 20 X", 0, ""},
		{"four digits", "HTTP/1.1 2000 X", 0, ""},
		{"letters", "HTTP/1.1 2x0 X", 0, ""},
		{"two spaces", "HTTP/1.1  200 OK", 0, ""},
		{"tab", "HTTP/1.1\t200 OK", 0, ""},
		{"HTTP/2.0", "HTTP/2.0 200 OK", 0, ""},
		{"lower case", "http/1.1 200 OK", 0, ""},
		{"PTTH", "PTTH/1.0 200 OK", 0, ""},
		{"ICY", "ICY 200 OK", 0, ""},
		{"control in the reason", "HTTP/1.1 200 \x1b[2J", 0, ""},
		{"CR in the reason", "HTTP/1.1 200 O\rK", 0, ""},
		{"empty", "", 0, ""},
		{"a request", "GET / HTTP/1.1", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := received(tt.line+"\r\nContent-Length: 0\r\n\r\n", Limits{}).ReadResponse([]byte("GET"))
			if tt.status == 0 {
				if statusOf(err) != 502 {
					t.Fatalf("got %v, want an error of status 502", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != tt.status || string(r.Reason) != tt.reason {
				t.Errorf("got %d %q, want %d %q", r.Status, r.Reason, tt.status, tt.reason)
			}
		})
	}
}

// TestResponseLeniency holds what small servers are allowed, and that it is
// no more than that.
func TestResponseLeniency(t *testing.T) {
	tests := []struct {
		name string
		wire string
		body string
		bad  bool
	}{
		{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", "hi", false},
		{"bare LF in the blank line", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nhi", "hi", false},
		{"bare LF but in the blank line", "HTTP/1.1 200 OK\nContent-Length: 2\n\r\nhi", "hi", false},
		{"bare LF in the middle", "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 2\r\n\r\nhi", "hi", false},
		{"body that begins with line ends", "HTTP/1.1 200 OK\nContent-Length: 2\n\n\n\n", "\n\n", false},
		{"the same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "hi", false},
		{"Connection names a field", "HTTP/1.1 200 OK\r\nConnection: X\r\nX: y\r\nContent-Length: 2\r\n\r\nhi", "hi", false},
		{"chunked wins over a length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "hi", false},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi", "", true},
		{"the same length in two spellings", "HTTP/1.1 200 OK\r\nContent-Length: 02\r\nContent-Length: 2\r\n\r\nhi", "", true},
		{"list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi", "", true},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi", "", true},
		{"chunked on 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "", true},
		{"other coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi", "", true},
		{"folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "", true},
		{"space before the colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "", true},
		{"NUL in a value", "HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n", "", true},
		{"bare CR in a value", "HTTP/1.1 200 OK\nA: b\rC: d\n\n", "", true},
		{"two CR before LF", "HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n", "", true},
		{"empty line first", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "", true},
		{"bare LF first", "\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "", true},
		{"head too long", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 70_000) + "\r\n\r\n", "", true},
		{"status line too long", "HTTP/1.1 200 " + strings.Repeat("b", 70_000) + "\r\n\r\n", "", true},
		{"too many fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 129) + "\r\n", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := received(tt.wire, Limits{}).ReadResponse([]byte("GET"))
			if tt.bad {
				if statusOf(err) != 502 {
					t.Fatalf("got %v, want an error of status 502", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, r.Body); got != tt.body {
				t.Errorf("body: got %q, want %q", got, tt.body)
			}
			if raw := string(r.Raw()); strings.Count(raw, "\n") != strings.Count(raw, "\r\n") {
				t.Errorf("the head still has a bare LF: %q", raw)
			}
		})
	}
}

// TestResponseFraming holds RFC 9112, section 6.3: which answers have a body,
// where it ends, and whether the connection can be used again.
func TestResponseFraming(t *testing.T) {
	tests := []struct {
		name     string
		method   string
		wire     string
		body     string
		length   int64
		reusable bool
	}{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", 2, true},
		{"length 0", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 0, true},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "hi", -1, true},
		{"until close", "GET", "HTTP/1.1 200 OK\r\n\r\nhi", "hi", -1, false},
		{"until close, empty", "GET", "HTTP/1.1 200 OK\r\n\r\n", "", -1, false},
		{"HEAD with a length", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "", 0, true},
		{"HEAD chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", 0, true},
		{"HEAD without a length", "HEAD", "HTTP/1.1 200 OK\r\n\r\n", "", 0, true},
		{"204 with a length", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "", 0, true},
		{"204 chunked", "GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "", 0, true},
		{"304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", 0, true},
		{"103", "GET", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "", 0, true},
		{"100 with a length", "GET", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", "", 0, true},
		{"101", "GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n", "", 0, true},
		{"205 has a length", "GET", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", "", 0, true},
		{"close asked", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", "hi", 2, false},
		{"close in a list", "GET", "HTTP/1.1 200 OK\r\nConnection: x, CLOSE\r\nContent-Length: 2\r\n\r\nhi", "hi", 2, false},
		{"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", 2, false},
		{"1.0 keep-alive", "GET", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi", "hi", 2, true},
		{"1.0 keep-alive and close", "GET", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive, close\r\nContent-Length: 2\r\n\r\nhi", "hi", 2, false},
		{"1.0 keep-alive without a length", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhi", "hi", -1, false},
		{"bytes behind it", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!", "hi", 2, false},
		{"bytes behind a chunked body", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1", "", -1, false},
		{"bytes behind HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := received(tt.wire, Limits{})
			r, err := c.ReadResponse([]byte(tt.method))
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Body.Length(); got != tt.length {
				t.Errorf("length: got %d, want %d", got, tt.length)
			}
			if tt.body != "" && c.Reusable() {
				t.Error("reusable before the body was read")
			}
			if got := readAll(t, r.Body); got != tt.body {
				t.Errorf("body: got %q, want %q", got, tt.body)
			}
			if got := c.Reusable(); got != tt.reusable {
				t.Errorf("reusable: got %v, want %v", got, tt.reusable)
			}
		})
	}
}

func TestResponseSequence(t *testing.T) {
	c := received("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"+
		"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi", Limits{})
	for _, want := range []int{100, 103, 201} {
		r, err := c.ReadResponse([]byte("POST"))
		if err != nil || r.Status != want {
			t.Fatalf("got %v, %v; want %d", r, err, want)
		}
		if want == 201 && readAll(t, r.Body) != "hi" {
			t.Error("the final body is not whole")
		}
	}
	if _, err := c.ReadResponse([]byte("POST")); err != ErrIdleClosed {
		t.Errorf("behind the last: got %v, want %v", err, ErrIdleClosed)
	}
}

func TestUpgrades(t *testing.T) {
	for head, want := range map[string]bool{
		"HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n":             true,
		"HTTP/1.1 101 X\r\nConnection: keep-alive, upgrade\r\n\r\n": true,
		"HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n":                      false,
	} {
		r, err := received(head, Limits{}).ReadResponse([]byte("GET"))
		if err != nil || r.Upgrades() != want {
			t.Errorf("%q: got %v, %v; want %v", head, r.Upgrades(), err, want)
		}
	}
}
