package http1

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// lengthRequest returns a request with a body of an announced length.
func lengthRequest(length, body string) string {
	return "POST / HTTP/1.1\r\nContent-Length: " + length + "\r\n\r\n" + body
}

func mustRead(t testing.TB, c *Conn) *Request {
	t.Helper()
	r, err := c.ReadRequest()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLengthBody(t *testing.T) {
	tests := []struct {
		name, wire, want string
		limit            int64
		err              error
	}{
		{"whole", lengthRequest("5", "hello"), "hello", 0, nil},
		{"more behind it", lengthRequest("5", "helloGET"), "hello", 0, nil},
		{"cut", lengthRequest("5", "hell"), "hell", 0, io.ErrUnexpectedEOF},
		{"nothing came", lengthRequest("5", ""), "", 0, io.ErrUnexpectedEOF},
		{"at the limit", lengthRequest("5", "hello"), "hello", 5, nil},
		{"announced past the limit", lengthRequest("6", "hello!"), "", 5, ErrBodyTooLarge},
		{"length 0", lengthRequest("0", "GET"), "", 5, nil},
		{"none", "POST / HTTP/1.1\r\n\r\nGET", "", 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := mustRead(t, received(tt.wire, Limits{Body: tt.limit}))
			if got := r.Body.TooLarge(); got != (tt.err == ErrBodyTooLarge) {
				t.Errorf("TooLarge: got %v", got)
			}
			got, err := io.ReadAll(r.Body)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
			if n := r.Body.Consumed(); n != int64(len(tt.want)) {
				t.Errorf("consumed: got %d, want %d", n, len(tt.want))
			}
		})
	}
}

func TestBodyLengthAndEmpty(t *testing.T) {
	for wire, want := range map[string]int64{
		lengthRequest("5", "hello"):   5,
		lengthRequest("0", ""):        0,
		"GET / HTTP/1.1\r\n\r\n":      0,
		chunkedRequest("0\r\n\r\n"):   -1,
		lengthRequest("0003", "abc"):  3,
		lengthRequest("70000", "abc"): 70000,
	} {
		r := mustRead(t, received(wire, Limits{}))
		if got := r.Body.Length(); got != want || r.Body.Empty() != (want == 0) {
			t.Errorf("%q: length %d, empty %v; want %d", wire, got, r.Body.Empty(), want)
		}
	}
}

func TestSetLimitIsForOneMessage(t *testing.T) {
	c := received(lengthRequest("5", "hello")+lengthRequest("5", "hello"), Limits{})
	r := mustRead(t, c)
	r.Body.SetLimit(4)
	if _, err := io.ReadAll(r.Body); err != ErrBodyTooLarge {
		t.Fatalf("got %v, want %v", err, ErrBodyTooLarge)
	}
	c = received(lengthRequest("5", "hello")+lengthRequest("5", "hello"), Limits{Body: 4})
	r = mustRead(t, c)
	r.Body.SetLimit(0)
	readAll(t, r.Body)
	if r = mustRead(t, c); !r.Body.TooLarge() {
		t.Error("the limit of one message is still in force for the next")
	}
}

func TestTap(t *testing.T) {
	body := strings.Repeat("0123456789", 3000)
	for name, wire := range map[string]string{
		"length":  lengthRequest("30000", body),
		"chunked": chunkedRequest("7530\r\n" + body + "\r\n0\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			r := mustRead(t, received(wire, Limits{}))
			var seen bytes.Buffer
			r.Body.Tap(func(p []byte) { seen.Write(p) })
			if got := readAll(t, r.Body); got != body || seen.String() != body {
				t.Errorf("read %d bytes, tapped %d, want %d", len(got), seen.Len(), len(body))
			}
		})
	}
}

func TestFillPeekDiscard(t *testing.T) {
	big := strings.Repeat("0123456789", 2000)
	tests := []struct {
		name, wire string
		size       int // of the pieces that arrive
		max        int
		filled     bool
		err        error
	}{
		{"small", lengthRequest("5", "hello"), 1 << 20, 10, true, nil},
		{"byte by byte", lengthRequest("5", "hello"), 1, 10, true, nil},
		{"none", "GET / HTTP/1.1\r\n\r\n", 1 << 20, 10, true, nil},
		{"just fits", lengthRequest("20000", big), 999, 20000, true, nil},
		{"beyond a small buffer", lengthRequest("20000", big), 1 << 20, 64 << 10, true, nil},
		{"does not fit", lengthRequest("20000", big), 1 << 20, 19999, false, nil},
		{"chunked", chunkedRequest("0\r\n\r\n"), 1 << 20, 10, false, nil},
		{"cut", lengthRequest("5", "hell"), 1 << 20, 10, false, io.ErrUnexpectedEOF},
		{"past the limit", lengthRequest("30001", big), 1 << 20, 64 << 10, false, ErrBodyTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := NewConn(&memConn{in: &pieces{tt.wire, tt.size}}, Limits{Body: 30000})
			r := mustRead(t, c)
			filled, err := r.Body.Fill(tt.max)
			if filled != tt.filled || !errors.Is(err, tt.err) {
				t.Fatalf("got %v, %v; want %v, %v", filled, err, tt.filled, tt.err)
			}
			if !filled {
				return
			}
			_, want, _ := strings.Cut(tt.wire, "\r\n\r\n")
			if got := string(r.Body.Peek()); got != want {
				t.Fatalf("peeked %d bytes, want %d", len(got), len(want))
			}
			if n := len(want) / 2; n > 0 {
				if err := r.Body.Discard(n); err != nil {
					t.Fatal(err)
				}
				want = want[n:]
			}
			if got := readAll(t, r.Body); got != want {
				t.Errorf("read %d bytes behind Discard, want %d", len(got), len(want))
			}
			if p := r.Body.Peek(); len(p) != 0 {
				t.Errorf("peeked %q behind the end", p)
			}
		})
	}
}

// TestFillKeepsNextRequest: a body that outgrows the buffer must not lose or
// repeat what came behind it.
func TestFillKeepsNextRequest(t *testing.T) {
	big := strings.Repeat("x", 10_000)
	for _, size := range []int{1, 1000, 10_030, 1 << 20} {
		c := NewConn(&memConn{in: &pieces{strings.Repeat(lengthRequest("10000", big), 3), size}}, Limits{})
		for range 3 {
			r := mustRead(t, c)
			if ok, err := r.Body.Fill(64 << 10); !ok || err != nil || string(r.Body.Peek()) != big {
				t.Fatalf("pieces of %d: %v, %v, %d bytes", size, ok, err, len(r.Body.Peek()))
			}
			if err := r.Body.Discard(len(big)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.ReadRequest(); err != ErrIdleClosed {
			t.Fatalf("pieces of %d: got %v, want %v", size, err, ErrIdleClosed)
		}
	}
}

func TestPeekStopsAtTheMessage(t *testing.T) {
	r := mustRead(t, received(lengthRequest("5", "helloGET / HTTP/1.1\r\n\r\n"), Limits{}))
	if got := string(r.Body.Peek()); got != "hello" {
		t.Errorf("got %q", got)
	}
	r = mustRead(t, received(chunkedRequest("5\r\nhello\r\n0\r\n\r\n"), Limits{}))
	if got := r.Body.Peek(); got != nil {
		t.Errorf("peeked %q where a chunk size stands", got)
	}
}

func TestDrain(t *testing.T) {
	tests := []struct {
		name, wire string
		max        int64
		want       bool
	}{
		{"no body", "GET / HTTP/1.1\r\n\r\n", 0, true},
		{"small", lengthRequest("5", "hello"), 5, true},
		{"announced too long", lengthRequest("5", "hello"), 4, false},
		{"chunked", chunkedRequest("5\r\nhello\r\n0\r\n\r\n"), 5, true},
		{"chunked too long", chunkedRequest("8000\r\n" + strings.Repeat("x", 0x8000) + "\r\n0\r\n\r\n"), 0x4000, false},
		{"broken", chunkedRequest("x\r\n"), 100, false},
		{"cut", lengthRequest("5", "hell"), 5, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := received(tt.wire, Limits{})
			r := mustRead(t, c)
			tapped := false
			r.Body.Tap(func([]byte) { tapped = true })
			if got := r.Body.Drain(tt.max); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if tapped {
				t.Error("the tap saw bytes that nobody wanted")
			}
			if tt.want && len(c.Buffered()) != 0 {
				t.Errorf("%q is left", c.Buffered())
			}
		})
	}
}

func TestDrainBehindPartialRead(t *testing.T) {
	r := mustRead(t, received(lengthRequest("5", "hello"), Limits{}))
	r.Body.Read(make([]byte, 2))
	if !r.Body.Drain(3) {
		t.Error("the rest was not drained")
	}
	if n, err := r.Body.Read(make([]byte, 2)); n != 0 || err != io.EOF {
		t.Errorf("got %d, %v; want the end", n, err)
	}
}

func TestReadOfNothing(t *testing.T) {
	r := mustRead(t, received(lengthRequest("5", "hello"), Limits{}))
	if n, err := r.Body.Read(nil); n != 0 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if got := readAll(t, r.Body); got != "hello" {
		t.Errorf("got %q", got)
	}
}

// TestLargeBodyPastTheBuffer reads a body in one piece straight from the
// connection, and leaves the next message alone.
func TestLargeBodyPastTheBuffer(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 20_000)
	c := received(lengthRequest("320000", big)+lengthRequest("2", "hi"), Limits{})
	buf := make([]byte, 1<<20)
	n, err := io.ReadFull(mustRead(t, c).Body, buf[:len(big)])
	if err != nil || string(buf[:n]) != big {
		t.Fatalf("got %d bytes, %v", n, err)
	}
	if got := readAll(t, mustRead(t, c).Body); got != "hi" {
		t.Errorf("next body: %q", got)
	}
}
