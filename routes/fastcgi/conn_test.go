package fastcgi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// params are what a responder in Go needs.
func params(method, uri string, length int, more ...Param) []Param {
	return append([]Param{
		{"REQUEST_METHOD", method},
		{"REQUEST_URI", uri},
		{"SERVER_PROTOCOL", "HTTP/1.1"},
		{"SCRIPT_NAME", ""},
		{"CONTENT_LENGTH", fmt.Sprint(length)},
		{"HTTP_HOST", "a"},
		{"GATEWAY_INTERFACE", "CGI/1.1"},
	}, more...)
}

// responderOf serves a handler by the FastCGI of the standard library, and
// counts its connections.
func responderOf(t *testing.T, h http.HandlerFunc) (addr string, conns *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns = &atomic.Int64{}
	done := make(chan struct{})
	go func() { defer close(done); fcgi.Serve(&counted{l, conns}, h) }()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), conns
}

type counted struct {
	net.Listener
	n *atomic.Int64
}

func (c *counted) Accept() (net.Conn, error) {
	nc, err := c.Listener.Accept()
	if err == nil {
		c.n.Add(1)
	}
	return nc, err
}

// whole reads an answer to its end.
func whole(t *testing.T, c *Conn) (out, errs string, status int) {
	t.Helper()
	var o, e strings.Builder
	for {
		p, err := c.Next()
		switch {
		case err != nil:
			t.Fatalf("%v after %q, %q", err, o.String(), e.String())
		case p.Kind == Stdout:
			o.Write(p.Data)
		case p.Kind == Stderr:
			e.Write(p.Data)
		default:
			return o.String(), e.String(), p.Status
		}
	}
}

func TestRequest(t *testing.T) {
	addr, _ := responderOf(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.Header().Set("X-Long", r.Header.Get("X-Long"))
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %d %v", r.Method, r.URL, len(body), err)
		w.Write(body)
	})
	for _, size := range []int{0, 1, 127, 65535, 65536, 1 << 20} {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c := NewConn(nc, false)
		body, long := bytes.Repeat([]byte("b"), size), strings.Repeat("l", 70_000)
		sent := make(chan error, 1)
		go func() {
			first := min(size, 1000)
			err := c.Begin(params("POST", "/x?y", size, Param{"HTTP_X_LONG", long}), body[:first], false)
			if err == nil {
				_, err = c.Write(body[first:])
			}
			sent <- errors.Join(err, c.EndBody())
		}()
		out, errs, status := whole(t, c)
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		head, got, _ := strings.Cut(out, "\r\n\r\n")
		if want := fmt.Sprintf("POST http://a/x?y %d <nil>%s", size, body); got != want || errs != "" || status != 0 {
			t.Errorf("%d bytes: got %.100q, %q, %d", size, got, errs, status)
		}
		if !strings.HasPrefix(head, "Status: 418") || !strings.Contains(head, "X-Long: "+long) {
			t.Errorf("%d bytes: head %.100q", size, head)
		}
		c.Close()
	}
}

func TestPool(t *testing.T) {
	for _, keep := range []bool{false, true} {
		addr, conns := responderOf(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })
		p := NewPool("tcp", addr, net.Dialer{}, keep)
		for i := range 5 {
			c, err := p.Get(context.Background(), false)
			if err != nil {
				t.Fatal(err)
			}
			if c.Reused() != (keep && i > 0) && canBeQuiet {
				t.Errorf("keep %v, request %d: reused %v", keep, i, c.Reused())
			}
			if err := c.Begin(params("GET", fmt.Sprint("/", i), 0), nil, true); err != nil {
				t.Fatal(err)
			}
			if out, _, _ := whole(t, c); !strings.HasSuffix(out, fmt.Sprint("\r\n\r\n/", i)) {
				t.Errorf("got %q", out)
			}
			p.Put(c)
		}
		if n := conns.Load(); canBeQuiet && n != map[bool]int64{false: 5, true: 1}[keep] {
			t.Errorf("keep %v: %d connections", keep, n)
		}
		p.Close()
		if c, err := p.Get(context.Background(), false); err == nil {
			p.Put(c)
		}
	}
}

// TestPoolLeavesStaleConnections takes no connection that its responder closed.
func TestPoolLeavesStaleConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := NewPool("tcp", l.Addr().String(), net.Dialer{}, true)
	defer p.Close()
	c, err := p.Get(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.ended, c.silent = true, true
	p.Put(c)
	nc.Close()
	c.r.Peek(1) // until the end has come
	again, err := p.Get(context.Background(), false)
	if err != nil || again == c || again.Reused() {
		t.Fatalf("got %v, %v", again, err)
	}
	again.Close()
}

// TestAnswers reads what odd responders send.
func TestAnswers(t *testing.T) {
	end := func(app uint32, status byte) []byte {
		return appendRecord(nil, typeEnd, []byte{byte(app >> 24), byte(app >> 16), byte(app >> 8), byte(app), status, 0, 0, 0})
	}
	other := appendRecord(nil, typeStdout, []byte("not ours"))
	other[3] = 9
	for _, tt := range []struct {
		name   string
		sent   []byte
		out    string
		status int
		err    error
	}{
		{"whole", append(appendStream(nil, typeStdout, []byte("hi")), end(0, 0)...), "hi", 0, nil},
		{"status", end(256+3, 0), "", 259, nil},
		{"ended streams", append(appendRecord(appendRecord(nil, typeStdout, nil), typeStderr, nil), end(0, 0)...), "", 0, nil},
		{"another request", append(other, end(0, 0)...), "", 0, nil},
		{"management", append([]byte{1, 10, 0, 0, 0, 3, 5, 0, 1, 2, 3, 0, 0, 0, 0, 0}, end(0, 0)...), "", 0, nil},
		{"overloaded", end(0, 2), "", 0, ErrOverloaded},
		{"one at a time", end(0, 1), "", 0, ErrOverloaded},
		{"another role", end(0, 3), "", 0, ErrRole},
		{"unknown status", end(0, 9), "", 0, ErrProtocol},
		{"short end", appendRecord(nil, typeEnd, []byte{0}), "", 0, ErrProtocol},
		{"unknown type", appendRecord(nil, typeBegin, nil), "", 0, ErrProtocol},
		{"version", []byte("HTTP/1.1 400 Bad Request\r\n"), "", 0, ErrProtocol},
		{"nothing", nil, "", 0, ErrClosed},
		{"half a header", []byte{1, 6}, "", 0, ErrClosed},
		{"half a record", appendRecord(nil, typeStdout, []byte("12345678"))[:12], "", 0, ErrClosed},
		{"no end", appendStream(nil, typeStdout, []byte("hi")), "hi", 0, ErrClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			go func() { theirs.Write(tt.sent); theirs.Close() }()
			c := NewConn(ours, false)
			defer c.Close()
			var out strings.Builder
			for {
				p, err := c.Next()
				if err != nil || p.Kind == End {
					if !errors.Is(err, tt.err) || p.Status != tt.status || out.String() != tt.out {
						t.Errorf("got %q, %d, %v", out.String(), p.Status, err)
					}
					return
				}
				out.Write(p.Data)
			}
		})
	}
}

// TestLongest sends parameters and a body that fill records to the brim.
func TestLongest(t *testing.T) {
	ours, theirs := net.Pipe()
	got := make(chan []byte)
	go func() { all, _ := io.ReadAll(theirs); got <- all }()
	c := NewConn(ours, false)
	body := bytes.Repeat([]byte("x"), 3*maxContent+5)
	if err := c.Begin([]Param{{"A", strings.Repeat("v", 2*maxContent)}}, body, true); err != nil {
		t.Fatal(err)
	}
	c.Close()
	streams := map[uint8]int{}
	for r := bytes.NewReader(<-got); ; {
		h, err := readHeader(r)
		if err == io.EOF {
			break
		} else if err != nil || (h.length+h.padding)%8 != 0 {
			t.Fatalf("%+v, %v", h, err)
		}
		r.Seek(int64(h.length+h.padding), io.SeekCurrent)
		streams[h.kind] += h.length
	}
	if want := 1 + 4 + 1 + 2*maxContent; streams[typeStdin] != len(body) || streams[typeParams] != want {
		t.Errorf("got %v, want %d parameters", streams, want)
	}
}

func FuzzNext(f *testing.F) {
	f.Add(appendStream(nil, typeStdout, []byte("hi")))
	f.Add(appendRecord(nil, typeEnd, make([]byte, 8)))
	f.Add([]byte{1, 6, 0, 1, 255, 255, 255, 0})
	f.Fuzz(func(t *testing.T, sent []byte) {
		ours, theirs := net.Pipe()
		done := make(chan struct{})
		go func() { defer close(done); theirs.Write(sent); theirs.Close() }()
		c := NewConn(ours, true)
		for total := 0; ; {
			p, err := c.Next()
			if total += len(p.Data); total > len(sent) {
				t.Fatalf("%d bytes of %d", total, len(sent))
			}
			if err != nil || p.Kind == End {
				break
			}
		}
		c.Close()
		<-done
	})
}
