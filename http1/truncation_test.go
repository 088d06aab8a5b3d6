package http1

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"testing"
)

// TestAbort ends a read that waits on another goroutine.
func TestAbort(t *testing.T) {
	a, b := tcpPair(t)
	io.WriteString(a, lengthRequest("5", "he"))
	c := NewConn(b, Limits{})
	r := mustRead(t, c)
	first := make(chan struct{})
	result := make(chan error, 1)
	go func() {
		buf := make([]byte, 2)
		io.ReadFull(r.Body, buf)
		close(first)
		_, err := r.Body.Read(buf)
		result <- err
	}()
	within(t, first, "first piece")
	r.Body.Abort()
	if err := within(t, result, "end of the read"); err == nil || err == io.EOF {
		t.Errorf("got %v, want an error", err)
	}
	if n, err := r.Body.Read(make([]byte, 1)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("later read: got %d, %v; want an error", n, err)
	}
	// The connection is still good for writing.
	w := c.Writer()
	w.StartResponse(200, nil)
	w.EndLength(0)
	if err := w.Finish(); err != nil {
		t.Errorf("write behind Abort: %v", err)
	}
}

func TestAbortBeforeReading(t *testing.T) {
	r := mustRead(t, received(lengthRequest("5", ""), Limits{}))
	r.Body.Abort()
	if _, err := r.Body.Read(make([]byte, 1)); !errors.Is(err, ErrAborted) {
		t.Errorf("got %v, want %v", err, ErrAborted)
	}
}

// TestReset tells a body that ends with its connection from one that a reset
// cut off.
func TestReset(t *testing.T) {
	for _, reset := range []bool{false, true} {
		a, b := tcpPair(t)
		io.WriteString(a, "HTTP/1.1 200 OK\r\n\r\nhello")
		c := NewConn(b, Limits{})
		r, err := c.ReadResponse([]byte("GET"))
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 5)
		if _, err := io.ReadFull(r.Body, buf); err != nil {
			t.Fatal(err)
		}
		if reset {
			a.SetLinger(0)
		}
		a.Close()
		if _, err := r.Body.Read(buf); (err == io.EOF) == reset {
			t.Errorf("reset %v: got %v", reset, err)
		}
	}
}

// cutter passes on what is written, until it is told to lose the second half
// of a write and all that follows.
type cutter struct {
	net.Conn
	cut bool
}

func (c *cutter) Write(p []byte) (int, error) {
	if c.cut {
		c.Conn.Write(p[:len(p)/2])
		c.Conn.Close()
	} else if _, err := c.Conn.Write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// TestTruncationUnderTLS: a connection that ends within a record has not
// ended its body, whatever the framing.
func TestTruncationUnderTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS() // for its certificate
	defer s.Close()
	for _, cut := range []bool{false, true} {
		a, b := tcpPair(t)
		wire := &cutter{Conn: a}
		server := tls.Server(wire, &tls.Config{Certificates: s.TLS.Certificates})
		done := make(chan struct{})
		go func() {
			defer close(done)
			io.WriteString(server, "HTTP/1.1 200 OK\r\n\r\nhello")
			wire.cut = cut
			io.WriteString(server, " world")
			server.Close()
		}()
		c := NewConn(tls.Client(b, &tls.Config{InsecureSkipVerify: true}), Limits{})
		r, err := c.ReadResponse([]byte("GET"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r.Body)
		if (err != nil) != cut || !cut && string(got) != "hello world" {
			t.Errorf("cut %v: got %q, %v", cut, got, err)
		}
		within(t, done, "end of the server")
	}
}
