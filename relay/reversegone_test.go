package relay

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestReverseHTTPStreams passes bodies both ways while they are made.
func TestReverseHTTPStreams(t *testing.T) {
	tr := startRelay(t, Options{})
	u := tr.register(t, "")
	agent, s := tr.peer(t), tr.peer(t)
	agent.send(fetch(u.first), "")
	tr.waitIdle(t, "garage", 1)
	body := binary(1 << 20)
	s.send("POST /~garage/ HTTP/1.1\nHost: relay\n", body)
	a := agent.read()
	_, entity, _ := strings.Cut(a.body, "\r\n\r\n")
	sameBody(t, "request", entity, body)

	fmt.Fprintf(agent.nc, "POST %s HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n", u.first)
	piece := func(text string) { fmt.Fprintf(agent.nc, "%x\r\n%s\r\n", len(text), text) }
	piece("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
	res, err := s.conn.ReadResponse([]byte("POST"))
	if err != nil || res.Status != 200 {
		t.Fatal(err)
	}
	read := func(n int) string {
		b := make([]byte, n)
		for got := 0; got < n; {
			m, err := res.Body.Read(b[got:])
			if got += m; err != nil {
				t.Fatal(err)
			}
		}
		return string(b)
	}
	if got := read(9); got != "data: 1\n\n" {
		t.Errorf("got %q", got)
	}
	piece(body)
	sameBody(t, "answer", read(len(body)), body)
	fmt.Fprint(agent.nc, "0\r\n\r\n")
	if a := agent.read(); a.status != 202 {
		t.Errorf("reply: %s", a.head)
	}
	tr.waitNone(t, "garage")
}

// TestReverseHTTPReplies lists what agents send as a reply.
func TestReverseHTTPReplies(t *testing.T) {
	tr := startRelay(t, Options{})
	u := tr.register(t, "")
	path := u.first
	tests := []struct {
		name, reply  string
		status, sent int // to the agent and to the sender
		body         string
	}{
		{"HTTP/1.0 without a length", "HTTP/1.0 200 OK\r\n\r\nrest", 202, 200, "rest"},
		{"another length inside", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nrest", 202, 200, "rest"},
		{"chunked inside", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nrest\r\n0\r\n\r\n", 202, 200, "rest"},
		{"100 first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\nrest", 202, 404, "rest"},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", 202, 204, ""},
		{"bare LF", "HTTP/1.1 200 OK\nX: y\n\nrest", 202, 200, "rest"},
		{"garbage", "hello", 400, 502, ""},
		{"another protocol", "PTTH/1.0 200 OK\r\n\r\n", 400, 502, ""},
		{"a switch", "HTTP/1.1 101 Switching Protocols\r\n\r\n", 400, 502, ""},
		{"a control byte", "HTTP/1.1 200 OK\r\nX: \x01\r\n\r\n", 400, 502, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			agent := tr.peer(t)
			agent.send(fetch(path), "")
			tr.waitIdle(t, "garage", 1)
			sender := tr.sendLater(t, fetch("/~garage/"), "")
			second := next(t, agent.read())
			if a := tr.peer(t).ask(postTo(path), tt.reply); a.status != tt.status {
				t.Errorf("agent got %s%s", a.head, a.body)
			}
			if a := sender(); a.status != tt.sent || tt.status == 202 && a.body != tt.body || a.fields["transfer-encoding"] == "chunked" && tt.name != "chunked inside" {
				t.Errorf("sender got %s%s", a.head, a.body)
			}
			path = second
		})
	}
	tr.waitNone(t, "garage")
}

// TestReverseHTTPGone lets each of the three leave.
func TestReverseHTTPGone(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{AnswerTimeout: 1500 * time.Millisecond})
	u := tr.register(t, "")
	deliver := func(t *testing.T, s *peer) *peer {
		p := tr.peer(t)
		p.send(fetch(u.first), "")
		tr.waitIdle(t, "garage", 1)
		s.send(fetch("/~garage/"), "")
		if a := p.read(); a.status != 200 {
			t.Fatalf("poll: %s", a.head)
		}
		return p
	}
	t.Run("no answer, and the URL is good again", func(t *testing.T) {
		s := tr.peer(t)
		deliver(t, s)
		if a := s.read(); a.status != 504 {
			t.Errorf("sender got %s", a.head)
		}
		s = tr.peer(t)
		p := deliver(t, s)
		if a := p.ask(postTo(u.first), "HTTP/1.1 200 OK\r\n\r\nok"); a.status != 202 {
			t.Errorf("reply: %s", a.head)
		}
		if a := s.read(); a.body != "ok" {
			t.Errorf("sender got %s", a.head)
		}
		u.first = tr.register(t, "").first
	})
	t.Run("sender", func(t *testing.T) {
		s := tr.peer(t)
		p := deliver(t, s)
		s.nc.Close()
		tr.waitNone(t, "garage")
		if a := p.ask(postTo(u.first), "HTTP/1.1 200 OK\r\n\r\nok"); a.status != 404 {
			t.Errorf("reply: %s", a.head)
		}
	})
	t.Run("sender, while the answer pauses", func(t *testing.T) {
		s := tr.peer(t)
		p := deliver(t, s)
		fmt.Fprintf(p.nc, "POST %s HTTP/1.1\r\nHost: relay\r\nContent-Length: 99\r\n\r\nHTTP/1.1 200 OK\r\n\r\nda", u.first)
		if res, err := s.conn.ReadResponse([]byte("GET")); err != nil || res.Status != 200 {
			t.Fatal(err)
		}
		s.nc.Close()
		tr.waitNone(t, "garage")
		u.first = tr.register(t, "").first
	})
	t.Run("agent, while the answer pauses", func(t *testing.T) {
		s := tr.peer(t)
		p := deliver(t, s)
		fmt.Fprintf(p.nc, "POST %s HTTP/1.1\r\nHost: relay\r\nContent-Length: 99\r\n\r\nHTTP/1.1 200 OK\r\n\r\nda", u.first)
		res, err := s.conn.ReadResponse([]byte("GET"))
		if err != nil || res.Status != 200 {
			t.Fatal(err)
		}
		p.nc.Close()
		var b [64]byte
		for n := 0; err == nil; n, err = res.Body.Read(b[:]) {
			_ = n
		}
		if err.Error() == "EOF" {
			t.Error("a part of an answer was given out as the whole")
		}
		tr.waitNone(t, "garage")
		u.first = tr.register(t, "").first
	})
	t.Run("poll, replaced by another at the same URL", func(t *testing.T) {
		old := tr.peer(t)
		old.send(fetch(u.first), "")
		tr.waitIdle(t, "garage", 1)
		p := tr.peer(t)
		p.send(fetch(u.first), "")
		if a := old.read(); a.status != 204 {
			t.Errorf("the old poll got %s", a.head)
		}
		tr.waitIdle(t, "garage", 1)
		p.nc.Close()
		tr.waitNone(t, "garage")
	})
	t.Run("token revoked", func(t *testing.T) {
		p := tr.peer(t)
		p.send(fetch(u.first), "")
		tr.waitIdle(t, "garage", 1)
		if err := tr.RevokeToken(t.Context(), "me"); err != nil {
			t.Fatal(err)
		}
		if a := p.read(); a.status != 410 {
			t.Errorf("poll got %s", a.head)
		}
		if a := tr.peer(t).ask(fetch(u.first), ""); a.status != 404 {
			t.Errorf("poll behind: %s", a.head)
		}
	})
}

// TestReverseHTTPSlowPoller holds a sender until a slow agent polls, and for
// five seconds when none does.
func TestReverseHTTPSlowPoller(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{LinkWait: 10 * time.Millisecond, AwayAfter: time.Nanosecond})
	u := tr.register(t, "")
	begin := time.Now()
	if a := tr.sendLater(t, fetch("/~garage/nobody"), "")(); a.status != 504 || time.Since(begin) < 4*time.Second {
		t.Errorf("without a poll: %s after %v", a.head, time.Since(begin))
	}
	sender := tr.sendLater(t, fetch("/~garage/"), "")
	waitFor(t, "a sender in line", func() bool { return tr.dir.claim([]byte("garage")).waiting() == 1 })
	p := tr.peer(t)
	if a := p.ask(fetch(u.first), ""); a.status != 200 {
		t.Errorf("poll: %s", a.head)
	}
	p.ask(postTo(u.first), "HTTP/1.1 200 OK\r\n\r\nok")
	if a := sender(); a.body != "ok" {
		t.Errorf("sender got %s", a.head)
	}
	if a := tr.sendLater(t, fetch("/~nobody/"), "")(); a.status != 404 {
		t.Errorf("no such name: %s", a.head)
	}
}

// TestReverseHTTPPublicURL names the addresses that are configured.
func TestReverseHTTPPublicURL(t *testing.T) {
	tr := startRelay(t, Options{Domain: "relay.example", URL: &url.URL{Scheme: "https", Host: "relay.example:8443"}})
	a := tr.peer(t).ask("POST /reversehttp HTTP/1.1\nHost: inner\n"+form, "name=garage&token="+tr.token)
	if link := a.fields["link"]; !strings.HasPrefix(link, "<https://relay.example:8443/reversehttp/garage/") || !strings.Contains(link, `, <https://garage.relay.example:8443/>; rel="related"`) ||
		!strings.HasPrefix(a.fields["location"], "https://relay.example:8443/reversehttp/garage/") {
		t.Errorf("got %s", a.head)
	}
}
