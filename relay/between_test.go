package relay

import (
	"bufio"
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
)

// TestBetween holds what an intermediary passes on untouched, and what it does
// not, in both directions (RFC 9110, section 7.6).
func TestBetween(t *testing.T) {
	tr := startRelay(t, Options{Domain: "relay.example"})
	nc := rawLink(t, tr, "garage")
	t.Cleanup(func() { nc.Close() })
	a := &rawConn{t, nc, bufio.NewReader(nc)}
	tr.waitLinks(t, "garage", 1)
	const length = "Content-Length: 2\r\n"
	tests := []struct {
		name           string
		request        string // method, path and fields
		answer         string
		toHome, toSend []string // must be there
		not            []string // on neither side
	}{
		{
			"fields in order and case", "GET / HTTP/1.1\r\nhOST: garage.relay.example\r\nx-A: 1\r\nX-b:2\r\nx-a:   3  \r\n",
			"HTTP/1.1 200 Fine\r\nx-C: 1\r\nX-d:2\r\nx-c:   3  \r\n" + length,
			[]string{"hOST: garage.relay.example\r\nx-A: 1\r\nX-b:2\r\nx-a:   3  \r\n"},
			[]string{"HTTP/1.1 200 Fine\r\nx-C: 1\r\nX-d:2\r\nx-c:   3  \r\n"},
			nil,
		},
		{
			"conditional and range", "GET /f HTTP/1.1\r\nHost: garage.relay.example\r\nIf-None-Match: \"a\", W/\"b\"\r\nIf-Range: \"a\"\r\nRange: bytes=0-1\r\n",
			"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nETag: \"a\"\r\n" + length,
			[]string{"If-None-Match: \"a\", W/\"b\"\r\nIf-Range: \"a\"\r\nRange: bytes=0-1\r\n"},
			[]string{"HTTP/1.1 206 ", "Content-Range: bytes 0-1/9\r\nETag: \"a\"\r\n"},
			nil,
		},
		{
			"codings", "GET /f HTTP/1.1\r\nHost: garage.relay.example\r\nAccept-Encoding: br;q=1, zstd\r\n",
			"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nVary: Accept-Encoding\r\n" + length,
			[]string{"Accept-Encoding: br;q=1, zstd\r\n"},
			[]string{"Content-Encoding: br\r\nVary: Accept-Encoding\r\n"},
			nil,
		},
		{
			"authentication end to end", "GET /f HTTP/1.1\r\nHost: garage.relay.example\r\nAuthorization: Digest username=\"a\"\r\nProxy-Authorization: Basic eA==\r\nProxy-Connection: x\r\n",
			"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Digest nonce=\"y\"\r\nAuthentication-Info: z\r\n" +
				"Proxy-Authenticate: Basic\r\nProxy-Authentication-Info: z\r\n" + length,
			[]string{"Authorization: Digest username=\"a\"\r\n"},
			[]string{"HTTP/1.1 401 ", "WWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Digest nonce=\"y\"\r\nAuthentication-Info: z\r\n"},
			[]string{"Proxy-Auth", "Proxy-Conn"},
		},
		{
			"cookies in host mode", "GET /f HTTP/1.1\r\nHost: garage.relay.example\r\nCookie: a=b; c=d\r\n",
			"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d; Domain=garage.relay.example\r\n" + length,
			[]string{"Cookie: a=b; c=d\r\n"},
			[]string{"Set-Cookie: a=b; Path=/\r\nSet-Cookie: c=d; Domain=garage.relay.example\r\n"},
			[]string{"Content-Security-Policy"},
		},
		{
			"own date", "GET /f HTTP/1.1\r\nHost: garage.relay.example\r\nDate: x\r\n", "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" + length,
			[]string{"Date: x\r\n"},
			[]string{"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"},
			nil,
		},
		{
			"no date", "GET /f HTTP/1.1\r\nHost: garage.relay.example\r\n", "HTTP/1.1 200 OK\r\n" + length, nil, []string{"\r\nDate: "}, nil,
		},
		{
			"Via", "GET /f HTTP/1.1\r\nHost: garage.relay.example\r\nVia: 1.0 fred\r\n", "HTTP/1.1 200 OK\r\nVia: 1.1 inner\r\n" + length,
			[]string{"Via: 1.0 fred\r\n", "\r\nVia: 1.1 homehook-"},
			[]string{"Via: 1.1 inner\r\n", "\r\nVia: 1.1 homehook-"},
			nil,
		},
		{
			"WebDAV", "PROPFIND /f HTTP/1.1\r\nHost: garage.relay.example\r\nDepth: 1\r\nDestination: http://garage.relay.example/g\r\n",
			"HTTP/1.1 207 Multi-Status\r\nDAV: 1\r\n" + length,
			[]string{"PROPFIND /f ", "Depth: 1\r\nDestination: http://garage.relay.example/g\r\n"},
			[]string{"HTTP/1.1 207 Multi-Status\r\nDAV: 1\r\n"},
			nil,
		},
		{
			"Expect", "POST /f HTTP/1.1\r\nHost: garage.relay.example\r\nExpect: 100-continue\r\nContent-Length: 2\r\n", "HTTP/1.1 200 OK\r\n" + length,
			[]string{"POST /f "},
			[]string{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"},
			[]string{"Expect"},
		},
		{
			"OPTIONS with hops", "OPTIONS /f HTTP/1.1\r\nHost: garage.relay.example\r\nMax-Forwards: 3\r\n", "HTTP/1.1 200 OK\r\nAllow: GET\r\n" + length,
			[]string{"Max-Forwards: 2\r\n"},
			[]string{"Allow: GET\r\n"},
			[]string{"Max-Forwards: 3"},
		},
		{
			"hops of other methods", "GET /f HTTP/1.1\r\nHost: garage.relay.example\r\nMax-Forwards: 3\r\n", "HTTP/1.1 200 OK\r\n" + length,
			[]string{"Max-Forwards: 3\r\n"},
			[]string{"200"},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			home := make(chan string, 1)
			body := strings.Contains(tt.request, "Content-Length")
			go func() {
				head := a.head()
				if body {
					a.takes("ab")
				}
				home <- head
				a.send(tt.answer + "\r\nhi")
			}()
			s := tr.rawConn(t)
			s.send(tt.request + "\r\n")
			var got strings.Builder
			if strings.Contains(tt.request, "Expect") {
				got.WriteString(s.head())
			}
			if body {
				s.send("ab")
			}
			got.WriteString(s.head())
			s.takes("hi")
			sent := <-home
			for _, want := range tt.toHome {
				if !strings.Contains(sent, want) {
					t.Errorf("no %q in what home got: %q", want, sent)
				}
			}
			for _, want := range tt.toSend {
				if !strings.Contains(got.String(), want) {
					t.Errorf("no %q in what the sender got: %q", want, got.String())
				}
			}
			for _, not := range tt.not {
				if strings.Contains(sent+got.String(), not) {
					t.Errorf("%q is passed on: %q, %q", not, sent, got.String())
				}
			}
		})
	}
}

// TestTrailers passes trailer fields on to senders that say they take them.
func TestTrailers(t *testing.T) {
	tr := startRelay(t, Options{})
	var got seen
	tr.dial(t, "garage", func(_ context.Context, x *http1.Exchange) {
		io.Copy(io.Discard, x.Request.Body)
		got.mu.Lock()
		got.body = append(got.body, string(x.Request.Body.Trailer().Raw()))
		got.mu.Unlock()
		x.Raw(200, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n")
	})
	tr.waitLinks(t, "garage", 1)
	for fields, want := range map[string]string{
		"":                           "2\r\nhi\r\n0\r\n\r\n",
		"TE: trailers\r\n":           "2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n",
		"TE: gzip;q=0, Trailers\r\n": "2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n",
		"TE: gzip\r\n":               "2\r\nhi\r\n0\r\n\r\n",
	} {
		answer := tr.raw(t, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\n"+fields+"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-In: 1\r\n\r\n")
		if !strings.HasSuffix(answer, "\r\n\r\n"+want) {
			t.Errorf("%q: got %q", fields, answer)
		}
	}
	got.mu.Lock()
	defer got.mu.Unlock()
	for _, trailer := range got.body {
		if trailer != "X-In: 1\r\n" {
			t.Errorf("home got the trailer %q", trailer)
		}
	}
}

// TestSandbox: a document in path mode is none of the origin that all claims
// share there.
func TestSandbox(t *testing.T) {
	tr := startRelay(t, Options{})
	var fields atomic.Pointer[string]
	tr.agent(t, "garage", 1, func(_ context.Context, x *http1.Exchange) {
		x.Raw(200, "HTTP/1.1 200 OK\r\n"+*fields.Load()+"Content-Length: 2\r\n\r\nhi")
	})
	tests := []struct {
		name, fields string
		boxed        bool // in path mode
	}{
		{"HTML", "Content-Type: text/html; charset=utf-8\r\n", true},
		{"HTML in capitals", "content-type: TEXT/HTML\r\n", true},
		{"XHTML", "Content-Type: application/xhtml+xml\r\n", true},
		{"SVG", "Content-Type: image/svg+xml\r\n", true},
		{"XML", "Content-Type: application/xml\r\n", true},
		{"no type", "", true},
		{"empty type", "Content-Type:\r\n", true},
		{"own policy", "Content-Type: text/html\r\nContent-Security-Policy: default-src 'self'\r\n", true},
		{"with a cookie", "Content-Type: text/html\r\nSet-Cookie: a=b\r\n", true},
		{"JSON", "Content-Type: application/json\r\n", false},
		{"text", "Content-Type: text/plain\r\n", false},
		{"script", "Content-Type: text/javascript\r\n", false},
		{"image", "Content-Type: image/png\r\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fields.Store(&tt.fields)
			inPath := tr.raw(t, "GET /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n")
			inHost := tr.raw(t, "GET / HTTP/1.1\r\nHost: garage.localhost\r\nConnection: close\r\n\r\n")
			boxed := strings.Contains(inPath, "\r\nContent-Security-Policy: sandbox") && strings.Contains(inPath, "\r\nX-Content-Type-Options: nosniff\r\n")
			if boxed != tt.boxed || !strings.HasSuffix(inPath, "\r\n\r\nhi") {
				t.Errorf("path mode: got %q", inPath)
			}
			if strings.Contains(inPath, "default-src") != strings.Contains(tt.fields, "default-src") {
				t.Errorf("the home's own policy is lost: %q", inPath)
			}
			if strings.Contains(inHost, "sandbox") || strings.Contains(inHost, "nosniff") {
				t.Errorf("host mode: got %q", inHost)
			}
		})
	}
}

// TestEvents streams: an event is with the sender before the next one is made.
func TestEvents(t *testing.T) {
	tr := startRelay(t, Options{})
	next := make(chan string)
	tr.agent(t, "garage", 1, func(_ context.Context, x *http1.Exchange) {
		x.Start(200, nil)
		x.Field("Content-Type", "text/event-stream")
		x.EndStream()
		x.Flush()
		for event := range next {
			x.Write([]byte("data: " + event + "\n\n"))
			if x.Flush() != nil {
				return
			}
		}
		x.Finish()
	})
	s := tr.rawConn(t)
	s.send("GET /~garage/events HTTP/1.1\r\nHost: r\r\nAccept: text/event-stream\r\n\r\n")
	s.head()
	for _, event := range []string{"one", "two", "three"} {
		next <- event
		s.SetDeadline(time.Now().Add(10 * time.Second))
		s.takes(map[bool]string{true: "b\r\n", false: "d\r\n"}[len(event) == 3] + "data: " + event + "\n\n\r\n")
	}
	close(next)
	s.takes("0\r\n\r\n")
}
