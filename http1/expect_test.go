package http1

import (
	"context"
	"io"
	"strings"
	"testing"
)

const go100 = "HTTP/1.1 100 Continue\r\n\r\n"

func TestExpect(t *testing.T) {
	read := func(x *Exchange) {
		b, err := io.ReadAll(x.Request.Body)
		if err != nil {
			return
		}
		x.Reply(200, "", string(b))
	}
	refuse := func(x *Exchange) { x.Reply(413, "", "") }
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	tests := []struct {
		name, head, body string // the body is sent when 100 came, or at once
		limit            int64
		handle           func(*Exchange)
		continues        bool
		want             string // behind the 100
	}{
		{"read", "Content-Length: 5\r\nExpect: 100-continue\r\n", "hello", 0, read, true, ok},
		{"read, chunked", "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "5\r\nhello\r\n0\r\n\r\n", 0, read, true, ok},
		{"in capitals", "Content-Length: 5\r\nEXPECT: 100-Continue\r\n", "hello", 0, read, true, ok},
		{
			"refused unread", "Content-Length: 5\r\nExpect: 100-continue\r\n", "", 0, refuse, false,
			"HTTP/1.1 413 Request Entity Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		},
		{"announced past the limit", "Content-Length: 5\r\nExpect: 100-continue\r\n", "", 4, func(x *Exchange) {
			if _, err := io.ReadAll(x.Request.Body); err == ErrBodyTooLarge {
				refuse(x)
			}
		}, false, "HTTP/1.1 413 Request Entity Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
		{"no body to wait for", "Content-Length: 0\r\nExpect: 100-continue\r\n", "", 0, read, false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{
			"another expectation", "Content-Length: 5\r\nExpect: 200-ok\r\n", "", 0, read, false,
			"HTTP/1.1 417 Expectation Failed\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 49\r\n\r\n" +
				"the only expectation understood is 100-continue\n",
		},
		{
			"two expectations", "Content-Length: 5\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n", "", 0, read, false,
			"HTTP/1.1 417 Expectation Failed\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 49\r\n\r\n" +
				"the only expectation understood is 100-continue\n",
		},
		{"no expectation", "Content-Length: 5\r\n", "hello", 0, read, false, ok},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, serve(t, Limits{Body: tt.limit}, func(_ context.Context, x *Exchange) { tt.handle(x) }))
			c.send("POST / HTTP/1.1\r\n" + tt.head + "\r\n")
			if tt.continues {
				c.expect(go100)
			}
			c.send(tt.body)
			c.CloseWrite()
			got := withoutDate(c.ended())
			want := strings.Replace(tt.want, "Length: 49", "Length: 48", 1)
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestExpectWithTheBody: a client that does not wait is not told to go on.
func TestExpectWithTheBody(t *testing.T) {
	addr := serve(t, Limits{}, echo)
	got := raw(t, addr, "POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
	if strings.Contains(got, "100 Continue") || !strings.HasSuffix(got, "\r\n\r\nhello") {
		t.Errorf("got %q", got)
	}
	got = raw(t, addr, "POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
	if strings.Contains(got, "100 Continue") || !strings.HasSuffix(got, "\r\n\r\nhello") {
		t.Errorf("HTTP/1.0: got %q", got)
	}
}

// TestNoContinueBehindFinalHead: once a final head is out, a 100 would land
// in the response's body.
func TestNoContinueBehindFinalHead(t *testing.T) {
	c := dial(t, serve(t, Limits{}, echo))
	c.send("POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if res := c.head("POST"); res.StatusCode != 200 {
		t.Fatalf("got %d", res.StatusCode)
	}
	c.send("hello")
	if got := c.ended(); got != "hello" {
		t.Errorf("got %q", got)
	}
}

// TestContinueOncePerRequest keeps the connection behind an answered Expect.
func TestContinueOncePerRequest(t *testing.T) {
	c := dial(t, serve(t, Limits{}, func(_ context.Context, x *Exchange) {
		b, _ := io.ReadAll(x.Request.Body)
		x.Reply(200, "", string(b))
	}))
	for range 3 {
		c.send("POST / HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
		c.expect(go100)
		c.send("he")
		c.send("lo")
		if res, body := c.answer("POST"); res.StatusCode != 200 || body != "helo" || res.Close {
			t.Fatalf("got %d %q, close %v", res.StatusCode, body, res.Close)
		}
	}
}
