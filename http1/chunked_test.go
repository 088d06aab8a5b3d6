package http1

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// chunkedRequest returns the wire form of a request with a chunked body.
func chunkedRequest(body string) string {
	return "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + body
}

func TestChunkedBody(t *testing.T) {
	const last = "0\r\n\r\n"
	tests := []struct {
		name, wire, want string
		err              int // status of the error; -1 for a truncation
	}{
		{"one chunk", "5\r\nhello\r\n" + last, "hello", 0},
		{"several", "1\r\nh\r\n4\r\nello\r\n" + last, "hello", 0},
		{"empty", last, "", 0},
		{"capitals", "A\r\n0123456789\r\n" + last, "0123456789", 0},
		{"small letters", "a\r\n0123456789\r\n" + last, "0123456789", 0},
		{"leading zeros", "0005\r\nhello\r\n00\r\n\r\n", "hello", 0},
		{"sixteen digits", "0000000000000005\r\nhello\r\n" + last, "hello", 0},
		{"seventeen digits", "00000000000000005\r\nhello\r\n" + last, "", 400},
		{"extension", "5;a=b\r\nhello\r\n0;x\r\n\r\n", "hello", 0},
		{"quoted extension", "5;a=\"b;c\"\r\nhello\r\n" + last, "hello", 0},
		{"empty extension", "5;\r\nhello\r\n" + last, "", 400},
		{"control in an extension", "5;a\x00b\r\nhello\r\n" + last, "", 400},
		{"bare CR in an extension", "5;a\rb\r\nhello\r\n" + last, "", 400},
		{"long extension", "5;" + strings.Repeat("a", 300) + "\r\nhello\r\n" + last, "", 400},
		{"line ends inside", "4\r\n\r\n\r\n\r\n" + last, "\r\n\r\n", 0},

		{"no size", "\r\nhello\r\n" + last, "", 400},
		{"no digits", ";a\r\nhello\r\n" + last, "", 400},
		{"plus sign", "+5\r\nhello\r\n" + last, "", 400},
		{"minus sign", "-5\r\nhello\r\n" + last, "", 400},
		{"0x", "0x5\r\nhello\r\n" + last, "", 400},
		{"space before", " 5\r\nhello\r\n" + last, "", 400},
		{"space behind", "5 \r\nhello\r\n" + last, "", 400},
		{"tab behind", "5\t;a\r\nhello\r\n" + last, "", 400},
		{"letter", "5g\r\nhello\r\n" + last, "", 400},
		{"underscore", "0_5\r\nhello\r\n" + last, "", 400},
		{"2^40+1", "10000000001\r\nhello\r\n" + last, "", 400},
		{"2^64", "10000000000000000\r\nhello\r\n" + last, "", 400},
		{"bare LF behind the size", "5\nhello\r\n" + last, "", 400},
		{"bare LF behind the data", "5\r\nhello\n" + last, "hello", 400},
		{"no line end behind the data", "5\r\nhello" + last, "hello", 400},
		{"chunk longer than its size", "5\r\nhello!\r\n" + last, "hello", 400},
		{"bare LF behind the last chunk", "0\n\n", "", 400},
		{"endless size line", strings.Repeat("0", 300), "", 400},

		{"nothing", "", "", -1},
		{"cut in the size", "5", "", -1},
		{"cut behind the size", "5\r\n", "", -1},
		{"cut in the data", "5\r\nhe", "he", -1},
		{"cut behind the data", "5\r\nhello", "hello", -1},
		{"no last chunk", "5\r\nhello\r\n", "hello", -1},
		{"cut in the last chunk", "5\r\nhello\r\n0\r\n", "hello", -1},
		{"cut in the trailer", "5\r\nhello\r\n0\r\nA: b\r\n", "hello", -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 3, 1 << 20} {
				c := NewConn(&memConn{in: &pieces{chunkedRequest(tt.wire), size}}, Limits{})
				r, err := c.ReadRequest()
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r.Body)
				if string(got) != tt.want {
					t.Errorf("pieces of %d: got %q, want %q", size, got, tt.want)
				}
				switch {
				case tt.err == -1 && err != io.ErrUnexpectedEOF:
					t.Errorf("pieces of %d: got %v, want %v", size, err, io.ErrUnexpectedEOF)
				case tt.err >= 0 && (statusOf(err) != tt.err || (err == nil) != (tt.err == 0)):
					t.Errorf("pieces of %d: got %v, want status %d", size, err, tt.err)
				}
				if _, again := r.Body.Read(make([]byte, 1)); err != nil && again != err {
					t.Errorf("pieces of %d: the error %v became %v", size, err, again)
				}
			}
		})
	}
}

func TestTrailers(t *testing.T) {
	tests := []struct {
		name, trailer string
		want          string // raw, as kept
		status        int
	}{
		{"none", "", "", 0},
		{"kept as sent", "x-Sum:  abc \r\nB: c\r\n", "x-Sum:  abc \r\nB: c\r\n", 0},
		{"framing, routing and hop-by-hop fields go", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\n" +
			"Connection: close\r\nTrailer: a\r\nA: b\r\nTE: x\r\nUpgrade: y\r\nHomehook-Accepted: 1\r\nForwarded: a\r\n" +
			"X-Forwarded-For: b\r\nVia: c\r\nPTTH-Ping: 1\r\nExpect: x\r\n", "A: b\r\n", 0},
		{"date stays", "Date: now\r\n", "Date: now\r\n", 0},
		{"no colon", "A\r\n", "", 400},
		{"folded", "A: b\r\n c\r\n", "", 400},
		{"bare LF", "A: b\n", "", 400},
		{"control", "A: \x01\r\n", "", 400},
		{"space before the colon", "A : b\r\n", "", 400},
		{"most fields", strings.Repeat("A: b\r\n", 128), strings.Repeat("A: b\r\n", 128), 0},
		{"too many fields", strings.Repeat("A: b\r\n", 129), "", 431},
		{"too large", strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 70), "", 431},
		{"line too long", "A: " + strings.Repeat("b", 70_000) + "\r\n", "", 400},
		{"too large though dropped", strings.Repeat("Via: "+strings.Repeat("b", 1000)+"\r\n", 70), "", 431},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := received(chunkedRequest("2\r\nhi\r\n0\r\n"+tt.trailer+"\r\nGET /next HTTP/1.1\r\n\r\n"), Limits{})
			r, err := c.ReadRequest()
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.ReadAll(r.Body)
			if statusOf(err) != tt.status || (err != nil) != (tt.status != 0) {
				t.Fatalf("got %v, want status %d", err, tt.status)
			}
			if err != nil {
				return
			}
			if got := string(r.Body.Trailer().Raw()); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if next, err := c.ReadRequest(); err != nil || string(next.Target) != "/next" {
				t.Errorf("next request: %v", err)
			}
		})
	}
}

func TestTrailerAccess(t *testing.T) {
	c := received(chunkedRequest("0\r\nX-Sum: abc\r\n\r\n")+chunkedRequest("0\r\n\r\n"), Limits{})
	r, err := c.ReadRequest()
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, r.Body)
	if v, ok := r.Body.Trailer().Get("x-sum"); !ok || string(v) != "abc" {
		t.Errorf("got %q, %v", v, ok)
	}
	if r, err = c.ReadRequest(); err != nil {
		t.Fatal(err)
	}
	readAll(t, r.Body)
	if n := r.Body.Trailer().Len(); n != 0 {
		t.Errorf("%d trailer fields are left over from the message before", n)
	}
}

func TestChunkedLimit(t *testing.T) {
	tests := []struct {
		name  string
		limit int64
		wire  string
		bad   bool
	}{
		{"at the limit", 10, "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", false},
		{"past the limit", 9, "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", true},
		{"one chunk past the limit", 4, "5\r\nhello\r\n0\r\n\r\n", true},
		{"none", 0, "5\r\nhello\r\n0\r\n\r\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := received(chunkedRequest(tt.wire), Limits{Body: tt.limit}).ReadRequest()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r.Body)
			if errors.Is(err, ErrBodyTooLarge) != tt.bad {
				t.Errorf("got %v, want too large: %v", err, tt.bad)
			}
			if tt.bad && int64(len(got)) > tt.limit {
				t.Errorf("%d bytes got past a limit of %d", len(got), tt.limit)
			}
		})
	}
}
