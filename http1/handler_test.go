package http1

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// adapted serves a standard handler through an exchange.
func adapted(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	return serve(t, Limits{}, func(ctx context.Context, x *Exchange) { x.ServeHTTP(ctx, h) })
}

func TestServeHTTPRequest(t *testing.T) {
	type seen struct {
		Method, URI, Path, Query, Proto, Host, Body string
		Length                                      int64
		Header                                      http.Header
	}
	tests := []struct {
		name, send string
		want       seen
	}{
		{
			"length", "POST /a%2fb?c=d HTTP/1.1\r\nHost: h:1\r\nx-a: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nhi",
			seen{"POST", "/a%2fb?c=d", "/a/b", "c=d", "HTTP/1.1", "h:1", "hi", 2, http.Header{"X-A": {"1", "2"}}},
		},
		{
			"chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
			seen{"POST", "/", "/", "", "HTTP/1.1", "", "hi", -1, http.Header{}},
		},
		{"no body", "GET / HTTP/1.0\r\n\r\n", seen{"GET", "/", "/", "", "HTTP/1.0", "", "", 0, http.Header{}}},
		{"absolute", "GET http://x/y HTTP/1.1\r\nHost: h\r\n\r\n", seen{"GET", "http://x/y", "/y", "", "HTTP/1.1", "x", "", 0, http.Header{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got seen
			raw(t, adapted(t, func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if err != nil || r.RemoteAddr == "" || r.Context() == nil {
					t.Errorf("body: %v; remote %q", err, r.RemoteAddr)
				}
				got = seen{r.Method, r.RequestURI, r.URL.Path, r.URL.RawQuery, r.Proto, r.Host, string(b), r.ContentLength, r.Header}
			}), tt.send)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestServeHTTPResponse(t *testing.T) {
	const get = "GET / HTTP/1.1\r\n\r\n"
	tests := []struct {
		name, send string
		h          http.HandlerFunc
		want       string
	}{
		{"nothing", get, func(http.ResponseWriter, *http.Request) {}, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"short", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "a/b")
			w.WriteHeader(201)
			w.WriteHeader(500) // comes too late
			io.WriteString(w, "h")
			io.WriteString(w, "i")
		}, "HTTP/1.1 201 Created\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi"},
		{
			"sniffed", get, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>") },
			"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\n\r\n<html>",
		},
		{"flushed", get, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "h")
			w.(http.Flusher).Flush()
			io.WriteString(w, "i")
		}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n"},
		{"flushed with a length", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "2")
			io.WriteString(w, "h")
			w.(http.Flusher).Flush()
			io.WriteString(w, "i")
		}, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
		{"flushed with a bad length", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "x")
			w.(http.Flusher).Flush()
		}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"hop by hop", get, func(w http.ResponseWriter, r *http.Request) {
			for _, name := range []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Trailer", "TE", "Proxy-Authenticate"} {
				w.Header().Set(name, "x")
			}
			w.WriteHeader(200)
		}, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"injection", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["A\r\nB"] = []string{"c"}
			w.Header()[""] = []string{"c"}
			w.Header()["A b"] = []string{"c"}
			w.Header().Set("X", "a\r\nSet-Cookie: b")
		}, "HTTP/1.1 200 OK\r\nX: aSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"},
		{"several values", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Set-Cookie", "a")
			w.Header().Add("Set-Cookie", "b")
		}, "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"},
		{"204", get, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }, "HTTP/1.1 204 No Content\r\n\r\n"},
		{"HEAD", "HEAD / HTTP/1.1\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "a/b")
			io.WriteString(w, "hi")
		}, "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\n"},
		{"HEAD with a stated length", "HEAD / HTTP/1.1\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1234")
		}, "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"},
		{"HEAD, flushed", "HEAD / HTTP/1.1\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1234")
			w.(http.Flusher).Flush()
			io.WriteString(w, "hi")
		}, "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"},
		{"1.0, flushed", "GET / HTTP/1.0\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			io.WriteString(w, "hi")
		}, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi"},
		{
			"target that is no URL", "CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { t.Error("called") },
			"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 32\r\n\r\nthe request target is malformed\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := withoutDate(raw(t, adapted(t, tt.h), tt.send)); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestServeHTTPLong streams what is too long to be collected, and reports the
// error of a writer whose client has gone.
func TestServeHTTPLong(t *testing.T) {
	piece := strings.Repeat("0123456789", 500)
	addr := adapted(t, func(w http.ResponseWriter, r *http.Request) {
		for range 20 {
			if n, err := io.WriteString(w, piece); n != len(piece) || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
		}
	})
	c := dial(t, addr)
	for range 2 {
		c.send("GET / HTTP/1.1\r\n\r\n")
		res, body := c.answer("GET")
		if body != strings.Repeat(piece, 20) || len(res.TransferEncoding) != 1 {
			t.Errorf("got %d bytes, coding %v", len(body), res.TransferEncoding)
		}
	}
}

// TestServeHTTPWrongLength: a stated length that is not kept must not look
// like a whole answer.
func TestServeHTTPWrongLength(t *testing.T) {
	c := dial(t, adapted(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "hi")
		w.(http.Flusher).Flush()
	}))
	c.send("GET / HTTP/1.1\r\n\r\n")
	res := c.head("GET")
	if b, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%q was taken for the whole body", b)
	}
}

// TestServeHTTPKeepsConnection: the adapter leaves the connection usable.
func TestServeHTTPKeepsConnection(t *testing.T) {
	c := dial(t, adapted(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	for _, body := range []string{"a", "", strings.Repeat("b", 100_000), "c"} {
		c.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
		if body != "" {
			c.send(chunk(body))
		}
		c.send("0\r\n\r\n")
		if _, got := c.answer("POST"); got != body {
			t.Errorf("got %d bytes, want %d", len(got), len(body))
		}
	}
}
