package routes

import (
	"bytes"
	"context"
	"io"
	"net"
	"runtime"
	"strconv"
	"testing"

	"homehook/http1"
)

// newLoad returns a function that sends one POST of 1 KiB to addr on a
// connection of its own and reads the answer.
func newLoad(b testing.TB, addr, method string, body []byte) func() {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	head := method + " /hook HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nUser-Agent: bench/1\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	msg := append([]byte(head), body...)
	c := http1.NewConn(nc, http1.Limits{})
	m := []byte(method)
	buf := make([]byte, 64<<10)
	return func() {
		if _, err := nc.Write(msg); err != nil {
			b.Error(err)
			return
		}
		r, err := c.ReadResponse(m)
		if err != nil || r.Status != 200 {
			b.Error(r, err)
			return
		}
		for err == nil {
			_, err = r.Body.Read(buf)
		}
		if err != io.EOF {
			b.Error(err)
		}
	}
}

func echoServer(tb testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go http1.NewConn(nc, http1.Limits{IdleTimeout: -1}).Serve(ctx, func(_ context.Context, x *http1.Exchange) {
				x.Request.Body.Fill(64 << 10)
				x.Start(200, nil)
				x.Field("Content-Type", "application/json")
				if n := x.Request.Body.Length(); n >= 0 {
					x.EndLength(n)
				} else {
					x.EndStream()
				}
				x.Copy(x.Request.Body)
				x.Finish()
			})
		}
	}()
	tb.Cleanup(func() { l.Close(); cancel(); <-done })
	return l.Addr().String()
}

func BenchmarkForward(b *testing.B) {
	echo := echoServer(b)
	f := serveRoute(b, compileOne(b, Spec{Forward: &ForwardSpec{To: "http://" + echo}}))
	body := bytes.Repeat([]byte("x"), 1024)
	for _, target := range []struct{ name, addr string }{{"direct", echo}, {"forward", f.addr}} {
		for _, callers := range []int{1, 16, 64} {
			b.Run(target.name+"/"+strconv.Itoa(callers), func(b *testing.B) {
				b.ReportAllocs()
				b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
				b.RunParallel(func(pb *testing.PB) {
					send := newLoad(b, target.addr, "POST", body)
					for pb.Next() {
						send()
					}
				})
			})
		}
	}
}
