package http1

import (
	"bytes"
	"io"
	"testing"
)

// TestLongBodyMemory takes a long body whole into memory: the buffer goes by
// what has come rather than by what was announced, and the connection does not
// keep it for its next message.
func TestLongBodyMemory(t *testing.T) {
	const n = 8 << 20
	a, b := tcpPair(t)
	c := NewConn(b, Limits{})
	io.WriteString(a, "POST / HTTP/1.1\r\nContent-Length: 8388608\r\n\r\n")
	r := mustRead(t, c)
	want := bytes.Repeat([]byte("0123456789abcdef"), n/16)
	go func() {
		a.Write(want[:1000])
		a.Write(want[1000:])
		io.WriteString(a, "GET /next HTTP/1.1\r\n\r\n")
	}()
	if err := r.Body.grow(n); err != nil {
		t.Fatal(err)
	}
	if got := len(c.in); got > keptBuffer {
		t.Errorf("a buffer of %d bytes for %d that came", got, c.w-c.r)
	}
	if whole, err := r.Body.Fill(n); err != nil || !whole || !bytes.Equal(r.Body.Peek(), want) {
		t.Fatalf("filled: %v, %v", whole, err)
	}
	if err := r.Body.Discard(n); err != nil {
		t.Fatal(err)
	}
	if got := len(c.in); got > keptBuffer {
		t.Errorf("%d bytes are kept", got)
	}
	if next := mustRead(t, c); string(next.Target) != "/next" {
		t.Errorf("behind the body: %q", next.Target)
	}
}
