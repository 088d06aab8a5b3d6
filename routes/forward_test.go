package routes

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// forwardTo returns a front whose route forwards to addr.
func forwardTo(t testing.TB, addr string, s ForwardSpec) *front {
	t.Helper()
	if s.To == "" {
		s.To = "http://" + addr
	}
	return serveRoute(t, compileOne(t, Spec{Forward: &s}))
}

// TestForwardRequest compares what the target reads with what the sender
// wrote, byte by byte.
func TestForwardRequest(t *testing.T) {
	s := answers(t, okay)
	for _, tt := range []struct {
		name      string
		spec      ForwardSpec
		sent, got string
	}{
		{
			"untouched",
			ForwardSpec{},
			"GET /a%2Fb/../%7e?x=%20&y HTTP/1.1\r\nhOsT: garage.example\r\nX-b:  two\r\nX-A: one\r\nx-b: three\t\r\n",
			"GET /a%2Fb/../%7e?x=%20&y HTTP/1.1\r\nhOsT: garage.example\r\nX-b:  two\r\nX-A: one\r\nx-b: three\t\r\n",
		},
		{
			"traces of the way stay",
			ForwardSpec{},
			"GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 relay\r\nForwarded: for=192.0.2.7\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Prefix: /~g\r\nHomehook-Delivery: 1\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 relay\r\nForwarded: for=192.0.2.7\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Prefix: /~g\r\nHomehook-Delivery: 1\r\n",
		},
		{
			"hop by hop",
			ForwardSpec{},
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: x\r\nTrailer: y\r\nA: b\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n",
		},
		{"empty host", ForwardSpec{}, "POST / HTTP/1.1\r\nHost:\r\nA: b\r\n", "POST / HTTP/1.1\r\nHost: $ADDR\r\nA: b\r\n"},
		{"no host", ForwardSpec{}, "GET / HTTP/1.0\r\nA: b\r\n", "GET / HTTP/1.1\r\nHost: $ADDR\r\nA: b\r\n"},
		{
			"absolute form",
			ForwardSpec{},
			"GET http://real.example/x?y HTTP/1.1\r\nHost: lie.example\r\nA: b\r\n",
			"GET /x?y HTTP/1.1\r\nHost: real.example\r\nA: b\r\n",
		},
		{"absolute form without path", ForwardSpec{}, "GET http://real.example HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: real.example\r\n"},
		{"asterisk", ForwardSpec{Strip: "/ha"}, "OPTIONS * HTTP/1.1\r\nHost: a\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n"},
		{"keep", ForwardSpec{Host: "keep"}, "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"},
		{"target's host", ForwardSpec{Host: "target"}, "GET / HTTP/1.1\r\nA: b\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: $ADDR\r\nA: b\r\n"},
		{"literal host", ForwardSpec{Host: "app.local:81"}, "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: app.local:81\r\n"},
		{"strip", ForwardSpec{Strip: "/ha"}, "GET /ha/x/%2e%2e?q HTTP/1.1\r\nHost: a\r\n", "GET /x/%2e%2e?q HTTP/1.1\r\nHost: a\r\n"},
		{"strip all", ForwardSpec{Strip: "/ha/"}, "GET /ha HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"},
		{"strip all, query", ForwardSpec{Strip: "/ha"}, "GET /ha?q HTTP/1.1\r\nHost: a\r\n", "GET /?q HTTP/1.1\r\nHost: a\r\n"},
		{"no segment of that name", ForwardSpec{Strip: "/ha"}, "GET /hat HTTP/1.1\r\nHost: a\r\n", "GET /hat HTTP/1.1\r\nHost: a\r\n"},
		{"empty query", ForwardSpec{Strip: "/ha"}, "GET /ha/? HTTP/1.1\r\nHost: a\r\n", "GET /? HTTP/1.1\r\nHost: a\r\n"},
		{"base", ForwardSpec{To: "http://$ADDR/api/v1/", Strip: "/ha"}, "GET /ha/x HTTP/1.1\r\nHost: a\r\n", "GET /api/v1/x HTTP/1.1\r\nHost: a\r\n"},
		{"base, root", ForwardSpec{To: "http://$ADDR/a%20b"}, "GET / HTTP/1.1\r\nHost: a\r\n", "GET /a%20b/ HTTP/1.1\r\nHost: a\r\n"},
		{
			"configured",
			ForwardSpec{Headers: map[string]string{"X-Key": "s", "Authorization": "Bearer t"}},
			"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n", "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nAuthorization: Bearer t\r\nX-Key: s\r\n",
		},
		{
			"configured instead",
			ForwardSpec{Headers: map[string]string{"X-Key": "s"}},
			"GET / HTTP/1.1\r\nHost: a\r\nx-key: forged\r\nA: b\r\nX-KEY: too\r\n", "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nX-Key: s\r\n",
		},
		{
			"configured instead of what becomes the same variable",
			ForwardSpec{Headers: map[string]string{"X-Key": "s"}},
			"GET / HTTP/1.1\r\nHost: a\r\nx_key: forged\r\nA: b\r\nX.KEY: too\r\n", "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nX-Key: s\r\n",
		},
		{"length of nothing", ForwardSpec{}, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"},
		{
			"h2c is left unanswered",
			ForwardSpec{},
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n", "GET / HTTP/1.1\r\nHost: a\r\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.To = strings.ReplaceAll(tt.spec.To, "$ADDR", s.addr)
			f := forwardTo(t, s.addr, tt.spec)
			nc := dial(t, f.addr)
			io.WriteString(nc, tt.sent+"\r\n")
			got := strings.ReplaceAll(s.head(t), s.addr, "$ADDR")
			if diff := cmp.Diff(tt.got+"\r\n", got); diff != "" {
				t.Error(diff)
			}
			if r := f.result(t); r.Err != nil || !r.finished || r.status != 200 || r.Handler != "forward" || r.Exit != -1 {
				t.Errorf("result %+v", r)
			}
		})
	}
}

// TestForwardResponse compares what the sender reads with what the target
// wrote, byte by byte but for Date.
func TestForwardResponse(t *testing.T) {
	for _, tt := range []struct{ name, request, sent, got string }{
		{
			"as it came", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
			"HTTP/1.1 207 Sort of\r\nX-b:  1\r\nContent-Length: 2\r\nset-COOKIE: a=b\r\nSet-Cookie: c=d\r\n\r\nok",
			"HTTP/1.1 207 Sort of\r\nX-b:  1\r\nset-COOKIE: a=b\r\nSet-Cookie: c=d\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		},
		{
			"hop by hop", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
			"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		},
		{
			"no word for the relay", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
			"HTTP/1.1 200 OK\r\nHomehook-Accepted: 1\r\nPTTH-Ping: 1\r\nA: b\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		},
		{
			"chunked", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		},
		{
			"trailers", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n",
			"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n",
		},
		{
			"chunked for HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
		},
		{
			"without length", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", "HTTP/1.0 200 OK\r\n\r\nok",
			"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		},
		{
			"line feeds, no reason", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", "HTTP/1.1 200\nA: b\nContent-Length: 2\n\nok",
			"HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		},
		{
			"head", "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nConnection: close\r\n\r\n",
		},
		{
			"204", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n",
			"HTTP/1.1 204 No Content\r\nA: b\r\nConnection: close\r\n\r\n",
		},
		{
			"304", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
			"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nConnection: close\r\n\r\n",
		},
		{
			"interim", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", "HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + okay,
			"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		},
		{
			"early hints", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
			"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\nHomehook-Accepted: 1\r\n\r\n" + okay,
			"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		},
		{
			"early hints for HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + okay,
			"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := forwardTo(t, answersOnce(t, tt.sent).addr, ForwardSpec{})
			if diff := cmp.Diff(tt.got, ask(t, f.addr, tt.request+"\r\n")); diff != "" {
				t.Error(diff)
			}
			if r := f.result(t); r.Err != nil || !r.finished {
				t.Errorf("result %+v", r)
			}
		})
	}
}

// TestForwardBadResponse sends responses that no sender may see.
func TestForwardBadResponse(t *testing.T) {
	for _, tt := range []struct {
		name, sent string
		why        string
	}{
		{"nothing", "", "closed the connection"},
		{"half a head", "HTTP/1.1 200 OK\r\nA: b\r\n", "closed the connection"},
		{"no HTTP", "220 mail.example ESMTP\r\n\r\n", "status line"},
		{"field without name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", "no name"},
		{"forged field", "HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: x\r\n\r\n", "control"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "more than one Content-Length"},
		{"odd coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "transfer coding"},
		{"switch unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "unasked"},
		{"interim for ever", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 200), "without end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := forwardTo(t, answersOnce(t, tt.sent).addr, ForwardSpec{})
			got := ask(t, f.addr, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
			if !strings.HasPrefix(got, "HTTP/1.1 502 ") || !strings.HasSuffix(got, "\r\n\r\nthe server behind this route gave no valid answer\n") {
				t.Errorf("got %q", got)
			}
			if r := f.result(t); r.Err == nil || !strings.Contains(r.Err.Error(), tt.why) || r.status != 502 {
				t.Errorf("result %+v", r)
			}
		})
	}
}

// TestForwardBrokenBody checks that a response that breaks off does not look
// whole to the sender.
func TestForwardBrokenBody(t *testing.T) {
	for _, tt := range []struct{ name, sent, end string }{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "half"},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "half\r\n"},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n", "half\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := forwardTo(t, answersOnce(t, tt.sent).addr, ForwardSpec{})
			got := ask(t, f.addr, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if !strings.HasSuffix(got, tt.end) {
				t.Errorf("got %q", got)
			}
			if r := f.result(t); r.Err == nil || !strings.Contains(r.Err.Error(), "broke off") || r.finished {
				t.Errorf("result %+v", r)
			}
		})
	}
}

func TestForwardRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	f := forwardTo(t, addr, ForwardSpec{})
	got := ask(t, f.addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 502 ") || strings.Contains(got, addr) {
		t.Errorf("got %q", got)
	}
	if r := f.result(t); r.Err == nil || !strings.Contains(r.Err.Error(), "connect to "+addr) {
		t.Errorf("result %+v", r)
	}
}

func TestForwardUpgrade(t *testing.T) {
	s := answers(t, okay)
	f := forwardTo(t, s.addr, ForwardSpec{})
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: PTTH/1.0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx",
		"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		if got := ask(t, f.addr, request); !strings.HasPrefix(got, "HTTP/1.1 501 ") || !strings.Contains(got, " here") {
			t.Errorf("got %q", got)
		}
		if r := f.result(t); r.Err == nil || r.status != 501 {
			t.Errorf("result %+v", r)
		}
	}
	if len(s.conns) != 0 {
		t.Error("the target was asked")
	}
}

// silent is a target that reads and never answers.
func silent(t testing.TB) *server {
	return newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		io.Copy(io.Discard, br)
	})
}

func TestForwardTimeout(t *testing.T) {
	t.Parallel()
	f := forwardTo(t, silent(t).addr, ForwardSpec{Timeout: Duration(50 * time.Millisecond)})
	got := ask(t, f.addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 504 ") {
		t.Errorf("got %q", got)
	}
	if r := f.result(t); r.Err == nil || r.Err.Error() != "no answer within 50ms" {
		t.Errorf("result %+v", r)
	}
}

// TestForwardSlowHead answers in pieces, each in time.
func TestForwardSlowHead(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		for _, piece := range []string{"HTTP/1.1 200 OK\r\n", "Content-Le", "ngth: 2\r\n\r", "\no", "k"} {
			io.WriteString(nc, piece)
			<-time.After(30 * time.Millisecond)
		}
	})
	f := forwardTo(t, s.addr, ForwardSpec{})
	if got := ask(t, f.addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasSuffix(got, "\r\n\r\nok") {
		t.Errorf("got %q", got)
	}
}

func TestForwardCallerGone(t *testing.T) {
	t.Parallel()
	closed := make(chan error, 1)
	s := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		_, err := io.Copy(io.Discard, br)
		closed <- err
	})
	f := forwardTo(t, s.addr, ForwardSpec{})
	nc := dial(t, f.addr)
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	s.head(t)
	nc.Close()
	if r := f.result(t); r.Err == nil || !strings.Contains(r.Err.Error(), "sender went away") {
		t.Errorf("result %+v", r)
	}
	<-closed
}

// TestForwardCallerGoneInStream ends an event stream that has nothing to say.
func TestForwardCallerGoneInStream(t *testing.T) {
	t.Parallel()
	if !canPeek {
		t.Skip("a stream is watched only where a look takes nothing")
	}
	s := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\n\n\r\n")
		io.Copy(io.Discard, br)
	})
	f := forwardTo(t, s.addr, ForwardSpec{})
	nc := dial(t, f.addr)
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	br := bufio.NewReader(nc)
	for line := ""; line != "a\n"; {
		var err error
		if line, err = br.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	nc.Close()
	if r := f.result(t); r.Err == nil || !strings.Contains(r.Err.Error(), "sender went away") {
		t.Errorf("result %+v", r)
	}
}

func TestForwardStopped(t *testing.T) {
	t.Parallel()
	s := silent(t)
	f := forwardTo(t, s.addr, ForwardSpec{})
	nc := dial(t, f.addr)
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	s.head(t)
	f.cancel()
	got, _ := io.ReadAll(nc)
	if r := f.result(t); r.Err != errStopped || r.status != 503 || !strings.HasPrefix(string(got), "HTTP/1.1 503 ") {
		t.Errorf("result %+v, got %q", r, got)
	}
}

func TestForwardKeepsCallerConnection(t *testing.T) {
	s := answers(t, okay)
	f := forwardTo(t, s.addr, ForwardSpec{})
	got := ask(t, f.addr, strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 3)+"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if n := strings.Count(got, "200 OK"); n != 4 {
		t.Errorf("%d answers:\n%s", n, got)
	}
	if n := len(s.conns); n != 1 {
		t.Errorf("%d connections to the target", n)
	}
}

func TestForwardManyAtOnce(t *testing.T) {
	f := forwardTo(t, echoServer(t), ForwardSpec{})
	done := make(chan error, 8)
	for i := range cap(done) {
		go func() {
			nc, err := net.Dial("tcp", f.addr)
			if err != nil {
				done <- err
				return
			}
			defer nc.Close()
			br := bufio.NewReader(nc)
			for j := range 200 {
				body := fmt.Sprintf("%d-%d", i, j)
				fmt.Fprintf(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				if _, got, err := readResponse(br); err != nil || got != body {
					done <- fmt.Errorf("got %q, want %q: %v", got, body, err)
					return
				}
			}
			done <- nil
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
