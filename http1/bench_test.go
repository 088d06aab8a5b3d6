package http1

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// repeated is a connection from which the same bytes come again and again.
type repeated struct {
	memConn
	text []byte
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.at == len(r.text) {
		r.at = 0
	}
	n := copy(p, r.text[r.at:])
	r.at += n
	return n, nil
}

func (r *repeated) Write(p []byte) (int, error) { return len(p), nil }

var hook = []byte(strings.Replace(webhook, "Length: 7", "Length: 0", 1))

// BenchmarkReadRequest reads the head of a webhook as GitHub sends it.
func BenchmarkReadRequest(b *testing.B) {
	b.Run("http1", func(b *testing.B) {
		c := NewConn(&repeated{text: hook}, Limits{})
		b.SetBytes(int64(len(hook)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.ReadRequest(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("net-http", func(b *testing.B) {
		br := bufio.NewReader(&repeated{text: hook})
		b.SetBytes(int64(len(hook)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := http.ReadRequest(br); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestReadRequestAllocates holds that reading a head and writing an answer
// costs no allocation once a connection is warm.
func TestReadRequestAllocates(t *testing.T) {
	c := NewConn(&repeated{text: hook}, Limits{})
	n := testing.AllocsPerRun(1000, func() {
		r, err := c.ReadRequest()
		if err != nil {
			t.Fatal(err)
		}
		w := c.Writer()
		w.StartRequest(r.Method, r.Target)
		w.CopyFields(&r.Head, HopByHop)
		w.EndLength(0)
		if err := w.Finish(); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations an exchange", n)
	}
}

func BenchmarkReadResponse(b *testing.B) {
	text := []byte("HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 02:41:00 GMT\r\nContent-Type: application/json\r\n" +
		"Server: app\r\nCache-Control: no-store\r\nX-Request-Id: 72d3162e\r\nContent-Length: 0\r\n\r\n")
	get := []byte("GET")
	b.Run("http1", func(b *testing.B) {
		c := NewConn(&repeated{text: text}, Limits{})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.ReadResponse(get); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("net-http", func(b *testing.B) {
		br := bufio.NewReader(&repeated{text: text})
		req := &http.Request{Method: "GET"}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := http.ReadResponse(br, req); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCopyFields passes a head on: the request line, the fields that
// survive, two of our own, and the framing.
func BenchmarkCopyFields(b *testing.B) {
	r, err := received(string(hook), Limits{}).ReadRequest()
	if err != nil {
		b.Fatal(err)
	}
	w := NewWriter(io.Discard)
	b.SetBytes(int64(len(hook)))
	b.ReportAllocs()
	for b.Loop() {
		w.StartRequest(r.Method, r.Target)
		w.CopyFields(&r.Head, HopByHop|KindsOf(XForwarded, Forwarded, Homehook))
		w.Field("Homehook-Delivery", "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
		w.Field("X-Forwarded-For", "192.0.2.1")
		w.EndLength(0)
		if err := w.Finish(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChunkedRead(b *testing.B) {
	for _, size := range []int{16, 1 << 10, 64 << 10} {
		var body strings.Builder
		for range max(64<<10/size, 1) {
			body.WriteString(chunk(strings.Repeat("x", size)))
		}
		text := []byte(chunkedRequest(body.String() + "0\r\n\r\n"))
		buf := make([]byte, 64<<10)
		b.Run(fmt.Sprintf("http1/%d", size), func(b *testing.B) {
			c := NewConn(&repeated{text: text}, Limits{})
			b.SetBytes(64 << 10)
			b.ReportAllocs()
			for b.Loop() {
				r, err := c.ReadRequest()
				for err == nil {
					_, err = r.Body.Read(buf)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("net-http/%d", size), func(b *testing.B) {
			br := bufio.NewReader(&repeated{text: text})
			b.SetBytes(64 << 10)
			b.ReportAllocs()
			for b.Loop() {
				r, err := http.ReadRequest(br)
				for err == nil {
					_, err = r.Body.Read(buf)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkServe echoes 1 KiB over loopback, by Serve and by net/http, asked
// by the same client.
func BenchmarkServe(b *testing.B) {
	b.Run("http1", func(b *testing.B) { benchEcho(b, serve(b, Limits{}, echo)) })
	b.Run("net-http", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body) // it closes a body that is read behind the first write
			w.Write(body)
		})}
		done := make(chan struct{})
		go func() { defer close(done); s.Serve(l) }()
		b.Cleanup(func() { s.Close(); <-done })
		benchEcho(b, l.Addr().String())
	})
}

func benchEcho(b *testing.B, addr string) {
	body := bytes.Repeat([]byte("x"), 1024)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer nc.Close()
		c := NewConn(nc, Limits{})
		for pb.Next() {
			w := c.Writer()
			w.StartRequest([]byte("POST"), []byte("/"))
			w.Field("Host", "a")
			w.EndLength(int64(len(body)))
			w.Write(body)
			w.Finish()
			c.ReadWithin(time.Minute)
			r, err := c.ReadResponse([]byte("POST"))
			if err != nil || !r.Body.Drain(1<<20) {
				b.Error(err, r.Status, r.Body.err, string(r.Raw()))
				return
			}
		}
	})
}

// BenchmarkCopy moves bodies from one connection to another over loopback.
func BenchmarkCopy(b *testing.B) {
	const size = 16 << 20
	for _, chunked := range []bool{false, true} {
		b.Run(fmt.Sprintf("chunked=%v", chunked), func(b *testing.B) {
			back := serve(b, Limits{}, func(_ context.Context, x *Exchange) {
				piece := make([]byte, 64<<10)
				x.Start(200, nil)
				if chunked {
					x.EndStream()
				} else {
					x.EndLength(size)
				}
				for range size / len(piece) {
					x.Write(piece)
				}
				x.Finish()
			})
			front := serve(b, Limits{}, func(_ context.Context, x *Exchange) { pass(b, back, x) })
			c := clientTo(b, front)
			buf := make([]byte, 256<<10)
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				c.Writer().StartRequest([]byte("GET"), []byte("/"))
				c.Writer().EndEmpty()
				c.Writer().Finish()
				r, err := c.ReadResponse([]byte("GET"))
				for err == nil {
					_, err = r.Body.Read(buf)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
		})
	}
}

// pass asks a backend and forwards its answer.
func pass(b *testing.B, addr string, x *Exchange) {
	c := clientTo(b, addr)
	defer c.Close()
	c.Writer().StartRequest(x.Request.Method, x.Request.Target)
	c.Writer().EndEmpty()
	c.Writer().Finish()
	r, err := c.ReadResponse(x.Request.Method)
	if err != nil {
		b.Error(err)
		return
	}
	if err := x.Forward(r, 0, nil); err != nil {
		b.Error(err)
	}
}
