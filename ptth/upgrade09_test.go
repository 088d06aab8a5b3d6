package ptth_test

import (
	"testing"

	"homehook/ptth"
)

// TestUpgrade09 holds the bytes of the first form: there is no Connection in
// either direction, and the 101 has fields that it need not.
func TestUpgrade09(t *testing.T) {
	const trace = "HTTP/1.1 101 Switching Protocols\r\nContent-Type: text/html\r\nDate: Tue, 13 May 2008 20:14:45 GMT\r\n"
	for name, tt := range map[string]struct {
		answer string
		ok     bool
	}{
		"as published":        {trace + "Upgrade: PTTH/0.9\r\nContent-Length: 0\r\n\r\n", true},
		"as the prose has it": {trace + "Upgrade: PTTH/1.0\r\nContent-Length: 0\r\n\r\n", true},
		"in small letters":    {"HTTP/1.1 101 \nupgrade: ptth/0.9\n\n", true},
		"with Connection":     {"HTTP/1.1 101 S\r\nUpgrade: PTTH/0.9\r\nConnection: Upgrade\r\n\r\n", true},
		"later":               {"HTTP/1.1 101 S\r\nUpgrade: PTTH/1.1\r\n\r\n", false},
		"no token":            {"HTTP/1.1 101 S\r\n\r\n", false},
		"sign of life":        {heartbeat, false},
	} {
		t.Run(name, func(t *testing.T) {
			relay := handmade(t, func(_ int, p *peer) {
				p.want("POST /ptth/garage HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer hh_t\r\nUpgrade: PTTH/0.9\r\nContent-Length: 0\r\n\r\n")
				if p.say(tt.answer); !tt.ok {
					return
				}
				p.say("GET /a HTTP/1.1\r\nHost: 10.0.0.1:99\r\n\r\n")
				p.want("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: D\r\nContent-Length: 7\r\n\r\nGET /a ")
			})
			l, err := (&ptth.Dialer{Relay: relay, Token: "hh_t", Dialect: ptth.Dialect09}).Dial(t.Context(), "garage")
			if tt.ok != (err == nil) {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				return
			}
			if got := l.About(); got.Dialect != ptth.Dialect09 || got.Negotiated || got.Parked {
				t.Errorf("about %+v", got)
			}
			within(t, serveLink(t, l, hello).result, "end of Serve")
		})
	}
}
