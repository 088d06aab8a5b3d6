package ptth_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"homehook/http1"
	"homehook/ptth"
)

// TestTokenStays: whatever the dialect, the token goes to the relay only.
func TestTokenStays(t *testing.T) {
	for _, dialect := range order {
		t.Run(dialect, func(t *testing.T) {
			var mu sync.Mutex
			var there []string
			other := handmade(t, func(_ int, p *peer) {
				head, body := p.read()
				mu.Lock()
				there = append(there, head+body)
				mu.Unlock()
				p.say(notFound)
			})
			here := handmade(t, func(_ int, p *peer) {
				p.read()
				p.say(redirectTo(307, other.String()))
			})
			if _, err := (&ptth.Dialer{Relay: here, Token: "hh_secret", Dialect: dialect}).Dial(t.Context(), "garage"); err == nil {
				t.Error("no error")
			}
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(strings.Join(there, ""), "hh_secret") {
				t.Errorf("the token leaked: %q", there)
			}
		})
	}
}

// TestStrangers: nothing that a stranger answers to a request for a link gets
// further than an error, in any dialect.
func TestStrangers(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"no HTTP":           "SSH-2.0-OpenSSH_9.6\r\n\r\n",
		"a request":         "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"endless head":      "HTTP/1.1 200 O\r\nA: " + strings.Repeat("a", 1<<18),
		"endless fields":    "HTTP/1.1 200 O\r\n" + strings.Repeat("A: a\r\n", 1<<16),
		"endless hints":     strings.Repeat("HTTP/1.1 100 C\r\n\r\n", 1<<10),
		"two lengths":       "HTTP/1.1 200 O\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"unknown coding":    "HTTP/1.1 200 O\r\nTransfer-Encoding: gzip\r\n\r\n",
		"other protocol":    "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		"PTTH/2.0":          "HTTP/1.1 101 S\r\nUpgrade: PTTH/2.0\r\nConnection: Upgrade\r\n\r\nGET / HTTP/1.1\r\n\r\n",
		"JSON without end":  "HTTP/1.1 200 O\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
		"JSON of 1 GiB":     "HTTP/1.1 200 O\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n{",
		"control character": "HTTP/1.1 200 O\r\nLink: </\x01>; rel=first\r\nContent-Length: 0\r\n\r\n",
	} {
		for _, dialect := range order {
			t.Run(name+" "+dialect, func(t *testing.T) {
				relay := handmade(t, func(_ int, p *peer) { p.read(); p.Conn.Write([]byte(text)) })
				l, err := (&ptth.Dialer{Relay: relay, Token: "hh_t", Dialect: dialect}).Dial(t.Context(), "garage")
				if err == nil {
					l.Close()
					t.Error("a link to a stranger")
				}
				if err != nil && len(err.Error()) > 400 {
					t.Errorf("got %d bytes of error", len(err.Error()))
				}
			})
		}
	}
}

// TestStrangeTargets: what no relay may send is for the handler to refuse, and
// reaches it as it came.
func TestStrangeTargets(t *testing.T) {
	for _, target := range []string{"CONNECT evil.test:443", "GET http://169.254.169.254/", "GET //evil.test/"} {
		method, uri, _ := strings.Cut(target, " ")
		relay := handmade(t, func(n int, p *peer) {
			if p.read(); n == 0 {
				p.say(answer("application/json", fmt.Sprintf(`{"message-id":"m","method":%q,"request-uri":%q}`, method, uri)))
				p.read()
			}
		})
		got := make(chan string, 1)
		serveDial(t, comet(&ptth.Dialer{Relay: relay}), func(_ context.Context, x *http1.Exchange) {
			if x.Conn() != nil {
				t.Error("the exchange has a connection")
			}
			got <- string(x.Request.Method) + " " + string(x.Request.Target)
			x.Text(400, "no")
		})
		if g := within(t, got, "request"); g != target {
			t.Errorf("got %s, want %s", g, target)
		}
	}
}
