package http1

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// serve runs Serve on a loopback listener until the test ends.
func serve(t testing.TB, lim Limits, handle func(context.Context, *Exchange)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { NewConn(nc, lim).Serve(ctx, handle) })
		}
	})
	t.Cleanup(func() { l.Close(); cancel(); wg.Wait() })
	return l.Addr().String()
}

func echo(_ context.Context, x *Exchange) {
	x.Start(200, nil)
	if n := x.Request.Body.Length(); n >= 0 {
		x.EndLength(n)
	} else {
		x.EndStream()
	}
	if x.Copy(x.Request.Body) == nil {
		x.Finish()
	}
}

func TestServeEchoesWithNetHTTP(t *testing.T) {
	addr := serve(t, Limits{}, echo)
	for _, size := range []int{0, 1, 1000, 5000, 70_000, 3 << 20} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(size, chunked), func(t *testing.T) {
				want := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
				var body io.Reader = bytes.NewReader(want)
				if chunked {
					body = io.MultiReader(body)
				}
				res, err := http.Post("http://"+addr+"/x", "text/plain", body)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				got, err := io.ReadAll(res.Body)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("got %d bytes, %v; want %d", len(got), err, len(want))
				}
			})
		}
	}
}

// raw sends bytes and returns all that comes back until the server closes or
// the deadline ends.
func raw(t testing.TB, addr, send string) string {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(nc, send)
	nc.(*net.TCPConn).CloseWrite()
	got, _ := io.ReadAll(nc)
	return string(got)
}

func TestServeKeepsConnection(t *testing.T) {
	addr := serve(t, Limits{}, echo)
	got := raw(t, addr, strings.Repeat("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 3))
	if n := strings.Count(got, "200 OK"); n != 3 {
		t.Fatalf("%d answers, want 3:\n%s", n, got)
	}
}
