package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestRefusals: a bad request is answered and ends the connection; what stands
// behind it is never read as a request.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name, send string
		status     int
	}{
		{"malformed line", "GET /\r\n\r\n", 400},
		{"empty line first", "\r\nGET / HTTP/1.1\r\n\r\n", 400},
		{"length and chunked", "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"bare LF without an end", "GET / HTTP/1.1\nHost: a", 400},
		{"unknown coding", "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
		{"version", "GET / HTTP/3.0\r\n\r\n", 505},
		{"long target", "GET /" + strings.Repeat("a", 70_000) + " HTTP/1.1\r\n\r\n", 414},
		{"long head", "GET / HTTP/1.1\r\nA: " + strings.Repeat("a", 70_000) + "\r\n\r\n", 431},
		{"many fields", "GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 10_000) + "\r\n", 431},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var calls atomic.Int32
			addr := serve(t, Limits{}, func(_ context.Context, x *Exchange) { calls.Add(1); x.Text(200, "ok") })
			got := raw(t, addr, tt.send+"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
			if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", tt.status)) || !strings.Contains(got, "\r\nConnection: close\r\n") {
				t.Errorf("got %.200q, want %d and close", got, tt.status)
			}
			if n := strings.Count(got, "\r\nDate: "); n != 1 || calls.Load() != 0 {
				t.Errorf("%d answers, %d requests handled", n, calls.Load())
			}
		})
	}
}

// TestBodyNotSmuggled: a body that the handler leaves alone is not taken for
// the next request.
func TestBodyNotSmuggled(t *testing.T) {
	const inner = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, send := range map[string]string{
		"length":  lengthRequest(fmt.Sprint(len(inner)), inner),
		"chunked": chunkedRequest(fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(inner), inner)),
	} {
		t.Run(name, func(t *testing.T) {
			var targets []string
			addr := serve(t, Limits{}, func(_ context.Context, x *Exchange) {
				targets = append(targets, string(x.Request.Target))
				x.Text(200, "ok")
			})
			raw(t, addr, send+"GET /next HTTP/1.1\r\n\r\n")
			if got := strings.Join(targets, " "); got != "/ /next" {
				t.Errorf("handled %q", got)
			}
		})
	}
}

func TestPipelined(t *testing.T) {
	addr := serve(t, Limits{}, func(_ context.Context, x *Exchange) {
		b, err := io.ReadAll(x.Request.Body)
		if err != nil {
			t.Error(err)
		}
		x.Text(200, fmt.Sprintf("%s %s %s", x.Request.Method, x.Request.Target, b))
	})
	c := dial(t, addr)
	c.send("GET /1 HTTP/1.1\r\n\r\n" + "POST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" +
		"POST /3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\n" + "GET /4 HTTP/1.1\r\nConnection: close\r\n\r\n" +
		"GET /5 HTTP/1.1\r\n\r\n")
	for _, want := range []string{"GET /1 ", "POST /2 abc", "POST /3 def", "GET /4 "} {
		if _, got := c.answer("GET"); got != want+"\n" {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if rest := c.ended(); rest != "" {
		t.Errorf("behind Connection: close came %q", rest)
	}
}

// TestUnreadBody: an unwanted body of moderate size is dropped and the
// connection goes on; a large one ends it, and the answer arrives all the same.
func TestUnreadBody(t *testing.T) {
	addr := serve(t, Limits{}, func(_ context.Context, x *Exchange) { x.Text(403, "no") })
	for _, size := range []int{0, 1, 100_000, lingerMax} {
		c := dial(t, addr)
		c.send(lengthRequest(fmt.Sprint(size), strings.Repeat("x", size)))
		c.send("GET / HTTP/1.1\r\n\r\n")
		for range 2 {
			if res, _ := c.answer("GET"); res.StatusCode != 403 {
				t.Errorf("%d bytes: got %d", size, res.StatusCode)
			}
		}
	}
	c := dial(t, addr)
	sent := make(chan error, 1)
	c.send(lengthRequest(fmt.Sprint(64<<20), ""))
	go func() {
		var err error
		for piece := make([]byte, 64<<10); err == nil; {
			_, err = c.Write(piece)
		}
		sent <- err
	}()
	if res, body := c.answer("POST"); res.StatusCode != 403 || body != "no\n" {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
	within(t, sent, "end of the connection")
}

// TestTruncatedRequest: a body that ends early gets no good answer.
func TestTruncatedRequest(t *testing.T) {
	result := make(chan error, 1)
	addr := serve(t, Limits{}, func(_ context.Context, x *Exchange) {
		_, err := io.ReadAll(x.Request.Body)
		result <- err
	})
	raw(t, addr, lengthRequest("10", "hello"))
	if err := within(t, result, "handler"); err != io.ErrUnexpectedEOF {
		t.Errorf("got %v", err)
	}
}

// serveResult runs Serve on one end of a connection and returns the other end
// and what Serve returns.
func serveResult(t *testing.T, ctx context.Context, handle func(context.Context, *Exchange)) (*client, <-chan error) {
	t.Helper()
	a, b := tcpPair(t)
	result := make(chan error, 1)
	go func() { result <- NewConn(b, Limits{}).Serve(ctx, handle) }()
	a.SetDeadline(time.Now().Add(10 * time.Second))
	return &client{t, a, bufio.NewReader(a)}, result
}

func TestServeResult(t *testing.T) {
	tests := []struct {
		name, send string
		status     int
		plain      error
	}{
		{"closed while idle", "", 0, nil},
		{"closed behind an exchange", "GET / HTTP/1.1\r\n\r\n", 0, nil},
		{"closed in a head", "GET / HTTP", 0, io.ErrUnexpectedEOF},
		{"bad request", "GET\r\n\r\n", 400, nil},
		{"asked to close", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, result := serveResult(t, context.Background(), echo)
			c.send(tt.send)
			c.CloseWrite()
			err := within(t, result, "end of Serve")
			if statusOf(err) != tt.status || tt.status == 0 && !errors.Is(err, tt.plain) || (err == nil) != (tt.status == 0 && tt.plain == nil) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestDrainWhileIdle: the end of ctx ends an idle connection at once.
func TestDrainWhileIdle(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, result := serveResult(t, ctx, echo)
	c.send("GET / HTTP/1.1\r\n\r\n")
	if res, _ := c.answer("GET"); res.Close {
		t.Error("the connection ends too early")
	}
	cancel()
	if err := within(t, result, "end of Serve"); err != nil {
		t.Errorf("got %v", err)
	}
	if rest := c.ended(); rest != "" {
		t.Errorf("got %q", rest)
	}
}

// TestDrainWhileBusy: the end of ctx lets a running exchange finish, and its
// answer says that the connection ends.
func TestDrainWhileBusy(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	entered, proceed := make(chan bool, 1), make(chan bool)
	var conn *Conn
	c, result := serveResult(t, ctx, func(_ context.Context, x *Exchange) {
		conn = x.Conn()
		entered <- true
		<-proceed
		b, err := io.ReadAll(x.Request.Body)
		if err != nil {
			t.Error(err)
		}
		x.Reply(200, "", string(b))
	})
	c.send(lengthRequest("5", "he"))
	within(t, entered, "request")
	cancel()
	until(t, "the connection drains", conn.isDraining)
	close(proceed)
	c.send("llo" + "GET /more HTTP/1.1\r\n\r\n")
	res, body := c.answer("POST")
	if body != "hello" || !res.Close {
		t.Errorf("got %q, close %v", body, res.Close)
	}
	c.Close()
	if err := within(t, result, "end of Serve"); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestServeWithEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c, result := serveResult(t, ctx, func(context.Context, *Exchange) { t.Error("a request was taken") })
	within(t, result, "end of Serve")
	c.ended()
}

func TestHijack(t *testing.T) {
	var conn *Conn
	c, result := serveResult(t, context.Background(), func(_ context.Context, x *Exchange) {
		x.Start(101, nil)
		x.Field("Upgrade", "x")
		x.EndEmpty()
		if err := x.Finish(); err != nil {
			t.Error(err)
		}
		conn = x.Hijack()
	})
	c.send("GET / HTTP/1.1\r\n\r\nearly")
	if err := within(t, result, "end of Serve"); err != ErrHijacked {
		t.Fatalf("got %v, want %v", err, ErrHijacked)
	}
	c.expect("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
	if got := string(conn.Buffered()); got != "early" {
		t.Errorf("buffered: got %q", got)
	}
	if _, err := io.WriteString(conn.NetConn(), "pong"); err != nil {
		t.Errorf("the connection was closed: %v", err)
	}
	c.expect("pong")
}

// TestParallelConnections: what one request leaves in pooled buffers never
// shows in another.
func TestParallelConnections(t *testing.T) {
	addr := serve(t, Limits{}, echo)
	const workers, rounds = 8, 50
	errs := make(chan error, workers)
	for w := range workers {
		go func() { errs <- exchangeMany(addr, w, rounds) }()
	}
	for range workers {
		if err := within(t, errs, "worker"); err != nil {
			t.Error(err)
		}
	}
}

func exchangeMany(addr string, worker, rounds int) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	c := NewConn(nc, Limits{})
	w := c.Writer()
	for i := range rounds {
		want := strings.Repeat(fmt.Sprintf("<%d-%d>", worker, i), 1+i*i)
		w.StartRequest([]byte("POST"), []byte("/"))
		w.EndLength(int64(len(want)))
		io.WriteString(w, want)
		if err := w.Finish(); err != nil {
			return err
		}
		res, err := c.ReadResponse([]byte("POST"))
		if err != nil {
			return err
		}
		got, err := io.ReadAll(res.Body)
		if err != nil || string(got) != want || !c.Reusable() {
			return fmt.Errorf("worker %d, round %d: %d bytes, want %d, reusable %v: %v", worker, i, len(got), len(want), c.Reusable(), err)
		}
		c.Release()
	}
	return nil
}
