package routes

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"homehook/http1"
)

const (
	wantsSocket = "GET /chat?room=1 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// echoSocket switches and sends back what comes, the first bytes together with
// the head.
func echoSocket(s *server, nc net.Conn, br *bufio.Reader) {
	if _, err := s.readHead(br); err != nil {
		return
	}
	io.WriteString(nc, switched+"hello ")
	io.Copy(nc, br)
}

// dialFront connects to a route.
func dialFront(t testing.TB, addr string) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	return nc.(*net.TCPConn), bufio.NewReader(nc)
}

// readTo reads what must come, and nothing else.
func readTo(t testing.TB, br *bufio.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(br, got); string(got[:n]) != want {
		t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

func TestWebSocket(t *testing.T) {
	s := newServer(t, echoSocket)
	f := forwardTo(t, s.addr, ForwardSpec{Headers: map[string]string{"X-Set": "1"}})
	nc, br := dialFront(t, f.addr)
	io.WriteString(nc, wantsSocket+"early")
	readTo(t, br, "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"+
		"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello early")
	big := strings.Repeat("0123456789", 50_000)
	go io.WriteString(nc, big)
	readTo(t, br, big)
	want := "GET /chat?room=1 HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
		"X-Set: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
	if got := <-s.heads; got != want {
		t.Errorf("the target got\n%q, want\n%q", got, want)
	}
	nc.CloseWrite()
	if rest, err := io.ReadAll(br); len(rest) > 0 || err != nil {
		t.Errorf("behind the end: %q, %v", rest, err)
	}
	r := f.result(t)
	if r.Err != nil || r.status != 101 || r.TunnelIn != int64(len(big)+5) || r.TunnelOut != int64(len(big)+11) {
		t.Errorf("result %+v", r)
	}
}

func TestWebSocketUnix(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("temporary paths are too long for a socket here")
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err)
	}
	defer os.Remove(path)
	serveOn(t, l, echoSocket)
	f := serveRoute(t, compileOne(t, Spec{Forward: &ForwardSpec{To: "unix:" + path}}))
	nc, br := dialFront(t, f.addr)
	io.WriteString(nc, wantsSocket)
	if _, err := br.ReadString('o'); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if r := f.result(t); r.status != 101 {
		t.Errorf("result %+v", r)
	}
}

// TestWebSocketRefused: what is no switch to WebSocket is passed on, or is no
// answer at all.
func TestWebSocketRefused(t *testing.T) {
	tests := []struct {
		name, answer, want string
		err                string
	}{
		{"400", "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 3\r\n", ""},
		{
			"426", "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 12\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 12\r\nConnection: close\r\nContent-Length: 0\r\n", "",
		},
		{"200", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nfun", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n", ""},
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.1 502 ", "another protocol"},
		{"no Upgrade field", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.1 502 ", "another protocol"},
		{"no Connection field", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 502 ", "another protocol"},
		{"nothing", "", "HTTP/1.1 502 ", "closed the connection"},
		{"nonsense", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 502 ", "no valid response"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
				s.readHead(br)
				io.WriteString(nc, tt.answer)
			})
			f := forwardTo(t, s.addr, ForwardSpec{})
			got := ask(t, f.addr, strings.Replace(wantsSocket, "keep-alive", "close", 1))
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			r := f.result(t)
			if (r.Err != nil) != (tt.err != "") || r.Err != nil && !strings.Contains(r.Err.Error(), tt.err) {
				t.Errorf("result %+v", r)
			}
		})
	}
}

// TestWebSocketKeepsLink asks again behind a refusal.
func TestWebSocketKeepsLink(t *testing.T) {
	s := answers(t, okay)
	f := forwardTo(t, s.addr, ForwardSpec{})
	nc, br := dialFront(t, f.addr)
	for range 3 {
		io.WriteString(nc, wantsSocket)
		if line, err := br.ReadString('\n'); line != "HTTP/1.1 200 OK\r\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		for line := ""; line != "\r\n"; line, _ = br.ReadString('\n') {
		}
		br.Discard(br.Buffered())
		f.result(t)
	}
}

// TestWebSocketStops ends a tunnel with the handlers' context.
func TestWebSocketStops(t *testing.T) {
	f := forwardTo(t, newServer(t, echoSocket).addr, ForwardSpec{})
	nc, br := dialFront(t, f.addr)
	io.WriteString(nc, wantsSocket+"x")
	if _, err := br.ReadString('x'); err != nil {
		t.Fatal(err)
	}
	f.cancel()
	io.Copy(io.Discard, br)
	if r := f.result(t); r.status != 101 || r.Err != nil || r.TunnelIn != 1 {
		t.Errorf("result %+v", r)
	}
}

func TestWebSocketUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	f := forwardTo(t, l.Addr().String(), ForwardSpec{})
	if got := ask(t, f.addr, strings.Replace(wantsSocket, "keep-alive", "close", 1)); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("got %q", got)
	}
}

// TestWebSocketWithoutConnection asks over a link that carries no switch.
func TestWebSocketWithoutConnection(t *testing.T) {
	r := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://127.0.0.1:1"}})
	req, err := http1.ParseRequest([]byte(wantsSocket), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	res := r.Serve(t.Context(), &Delivery{Request: req}, http1.NewExchange(req, &out))
	if !strings.HasPrefix(out.String(), "HTTP/1.1 501 ") || res.Err == nil {
		t.Errorf("got %q, %+v", out.String(), res)
	}
}

// TestWebSocketElsewhere: the other handlers answer as to any request.
func TestWebSocketElsewhere(t *testing.T) {
	specs := map[string]Spec{
		"respond": {Respond: &RespondSpec{Status: 200, Body: "plain"}},
		"script":  {Script: &ScriptSpec{Command: []string{self(t), "play", "say", "plain"}}},
	}
	for name, spec := range specs {
		t.Run(name, func(t *testing.T) {
			f := serveRoute(t, compileOne(t, spec))
			got := ask(t, f.addr, strings.Replace(wantsSocket, "keep-alive", "close", 1))
			if !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.HasSuffix(strings.TrimSpace(got), "plain") {
				t.Errorf("got %q", got)
			}
		})
	}
}
