package relay

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	parked204 = "HTTP/1.1 204 \r\n\r\n"
	parked101 = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n"
)

// rawConn is one end of a connection, spoken byte by byte.
type rawConn struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func (tr *testRelay) rawConn(t testing.TB) *rawConn {
	nc := tr.conn(t)
	return &rawConn{t, nc, bufio.NewReader(nc)}
}

func (c *rawConn) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Errorf("send: %v", err)
	}
}

// takes reads what must come, to the byte.
func (c *rawConn) takes(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c.r, got); string(got[:n]) != want {
		c.t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

// head reads a head with its blank line.
func (c *rawConn) head() string {
	c.t.Helper()
	var head strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			c.t.Fatalf("head ends with %q, %v", head.String(), err)
		}
		if line == "\r\n" {
			return head.String()
		}
	}
}

// ends waits for the other end to close.
func (c *rawConn) ends() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); len(rest) > 0 || isTimeout(err) {
		c.t.Errorf("got %q, %v; want the end", rest, err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// parkRequest is the request that a parked agent sends again and again.
func (tr *testRelay) parkRequest(name string) string {
	return "POST /ptth/" + name + "?park HTTP/1.1\r\nHost: r\r\nAuthorization: Bearer " + tr.token +
		"\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n"
}

// park opens a connection that is held when park returns.
func (tr *testRelay) park(t testing.TB, name string) *rawConn {
	t.Helper()
	a := tr.rawConn(t)
	a.send(tr.parkRequest(name))
	a.takes(parked204)
	before := 0
	if c := tr.dir.claim([]byte(name)); c != nil {
		before = c.links()
	}
	a.send(tr.parkRequest(name))
	tr.waitLinks(t, name, before+1)
	return a
}

// serveParked answers each request on a connection as an agent of that kind
// does, and says how many there were.
func serveParked(a *rawConn, answer func(head string) string) int {
	for n := 0; ; n++ {
		var head strings.Builder
		for line := ""; line != "\r\n"; {
			var err error
			if line, err = a.r.ReadString('\n'); err != nil {
				return n
			}
			head.WriteString(line)
		}
		io.WriteString(a, answer(head.String()))
	}
}

// TestParked holds the bytes of the dialect: the 204 at once, the 204 when
// nobody came, the 101 when somebody did, and then requests as on any link.
func TestParked(t *testing.T) {
	tr := startRelay(t, Options{Hold: 100 * time.Millisecond})
	a := tr.rawConn(t)
	for range 4 {
		a.send(tr.parkRequest("garage"))
		a.takes(parked204)
	}
	a.send(tr.parkRequest("garage"))
	s := tr.rawConn(t)
	s.send("POST /~garage/hook?a=b HTTP/1.1\r\nHost: relay.example\r\nX-Odd: 1\r\nContent-Length: 5\r\n\r\nhello")
	for a.r.Buffered() == 0 {
		if head := a.head(); head == parked204 {
			a.send(tr.parkRequest("garage")) // the sender came in between
			continue
		} else if head != parked101 {
			t.Fatalf("got %q", head)
		}
		break
	}
	head := a.head()
	if !strings.HasPrefix(head, "POST /hook?a=b HTTP/1.1\r\nHost: relay.example\r\nX-Odd: 1\r\nVia: ") || !strings.Contains(head, "\r\nX-Forwarded-Prefix: /~garage\r\n") {
		t.Errorf("the agent got %q", head)
	}
	a.takes("hello")
	a.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbusy")
	if got := s.head(); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n") {
		t.Errorf("the sender got %q", got)
	}
	s.takes("busy")
}

// TestParkedRefusals: what is no good is said at once, never 101, never 204.
func TestParkedRefusals(t *testing.T) {
	tr := startRelay(t, Options{})
	auth := "Host: r\r\nAuthorization: Bearer " + tr.token + "\r\n"
	const up = "Upgrade: PTTH/1.0\r\nConnection: Upgrade\r\n"
	tests := []struct {
		name, send, want string
	}{
		{"no token", "POST /ptth/garage?park HTTP/1.1\r\nHost: r\r\n" + up + "\r\n", "401"},
		{"no Upgrade", "POST /ptth/garage?park HTTP/1.1\r\n" + auth + "\r\n", "426"},
		{"another version", "POST /ptth/garage?park HTTP/1.1\r\n" + auth + "Upgrade: PTTH/2.0\r\nConnection: Upgrade\r\n\r\n", "426"},
		{"the first draft", "POST /ptth/garage?park HTTP/1.1\r\n" + auth + "Upgrade: PTTH/0.9\r\n\r\n", "426"},
		{"no Connection", "POST /ptth/garage?park HTTP/1.1\r\n" + auth + "Upgrade: PTTH/1.0\r\n\r\n", "426"},
		{"method", "PUT /ptth/garage?park HTTP/1.1\r\n" + auth + up + "\r\n", "405"},
		{"GET", "GET /ptth/garage?park HTTP/1.1\r\n" + auth + up + "\r\n", "204"},
		{"OPTIONS", "OPTIONS /ptth/garage?park= HTTP/1.1\r\n" + auth + up + "\r\n", "204"},
		{"no Host, token in the path", "POST /ptth/garage/" + tr.token + "?park HTTP/1.1\r\n" + up + "\r\n", "204"},
		{"a length", "POST /ptth/garage?a=b&park=1 HTTP/1.1\r\n" + auth + up + "Content-Length: 0\r\n\r\n", "204"},
		{"a list", "POST /ptth/garage?park HTTP/1.1\r\n" + auth + "Upgrade: x, ptth, PTTH/1.0\r\nConnection: keep-alive, upgrade\r\n\r\n", "204"},
		{"a name that begins alike", "POST /ptth/garage?parked HTTP/1.1\r\n" + auth + up + "\r\n", "101"},
		{"not parked", "POST /ptth/garage HTTP/1.1\r\n" + auth + up + "\r\n", "101"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := tr.rawConn(t)
			c.send(tt.send)
			if got := c.head(); !strings.HasPrefix(got, "HTTP/1.1 "+tt.want+" ") || tt.want == "204" && got != parked204 {
				t.Errorf("got %q, want %s", got, tt.want)
			}
		})
	}
}

// TestParkedKeepsToItsSender: a connection serves one sender's connection and
// ends with it.
func TestParkedKeepsToItsSender(t *testing.T) {
	tr := startRelay(t, Options{})
	one := tr.park(t, "garage")
	two := tr.park(t, "garage")
	other := tr.park(t, "attic")
	counts := make(chan int, 3)
	var wg sync.WaitGroup
	for i, a := range []*rawConn{one, two, other} {
		wg.Go(func() {
			if got := a.head(); got != parked101 {
				t.Errorf("agent %d got %q", i, got)
			}
			counts <- 100*(i+1) + serveParked(a, func(string) string {
				return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", i+1)
			})
		})
	}
	s, s2 := tr.rawConn(t), tr.rawConn(t)
	ask := func(s *rawConn, name, want string) {
		t.Helper()
		s.send("GET /~" + name + "/ HTTP/1.1\r\nHost: r\r\n\r\n")
		s.head()
		s.takes(want)
	}
	for range 5 {
		ask(s, "garage", "1") // the one that rested longest
	}
	for range 3 {
		ask(s2, "garage", "2")
	}
	ask(s, "garage", "1")
	ask(s, "attic", "3") // asks for another claim
	if n := <-counts; n != 106 {
		t.Errorf("the first one ended with %d", n)
	}
	s2.Close()
	if n := <-counts; n != 203 {
		t.Errorf("the second one ended with %d", n)
	}
	s.Close()
	if n := <-counts; n != 301 {
		t.Errorf("the third one ended with %d", n)
	}
	wg.Wait()
	tr.waitLinks(t, "garage", 0)
	tr.waitLinks(t, "attic", 0)
}

// TestParkedCloses: an agent that answers one request and closes without a word
// is as good as any.
func TestParkedCloses(t *testing.T) {
	tr := startRelay(t, Options{})
	s := tr.rawConn(t)
	for i := range 3 {
		a := tr.park(t, "garage")
		s.send("GET /~garage/ HTTP/1.1\r\nHost: r\r\n\r\n")
		a.takes(parked101)
		a.head()
		a.send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", i))
		s.head()
		s.takes(fmt.Sprint(i))
		a.Close()
	}
}

// TestParkedBurst: senders beyond the connections that are held wait for those
// that the agent opens then.
func TestParkedBurst(t *testing.T) {
	tr := startRelay(t, Options{})
	const held, senders = 2, 12
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var open func()
	open = func() {
		a := tr.rawConn(t)
		wg.Go(func() {
			for {
				if _, err := io.WriteString(a, tr.parkRequest("garage")); err != nil {
					return
				}
				var head strings.Builder
				for line := ""; line != "\r\n"; {
					var err error
					if line, err = a.r.ReadString('\n'); err != nil {
						return
					}
					head.WriteString(line)
				}
				if head.String() == parked101 {
					break
				}
			}
			if ctx.Err() == nil {
				open()
			}
			serveParked(a, func(string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" })
		})
		context.AfterFunc(ctx, func() { a.Close() })
	}
	for range held {
		open()
	}
	tr.waitLinks(t, "garage", held)
	var asks sync.WaitGroup
	for range senders {
		asks.Go(func() {
			if status, _ := tr.ask(t, askGarage); status != 200 {
				t.Errorf("got %d", status)
			}
		})
	}
	asks.Wait()
	cancel()
	wg.Wait()
}

// TestParkedLimit: beyond the limit 429, which leaves the connection in use,
// and a sender's connection that rests makes room.
func TestParkedLimit(t *testing.T) {
	tr := startRelay(t, Options{MaxLinks: 2})
	one := tr.park(t, "garage")
	tr.park(t, "garage")
	more := tr.rawConn(t)
	for range 3 {
		more.send(tr.parkRequest("garage"))
		head := more.head()
		if !strings.HasPrefix(head, "HTTP/1.1 429 ") || !strings.Contains(head, "\r\nRetry-After: ") {
			t.Fatalf("got %q", head)
		}
		more.takes(errLinks.detail + "\n")
	}
	s := tr.rawConn(t)
	s.send("GET /~garage/ HTTP/1.1\r\nHost: r\r\n\r\n")
	one.takes(parked101)
	one.head()
	one.send("HTTP/1.1 204 No Content\r\n\r\n")
	s.head()
	waitFor(t, "the kept connection makes room", func() bool {
		more.send(tr.parkRequest("garage"))
		head := more.head()
		if head != parked204 {
			more.takes(errLinks.detail + "\n")
		}
		return head == parked204
	})
	one.ends()
	s.send("GET /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n") // and gets another
	waitFor(t, "the second request has a link", func() bool { return atRest(tr.dir.claim([]byte("garage"))) == 0 })
}

// TestParkedGone drops what has left, or spoken, while it was held.
func TestParkedGone(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	a := tr.park(t, "garage")
	a.Close()
	tr.waitLinks(t, "garage", 0)
	b := tr.park(t, "garage")
	b.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	tr.waitLinks(t, "garage", 0)
	b.ends()
}

// TestParkedRevoked drops held connections with the token, and at the end.
func TestParkedRevoked(t *testing.T) {
	tr := startRelay(t, Options{})
	a := tr.park(t, "garage")
	if err := tr.RevokeToken(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	a.ends()
}

func TestParkedDrain(t *testing.T) {
	tr := startRelay(t, Options{})
	a := tr.park(t, "garage")
	began := time.Now()
	tr.stop()
	a.ends()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %v", took)
	}
}

// TestParkedEarlyAnswer: an agent that answers without waiting for the request
// is the sender's own.
func TestParkedEarlyAnswer(t *testing.T) {
	tr := startRelay(t, Options{})
	a := tr.park(t, "garage")
	s := tr.rawConn(t)
	s.send("GET /~garage/ HTTP/1.1\r\nHost: r\r\n\r\n")
	a.takes(parked101)
	a.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
	s.head()
	s.takes("hi")
}

// TestParkedWebSocket switches protocols on a connection that was held.
func TestParkedWebSocket(t *testing.T) {
	tr := startRelay(t, Options{})
	a := tr.park(t, "garage")
	s := tr.rawConn(t)
	s.send(askSocket + "early")
	a.takes(parked101)
	if head := a.head(); !strings.Contains(head, "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n") {
		t.Errorf("the agent got %q", head)
	}
	a.send(socketAnswer + "hello")
	a.takes("early")
	if got := s.head(); !strings.HasPrefix(got, "HTTP/1.1 101 ") {
		t.Fatalf("got %q", got)
	}
	s.takes("hello")
	s.Close()
	a.ends()
	a.Close()
	tr.waitLinks(t, "garage", 0)
}

// TestOldAgents opens links with the bytes of agents of the first draft, and of
// those that send no Host.
func TestOldAgents(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	tests := []struct{ name, send, want, answer string }{
		{
			"PTTH/0.9", "POST /ptth/garage/" + tr.token + " HTTP/1.1\r\nHost: relay.example\r\nUpgrade: PTTH/0.9\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/0.9\r\n\r\n", "200",
		},
		{
			"PTTH/0.9 without Host", "GET /ptth/garage/" + tr.token + " HTTP/1.1\r\nupgrade: ptth/0.9\r\n\r\n",
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/0.9\r\n\r\n", "200",
		},
		{
			"AirPlay", "POST /ptth/garage/" + tr.token + " HTTP/1.1\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nX-Apple-Purpose: event\r\n" +
				"Content-Length: 0\r\nUser-Agent: MediaControl/1.0\r\nX-Apple-Session-ID: 1bd6ceeb-fffd-456c-a09c-996053a7a08c\r\n\r\n",
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n", "200",
		},
		{
			"a list", "POST /ptth/garage/" + tr.token + " HTTP/1.1\r\nUpgrade: PTTH/7, PTTH/0.9, PTTH/1.0\r\n\r\n",
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/0.9\r\n\r\n", "200",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := tr.rawConn(t)
			began := time.Now() // before the switch, which a busy machine tells late
			a.send(tt.send)
			a.takes(tt.want)
			tr.waitLinks(t, "garage", 1)
			s := tr.rawConn(t)
			s.send("POST /~garage/event HTTP/1.1\r\nHost: r\r\nContent-Length: 2\r\n\r\nhi")
			if head := a.head(); !strings.HasPrefix(head, "POST /event HTTP/1.1\r\nHost: r\r\n") {
				t.Errorf("the agent got %q", head)
			}
			if took := time.Since(began); took < 50*time.Millisecond {
				t.Errorf("the request came %v behind the switch", took)
			}
			a.takes("hi")
			a.send("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")
			if got := s.head(); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
				t.Errorf("the sender got %q", got)
			}
			a.Close()
			tr.waitLinks(t, "garage", 0)
		})
	}
}
