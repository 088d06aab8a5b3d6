package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// tunnelled is what a call of Tunnel came to.
type tunnelled struct {
	ab, ba int64
	err    error
}

// startTunnel joins two connections and returns their outer ends. What stands
// in early has been read from the first one already.
func startTunnel(t *testing.T, ctx context.Context, early string, idle time.Duration) (left, right *net.TCPConn, done chan tunnelled) {
	t.Helper()
	left, a := tcpPair(t)
	right, b := tcpPair(t)
	ca, cb := NewConn(a, Limits{}), NewConn(b, Limits{})
	if early != "" {
		io.WriteString(left, "GET / HTTP/1.1\r\n\r\n"+early)
		for len(ca.Buffered()) < len(early) {
			if ca.req.raw == nil {
				if _, err := ca.ReadRequest(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := ca.fill(1 << 16); err != nil {
				t.Fatal(err)
			}
		}
	}
	done = make(chan tunnelled, 1)
	go func() {
		var r tunnelled
		r.ab, r.ba, r.err = Tunnel(ctx, ca, cb, idle)
		done <- r
	}()
	end := time.Now().Add(10 * time.Second)
	left.SetDeadline(end)
	right.SetDeadline(end)
	return left, right, done
}

// ended waits for a tunnel.
func ended(t *testing.T, done chan tunnelled) tunnelled {
	t.Helper()
	select {
	case r := <-done:
		return r
	case <-time.After(10 * time.Second):
		t.Fatal("the tunnel has not ended")
		panic("unreachable")
	}
}

// takes reads exactly what is wanted.
func takes(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); string(got[:n]) != want {
		t.Errorf("got %d bytes, %v; want %d", n, err, len(want))
	}
}

func TestTunnelBothWays(t *testing.T) {
	left, right, done := startTunnel(t, t.Context(), "early ", 0)
	big := strings.Repeat("0123456789", 300_000)
	go io.WriteString(left, "bird"+big)
	go io.WriteString(right, big+"worm")
	takes(t, right, "early bird"+big)
	takes(t, left, big+"worm")
	left.Close()
	if n, err := right.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %d bytes, %v; want the end", n, err)
	}
	right.Close()
	want := tunnelled{int64(len(big) + 10), int64(len(big) + 4), nil}
	if got := ended(t, done); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestTunnelHalfClose ends one direction, which leaves the other one open.
func TestTunnelHalfClose(t *testing.T) {
	left, right, done := startTunnel(t, t.Context(), "", time.Minute)
	io.WriteString(left, "all")
	left.CloseWrite()
	got, err := io.ReadAll(right)
	if string(got) != "all" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	io.WriteString(right, "late answer")
	takes(t, left, "late answer")
	right.CloseWrite()
	if got := ended(t, done); got != (tunnelled{3, 11, nil}) {
		t.Errorf("got %+v", got)
	}
}

// TestTunnelIdle ends a tunnel on which nothing moves, and only then.
func TestTunnelIdle(t *testing.T) {
	const idle = 300 * time.Millisecond
	left, right, done := startTunnel(t, t.Context(), "", idle)
	tick := time.NewTicker(idle / 6)
	defer tick.Stop()
	began := time.Now()
	for range 12 { // one direction moves, which is enough for both
		io.WriteString(left, "x")
		takes(t, right, "x")
		<-tick.C
	}
	got := ended(t, done)
	if took := time.Since(began); took < 2*idle || !errors.Is(got.err, os.ErrDeadlineExceeded) || got.ab != 12 {
		t.Errorf("after %v: %+v", took, got)
	}
	if _, err := left.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
}

func TestTunnelContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	left, right, done := startTunnel(t, ctx, "", time.Hour)
	io.WriteString(left, "x")
	takes(t, right, "x")
	cancel()
	if got := ended(t, done); got.ab != 1 || got.err != nil {
		t.Errorf("got %+v", got)
	}
}

// TestTunnelReset breaks one connection, which ends the other one.
func TestTunnelReset(t *testing.T) {
	left, right, done := startTunnel(t, t.Context(), "", 0)
	io.WriteString(left, "x")
	takes(t, right, "x")
	left.SetLinger(0)
	left.Close()
	if _, err := right.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
	if got := ended(t, done); got.err == nil {
		t.Error("the break is not told")
	}
}

// TestTunnelEndsWithServe ends a tunnel that a handler runs when its server is
// to stop, be the tunnel begun before that or behind it.
func TestTunnelEndsWithServe(t *testing.T) {
	for _, name := range []string{"before", "behind"} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			outer, a := tcpPair(t)
			right, b := tcpPair(t)
			served := make(chan error, 1)
			go func() {
				c := NewConn(a, Limits{})
				served <- c.Serve(ctx, func(_ context.Context, x *Exchange) {
					x.Start(101, nil)
					x.EndEmpty()
					x.Finish()
					if name == "behind" {
						stop()
						until(t, "the connection is to end", c.isDraining)
					}
					Tunnel(context.Background(), x.Hijack(), NewConn(b, Limits{}), 0)
				})
			}()
			outer.SetDeadline(time.Now().Add(10 * time.Second))
			io.WriteString(outer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			takes(t, outer, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			if name == "before" {
				io.WriteString(outer, "hello")
				takes(t, right, "hello")
				stop()
			}
			if _, err := outer.Read(make([]byte, 1)); err == nil {
				t.Error("the connection is still open")
			}
			if err := <-served; err != ErrHijacked {
				t.Errorf("got %v", err)
			}
		})
	}
}
