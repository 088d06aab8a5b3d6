package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slowly runs a server over a pipe in a bubble of fake time, and beside it
// what its client sends.
func slowly(t *testing.T, lim Limits, handle func(context.Context, *Exchange),
	send func(nc net.Conn), test func(t *testing.T, nc net.Conn),
) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		var wg sync.WaitGroup
		wg.Go(func() { NewConn(b, lim).Serve(context.Background(), handle) })
		wg.Go(func() { send(a) })
		test(t, a)
		a.Close()
		wg.Wait()
	})
}

// spoken collects what the server says until it closes.
func spoken(nc net.Conn) (text string, after time.Duration) {
	start := time.Now()
	b, _ := io.ReadAll(nc)
	return string(b), time.Since(start)
}

func TestSlowHead(t *testing.T) {
	tests := []struct {
		name, send string
		lim        Limits
		want       string // how the answer begins
		after      time.Duration
	}{
		{"nothing at all", "", Limits{}, "", time.Minute},
		{"nothing, short patience", "", Limits{IdleTimeout: time.Second}, "", time.Second},
		{"one byte", "G", Limits{}, "HTTP/1.1 408 ", 5 * time.Second},
		{"no blank line", "GET / HTTP/1.1\r\nHost: a\r\n", Limits{}, "HTTP/1.1 408 ", 5 * time.Second},
		{"own limit", "GET / HTTP/1.1\r\n", Limits{HeadTimeout: 2 * time.Second}, "HTTP/1.1 408 ", 2 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			send := func(nc net.Conn) {
				if tt.send != "" {
					io.WriteString(nc, tt.send)
				}
			}
			slowly(t, tt.lim, echo, send, func(t *testing.T, nc net.Conn) {
				got, after := spoken(nc)
				if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" || after != tt.after {
					t.Errorf("got %q after %v, want %q after %v", got, after, tt.want, tt.after)
				}
			})
		})
	}
}

// TestDrippingHead: a byte now and then does not extend the time for a head.
func TestDrippingHead(t *testing.T) {
	send := func(nc net.Conn) {
		for _, err := io.WriteString(nc, "GET / HTTP/1.1\r\n"); err == nil; _, err = io.WriteString(nc, "X") {
			time.Sleep(time.Second) // of the bubble's clock
		}
	}
	slowly(t, Limits{}, echo, send, func(t *testing.T, nc net.Conn) {
		got, after := spoken(nc)
		if !strings.HasPrefix(got, "HTTP/1.1 408 ") || after > 6*time.Second {
			t.Errorf("got %q after %v", got, after)
		}
	})
}

// TestSlowBody drips a body and expects its reader to give up, or not to.
func TestSlowBody(t *testing.T) {
	tests := []struct {
		name  string
		lim   Limits
		piece int           // bytes written at a time
		pause time.Duration // between them
		slow  bool
	}{
		{"one byte in 5 s", Limits{}, 1, 5 * time.Second, true},
		{"silence", Limits{}, 1, time.Hour, true},
		{"just below the rate", Limits{}, 900, time.Second, true},
		{"just above the rate", Limits{}, 1100, time.Second, false},
		{"bursts", Limits{}, 20_000, 7 * time.Second, false},
		{"own rate", Limits{BodyRate: 100, BodyWindow: 20 * time.Second}, 10, time.Second, false},
		{"below its own rate", Limits{BodyRate: 100, BodyWindow: 20 * time.Second}, 4, 3 * time.Second, true},
		{"no rate, pauses", Limits{BodyRate: -1, BodyWindow: time.Minute}, 1, 40 * time.Second, false},
		{"no rate, silence", Limits{BodyRate: -1, BodyWindow: time.Minute}, 1, time.Hour, true},
		{"no rate, no window", Limits{BodyRate: -1, BodyWindow: -1}, 1, time.Hour, false},
	}
	for _, tt := range tests {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/chunked %v", tt.name, chunked), func(t *testing.T) {
				dripBody(t, tt.lim, tt.piece, tt.pause, tt.slow, chunked)
			})
		}
	}
}

func dripBody(t *testing.T, lim Limits, piece int, pause time.Duration, slow, chunked bool) {
	var result error
	handle := func(_ context.Context, x *Exchange) {
		_, result = io.ReadAll(x.Request.Body)
		x.Text(200, "read")
	}
	const count = 60
	send := func(nc net.Conn) {
		head, part, end := lengthRequest(fmt.Sprint(piece*count), ""), strings.Repeat("x", piece), ""
		if chunked {
			head, part, end = chunkedRequest(""), fmt.Sprintf("%x\r\n%s\r\n", piece, part), "0\r\n\r\n"
		}
		io.WriteString(nc, head)
		for range count {
			time.Sleep(pause) // of the bubble's clock
			if _, err := io.WriteString(nc, part); err != nil {
				return
			}
		}
		io.WriteString(nc, end)
	}
	slowly(t, lim, handle, send, func(t *testing.T, nc net.Conn) {
		b := make([]byte, 12)
		if _, err := io.ReadFull(nc, b); err != nil {
			t.Errorf("no answer: %v", err)
		}
	})
	if errors.Is(result, ErrBodyTooSlow) != slow {
		t.Errorf("got %v, want too slow: %v", result, slow)
	}
}

// TestSlowReaderIsNotASlowBody: the rate judges the sender, not the handler
// that takes its time between two reads.
func TestSlowReaderIsNotASlowBody(t *testing.T) {
	var result error
	handle := func(_ context.Context, x *Exchange) {
		buf := make([]byte, 100)
		for result == nil {
			_, result = io.ReadFull(x.Request.Body, buf)
			time.Sleep(15 * time.Second) // of the bubble's clock
		}
		x.Text(200, "read")
	}
	send := func(nc net.Conn) {
		io.WriteString(nc, lengthRequest("500", ""))
		for range 5 {
			io.WriteString(nc, strings.Repeat("x", 100)) // at once, each time
		}
	}
	slowly(t, Limits{}, handle, send, func(t *testing.T, nc net.Conn) {
		nc.Read(make([]byte, 1))
	})
	if result != io.EOF {
		t.Errorf("got %v, want the whole body", result)
	}
}

// TestWriteTimeout: a peer that does not read holds a writer up for no longer
// than the limit.
func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer a.Close()
		c := NewConn(b, Limits{WriteTimeout: 7 * time.Second})
		w := c.Writer()
		w.StartResponse(200, nil)
		w.EndLength(0)
		start := time.Now()
		err := w.Finish()
		if after := time.Since(start); !isTimeout(err) || after != 7*time.Second {
			t.Errorf("got %v after %v", err, after)
		}
	})
}
