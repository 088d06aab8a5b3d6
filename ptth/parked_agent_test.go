package ptth_test

import (
	"errors"
	"strings"
	"testing"

	"homehook/ptth"
)

const (
	parkAsked = "POST /ptth/garage HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer hh_t\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"
	heartbeat = "HTTP/1.1 204 \r\n\r\n"
)

// TestParked: the same request again behind each sign of life, and the link is
// the sender's from the 101 on.
func TestParked(t *testing.T) {
	relay := handmade(t, func(_ int, p *peer) {
		for range 3 {
			p.want(parkAsked)
			p.say(heartbeat)
		}
		p.want(parkAsked)
		p.say("HTTP/1.1 101 \r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\nGET /garage/a HTTP/1.1\r\nHost: h\r\n\r\n")
		p.want("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: D\r\nContent-Length: 14\r\n\r\nGET /garage/a ")
		p.say("POST /garage HTTP/1.1\r\nHost: h\r\nHomehook-Delivery: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
		p.want("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: D\r\nContent-Length: 15\r\n\r\nPOST /garage ab")
		p.Conn.Close()
	})
	l, err := (&ptth.Dialer{Relay: relay, Token: "hh_t"}).Dial(t.Context(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	engaged := 0
	l.(ptth.Engager).Engaged(func() { engaged++ })
	if a := l.About(); !a.Parked || !a.Whole || a.Negotiated || a.Dialect != ptth.Dialect10 || a.RoundTrip <= 0 {
		t.Errorf("about %+v", a)
	}
	s := serveLink(t, l, hello)
	if err := within(t, s.result, "end of Serve"); err != nil {
		t.Error(err)
	}
	if engaged != 1 || s.count.Load() != 2 {
		t.Errorf("engaged %d times for %d requests", engaged, s.count.Load())
	}
}

// TestHeartbeats: which answers 204 park a request.
func TestHeartbeats(t *testing.T) {
	for answer, parks := range map[string]bool{
		heartbeat:                          true,
		"HTTP/1.1 204\r\n\r\n":             true,
		"HTTP/1.1 204 \n\n":                true,
		"HTTP/1.1 204 No Content\r\n\r\n":  true,
		"HTTP/1.1 204 \r\nDate: D\r\n\r\n": true,
		"HTTP/1.0 204 \r\n\r\n":            false,

		"HTTP/1.1 204 \r\nConnection: close\r\n\r\n":                                 false,
		"HTTP/1.1 204 No Content\r\nServer: nginx\r\nConnection: keep-alive\r\n\r\n": false,
	} {
		t.Run(answer, func(t *testing.T) {
			relay := handmade(t, func(_ int, p *peer) { p.read(); p.say(answer); p.waitForEnd() })
			l, err := (&ptth.Dialer{Relay: relay, Dialect: ptth.Dialect10}).Dial(t.Context(), "garage")
			if l != nil {
				l.Close()
			}
			var refused *ptth.RefusedError
			if parks != (err == nil) || !parks && (!errors.As(err, &refused) || refused.Status != 204) {
				t.Errorf("got %v, %v", l, err)
			}
		})
	}
}

// TestParkedEnds: the ways in which a parked link ends without a sender.
func TestParkedEnds(t *testing.T) {
	tests := []struct {
		name, answer string
		do           func(*served)
		want         string
	}{
		{"relay closes", "", nil, ""},
		{"told to stop", heartbeat, func(s *served) { s.leave() }, ""},
		{"told to leave", heartbeat, func(s *served) { s.link.Leave() }, ""},
		{"closed", heartbeat, func(s *served) { s.link.Close() }, "closed"},
		{"refused", "HTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\n", nil, "relay refuses a link (401)"},
		{"moved", "HTTP/1.1 307 M\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n", nil, "relay opens no link with PTTH/1.0 (307)"},
		{"last sign of life", "HTTP/1.1 204 \r\nConnection: close\r\n\r\n", nil, "relay opens no link with PTTH/1.0 (204)"},
		{"other protocol", "HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n", nil, "relay opens no link with PTTH/1.0 (101)"},
		{"no HTTP", "GET / HTTP/1.1\r\n\r\n", nil, "malformed"},
		{"endless head", "HTTP/1.1 204 \r\nA: " + strings.Repeat("a", 1<<17), nil, "longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parked := make(chan struct{})
			relay := handmade(t, func(_ int, p *peer) {
				p.read()
				p.say(heartbeat)
				p.read()
				if tt.do == nil {
					p.Conn.Write([]byte(tt.answer)) // the agent may close before the end of it
					return
				}
				p.say(tt.answer)
				p.read()
				close(parked)
				if head, _ := p.read(); head != "" { // the answer was for what came before
					t.Errorf("asked again: %q", head)
				}
			})
			s := serveDial(t, &ptth.Dialer{Relay: relay, Dialect: ptth.Dialect10}, hello)
			if tt.do != nil {
				within(t, parked, "parking")
				tt.do(s)
				if tt.name == "told to leave" {
					s.leave() // no sign of life comes any more
				}
			}
			err := within(t, s.result, "end of Serve")
			if tt.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if s.count.Load() != 0 {
				t.Error("something was run")
			}
		})
	}
}
