package relay

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

const (
	askSocket = "GET /~garage/chat HTTP/1.1\r\nHost: r\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	socketAnswer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// echoSocket switches and sends back what comes.
func echoSocket(_ context.Context, x *http1.Exchange) {
	if !x.Request.WantsUpgrade() || !x.Request.HasToken("Upgrade", "websocket") {
		x.Text(426, "this speaks WebSocket")
		return
	}
	x.Raw(101, socketAnswer)
	c := x.Hijack()
	c.SetReadTimeout(0)
	io.WriteString(c.NetConn(), "hello ")
	c.NetConn().Write(c.Buffered())
	io.Copy(c.NetConn(), c.NetConn())
	c.Close()
}

func TestWebSocket(t *testing.T) {
	var log syncBuffer
	tr := startRelay(t, Options{CombinedLog: &log})
	tr.agent(t, "garage", 2, echoSocket)
	s := tr.rawConn(t)
	s.send(askSocket + "early")
	head := s.head()
	for _, want := range []string{
		"HTTP/1.1 101 Switching Protocols\r\n", "\r\nUpgrade: websocket\r\n", "\r\nConnection: Upgrade\r\n",
		"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "\r\nVia: ",
	} {
		if strings.Count(head, want) != 1 {
			t.Errorf("%q is in %q %d times", want, head, strings.Count(head, want))
		}
	}
	s.takes("hello early")
	big := strings.Repeat("0123456789", 100_000)
	go io.WriteString(s, big)
	s.takes(big)
	s.Close()
	waitFor(t, "the tunnel is logged", func() bool { return strings.Contains(log.String(), "chat") })
	if got := log.String(); !strings.Contains(got, `"GET /~garage/chat HTTP/1.1" 101 1000011 `) {
		t.Errorf("logged %q", got)
	}
	waitFor(t, "the spent link is replaced", func() bool { return atRest(tr.dir.claim([]byte("garage"))) == 2 })
}

// TestWebSocketRefused: an answer other than 101 is passed on, and the link
// stays good.
func TestWebSocketRefused(t *testing.T) {
	tr := startRelay(t, Options{})
	l := tr.dial(t, "garage", func(_ context.Context, x *http1.Exchange) { x.Text(403, "not you") })
	tr.waitLinks(t, "garage", 1)
	s := tr.rawConn(t)
	for range 3 {
		s.send(askSocket)
		if got := s.head(); !strings.HasPrefix(got, "HTTP/1.1 403 ") {
			t.Fatalf("got %q", got)
		}
		s.takes("not you\n")
	}
	l.Close()
}

// TestOtherUpgrades: no switch but that to WebSocket is passed on, and above all
// none that would turn the roles.
func TestOtherUpgrades(t *testing.T) {
	tr := startRelay(t, Options{})
	var got seen
	tr.agent(t, "garage", 1, got.record)
	tests := []struct {
		name, send, want string
		upgrade          string // what the agent sees
	}{
		{"PTTH/1.0", "POST /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: Upgrade\r\nUpgrade: PTTH/1.0\r\nContent-Length: 0\r\n\r\n", "200", ""},
		{"PTTH/0.9", "POST /~garage/ HTTP/1.1\r\nHost: r\r\nUpgrade: PTTH/0.9\r\nContent-Length: 0\r\n\r\n", "200", ""},
		{"ptth", "GET /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: Upgrade\r\nUpgrade: ptth\r\nALPN: h2\r\n\r\n", "200", ""},
		{"reverse", "GET /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: Upgrade\r\nUpgrade: reverse\r\n\r\n", "200", ""},
		{"h2c", "GET /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n", "200", ""},
		{"WebSocket in a list", "GET /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: Upgrade\r\nUpgrade: PTTH/1.0, websocket\r\n\r\n", "200", "websocket"},
		{"WebSocket by POST", "POST /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi", "200", ""},
		{"WebSocket without Connection", "GET /~garage/ HTTP/1.1\r\nHost: r\r\nUpgrade: websocket\r\n\r\n", "200", ""},
		{"WebSocket on HTTP/1.0", "GET /~garage/ HTTP/1.0\r\nHost: r\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "200", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tr.rawConn(t)
			s.send(tt.send)
			if head := s.head(); !strings.HasPrefix(head, "HTTP/1.1 "+tt.want+" ") {
				t.Fatalf("got %q", head)
			}
			head := strings.ToLower(got.last(t))
			_, rest, found := strings.Cut(head, "\r\nupgrade: ")
			if value, _, _ := strings.Cut(rest, "\r\n"); value != tt.upgrade || found != (tt.upgrade != "") ||
				strings.Contains(head, "\r\nconnection: ") != found || strings.Contains(head, "http2-settings") {
				t.Errorf("the agent got %q", head)
			}
		})
	}
}

// TestWebSocketBadSwitch: an agent that switches to something else has broken
// its link.
func TestWebSocketBadSwitch(t *testing.T) {
	for name, answer := range map[string]string{
		"another protocol": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n",
		"no protocol":      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
		"no Connection":    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			tr := startRelay(t, Options{})
			tr.dial(t, "garage", func(_ context.Context, x *http1.Exchange) { x.Raw(101, answer) })
			tr.waitLinks(t, "garage", 1)
			s := tr.rawConn(t)
			s.send(askSocket)
			if got := s.head(); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
				t.Errorf("got %q", got)
			}
			tr.waitLinks(t, "garage", 0)
		})
	}
}

// TestWebSocketPlaces: tunnels never hold more than half of the links.
func TestWebSocketPlaces(t *testing.T) {
	tr := startRelay(t, Options{MaxLinks: 4, LinkWait: 200 * time.Millisecond})
	tr.agent(t, "garage", 4, func(ctx context.Context, x *http1.Exchange) {
		if x.Request.WantsUpgrade() {
			echoSocket(ctx, x)
			return
		}
		x.Text(200, "done")
	})
	for range 2 {
		s := tr.rawConn(t)
		s.send(askSocket)
		s.head()
		s.takes("hello ")
	}
	s := tr.rawConn(t)
	s.send(askSocket)
	if got := s.head(); !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(got, "\r\nRetry-After: ") {
		t.Errorf("got %q", got)
	}
	if status, _ := tr.ask(t, askGarage); status != 200 {
		t.Errorf("got %d", status)
	}
}

// TestWebSocketEnds ends tunnels with the relay, and with the links of a claim.
func TestWebSocketEnds(t *testing.T) {
	for name, end := range map[string]func(*testRelay){
		"relay": func(tr *testRelay) { tr.stop() },
		"token": func(tr *testRelay) { tr.RevokeToken(context.Background(), "me") },
	} {
		t.Run(name, func(t *testing.T) {
			tr := startRelay(t, Options{})
			tr.dial(t, "garage", echoSocket)
			tr.waitLinks(t, "garage", 1)
			s := tr.rawConn(t)
			s.send(askSocket)
			s.head()
			s.takes("hello ")
			began := time.Now()
			end(tr)
			s.ends()
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("the end took %v", took)
			}
		})
	}
}

// plainCarrier is a carrier of a dialect that carries no switch of protocols,
// or nothing at all.
type plainCarrier struct {
	*ptth.Link
	cannot string
}

func (p *plainCarrier) Traits() ptth.Traits {
	return ptth.Traits{Dialect: ptth.DialectComet, Ours: true, Streams: true}
}

func (p *plainCarrier) Do(c *ptth.Call) (*http1.Response, error) {
	if p.cannot != "" {
		return nil, &ptth.CannotError{Reason: p.cannot}
	}
	return p.Link.Do(c)
}

// Done reports that nothing has happened where nothing could.
func (p *plainCarrier) Done() bool { return p.cannot != "" || p.Link.Done() }

// makePlain puts a link of the claim back as one of another dialect.
func (tr *testRelay) makePlain(t *testing.T, name, cannot string) {
	t.Helper()
	c := tr.dir.claim([]byte(name))
	l, err := c.take(&waiter{})
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.removeLocked(l)
	c.mu.Unlock()
	if err := c.reserve(); err != nil {
		t.Fatal(err)
	}
	if err := c.add(tr.newLink(&plainCarrier{l.Carrier.(*ptth.Link), cannot}, c)); err != nil {
		t.Fatal(err)
	}
}

// TestWebSocketChoosesLink: with links of several dialects one is taken that
// can; with none, the sender is told.
func TestWebSocketChoosesLink(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.dial(t, "garage", echoSocket)
	tr.waitLinks(t, "garage", 1)
	tr.makePlain(t, "garage", "")
	s := tr.rawConn(t)
	s.send(askSocket)
	head := s.head()
	if !strings.HasPrefix(head, "HTTP/1.1 501 ") {
		t.Fatalf("got %q", head)
	}
	s.takes(errNoTunnel.detail + "\n")
	if status, _ := tr.ask(t, askGarage); status != 426 {
		t.Errorf("a plain request got %d", status)
	}
	tr.dial(t, "garage", echoSocket)
	tr.waitLinks(t, "garage", 2)
	if status, _ := tr.ask(t, askGarage); status != 426 {
		t.Errorf("a plain request got %d", status)
	}
	s.send(askSocket)
	if head := s.head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		t.Fatalf("got %q", head)
	}
	s.takes("hello ")
}

// TestCannot: what a dialect has no means for goes by a link that has, or the
// sender is told why not.
func TestCannot(t *testing.T) {
	tr := startRelay(t, Options{})
	var got seen
	tr.dial(t, "garage", got.record)
	tr.waitLinks(t, "garage", 1)
	tr.makePlain(t, "garage", "it is blue")
	status, body := tr.ask(t, askGarage)
	if status != 501 || !strings.Contains(body, "it is blue") {
		t.Errorf("got %d %q", status, body)
	}
	tr.dial(t, "garage", got.record)
	tr.waitLinks(t, "garage", 2)
	for range 3 {
		c := tr.dir.claim([]byte("garage"))
		c.mu.Lock()
		if c.idle[1].traits.Dialect != ptth.DialectComet {
			slices.Reverse(c.idle) // the one that cannot goes first
		}
		c.mu.Unlock()
		if status, body := tr.ask(t, askGarage); status != 200 {
			t.Errorf("got %d %q", status, body)
		}
	}
}
