package http1

import (
	"context"
	"io"
	"strings"
	"testing"
)

// forwardOf sends a response that came from elsewhere through a server.
func forwardOf(t *testing.T, request, response string, drop Kinds, extra func(*Writer)) (answer string, kept bool) {
	t.Helper()
	return answerOf(t, request, func(x *Exchange) {
		c := received(response, Limits{})
		for {
			r, err := c.ReadResponse(x.Request.Method)
			if err != nil {
				t.Error(err)
				return
			}
			if x.Forward(r, drop, extra) != nil || r.Status >= 200 {
				return
			}
		}
	})
}

func TestForward(t *testing.T) {
	tests := []struct {
		name, request, response string
		want                    string
		kept                    bool
	}{
		{
			"length", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nb: 1\r\nContent-Length: 2\r\nA:2\r\n\r\nhi",
			"HTTP/1.1 200 OK\r\nb: 1\r\nA:2\r\nContent-Length: 2\r\n\r\nhi", true,
		},
		{"own reason", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 299 So So\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 299 So So\r\nContent-Length: 0\r\n\r\n", true},
		{
			"chunked", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", true,
		},
		{
			"trailers", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-Sum: 1\r\nContent-Length: 9\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-Sum: 1\r\n\r\n", true,
		},
		{
			"trailers to 1.0", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-Sum: 1\r\n\r\n",
			"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi", false,
		},
		{"until close", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nhi", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", true},
		{"until close to 1.0", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nhi", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi", false},
		{
			"hop by hop", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close, x-a\r\nKeep-Alive: timeout=5\r\nX-A: 1\r\nProxy-Authenticate: a\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true,
		},
		{"HEAD", "HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", true},
		{"HEAD without a length", "HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", true},
		{"304", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\nETag: a\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nETag: a\r\nContent-Length: 1234\r\n\r\n", true},
		{"204", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 12\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", true},
		{"204 to HEAD", "HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 12\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", true},
		{
			"103 first", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true,
		},
		{"own date", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
		{"bare LF becomes CRLF", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\nA: b\nContent-Length: 2\n\nhi", "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nhi", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, kept := forwardOf(t, tt.request, tt.response, 0, nil)
			if got != tt.want || kept != tt.kept {
				t.Errorf("got  %q, kept %v\nwant %q, kept %v", got, kept, tt.want, tt.kept)
			}
		})
	}
}

func TestForwardAddsAndDrops(t *testing.T) {
	got, _ := forwardOf(t, "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nHomehook-Accepted: 1\r\nServer: x\r\nContent-Length: 2\r\n\r\nhi",
		KindsOf(Homehook), func(w *Writer) { w.Field("Via", "1.1 relay") })
	if want := "HTTP/1.1 200 OK\r\nServer: x\r\nVia: 1.1 relay\r\nContent-Length: 2\r\n\r\nhi"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestForwardBroken: when the body breaks at its source, the client must see
// that it is not whole, whatever the framing.
func TestForwardBroken(t *testing.T) {
	tests := []struct{ name, request, response string }{
		{"length", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi"},
		{"chunked", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"},
		{"malformed chunk", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nx\r\n"},
		{"chunked to 1.0", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"},
		{"chunked behind 103", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr := serve(t, Limits{}, func(_ context.Context, x *Exchange) {
				c := received(tt.response, Limits{})
				for {
					r, err := c.ReadResponse(x.Request.Method)
					if err != nil {
						t.Error(err)
						return
					}
					err = x.Forward(r, 0, nil)
					if r.Status < 200 && err == nil {
						continue
					}
					if ce, ok := err.(*CopyError); !ok || !ce.Reading {
						t.Errorf("got %v, want a broken source", err)
					}
					return
				}
			})
			c := dial(t, addr)
			c.send(tt.request)
			res := c.head("GET")
			if res.StatusCode < 200 {
				res = c.head("GET")
			}
			body, err := io.ReadAll(res.Body)
			if err == nil {
				t.Errorf("the client took %q for the whole body", body)
			}
		})
	}
}

// TestStreamStaysLive: a piece goes out as soon as it came, however the body
// is framed, although nothing follows it for a while.
func TestStreamStaysLive(t *testing.T) {
	tests := []struct{ name, head, piece, want string }{
		{"chunked", "Transfer-Encoding: chunked\r\n\r\n", "6\r\nevent\n\r\n", "6\r\nevent\n\r\n"},
		{"chunked, size line first", "Transfer-Encoding: chunked\r\n\r\n", "6\r\n|event\n\r\n", "6\r\nevent\n\r\n"},
		{"chunked, next size ahead", "Transfer-Encoding: chunked\r\n\r\n6\r\n", "event\n\r\n6\r\n", "6\r\nevent\n\r\n"},
		{"until close", "\r\n", "event\n", "6\r\nevent\n\r\n"},
		{"length", "Content-Length: 600\r\n\r\n", "event\n", "event\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			backend, b := tcpPair(t)
			addr := serve(t, Limits{}, func(_ context.Context, x *Exchange) {
				r, err := NewConn(b, Limits{}).ReadResponse(x.Request.Method)
				if err != nil {
					t.Error(err)
					return
				}
				x.Forward(r, 0, nil)
			})
			c := dial(t, addr)
			c.send("GET / HTTP/1.1\r\n\r\n")
			io.WriteString(backend, "HTTP/1.1 200 OK\r\nDate: x\r\n"+tt.head)
			head := "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n"
			if tt.name == "length" {
				head = "HTTP/1.1 200 OK\r\nDate: x\r\n" + tt.head
			}
			c.expect(head)
			for range 3 {
				for part := range strings.SplitSeq(tt.piece, "|") {
					io.WriteString(backend, part)
				}
				c.expect(tt.want)
			}
			backend.Close()
			b.Close()
		})
	}
}
