package ptth

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"homehook/http1"
)

// piped is an answer on a pipe, as if a relay had given it, and the relay's
// end. It must be called in a bubble of fake time.
func piped(t *testing.T, text string) (net.Conn, *answered) {
	t.Helper()
	a, b := net.Pipe()
	go io.WriteString(a, text)
	c := http1.NewConn(b, dialLimits)
	res, err := c.ReadResponse([]byte("POST"))
	if err != nil {
		t.Fatal(err)
	}
	return a, &answered{conn: c, res: res, target: &url.URL{Scheme: "http", Host: "relay.test", Path: "/q"}}
}

// serveFor serves a link and tells how long that took.
func serveFor(t *testing.T, l AgentLink) <-chan time.Duration {
	out := make(chan time.Duration, 1)
	began := time.Now()
	go func() {
		if err := l.Serve(context.Background(), func(_ context.Context, x *http1.Exchange) { x.Text(200, "ok") }); err != nil {
			t.Errorf("Serve: %v", err)
		}
		out <- time.Since(began)
	}()
	return out
}

func newParked(d *Dialer, a *answered) *parkedLink {
	return newParkedLink(d, d.upgrade(Dialect10, "garage"), a)
}

func testDialer() *Dialer {
	return &Dialer{Relay: &url.URL{Scheme: "http", Host: "relay.test"}}
}

// TestPollSilence: a relay that says nothing for too long is given up.
func TestPollSilence(t *testing.T) {
	tests := []struct {
		name, first string
		link        func(*Dialer, *answered) AgentLink
		want        time.Duration
	}{
		{"parked", "HTTP/1.1 204 \r\n\r\n", func(d *Dialer, a *answered) AgentLink { return newParked(d, a) }, 75 * time.Second},
		{"comet", "HTTP/1.1 204 \r\n\r\n", func(d *Dialer, a *answered) AgentLink {
			l := newCometLink(d, a, "comet")
			l.asked = true
			return l
		}, 75 * time.Second},
		{"comet of ours", "HTTP/1.1 204 \r\nPTTH-Max-Conns: 9\r\n\r\n", func(d *Dialer, a *answered) AgentLink {
			l := newCometLink(d, a, "comet")
			l.learn(a.res)
			l.asked = true
			return l
		}, 45 * time.Second},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			relay, a := piped(t, tt.first)
			defer relay.Close()
			end := serveFor(t, tt.link(testDialer(), a))
			go io.Copy(io.Discard, relay)
			if after := <-end; after < tt.want-time.Second || after > tt.want+time.Second {
				t.Errorf("%s: gave up after %v", tt.name, after)
			}
		})
	}
}

// heartbeats answers n requests with a 204, after a rest each.
func heartbeats(t *testing.T, relay net.Conn, n int, rest time.Duration) {
	t.Helper()
	r := bufio.NewReader(relay)
	for range n {
		if _, err := http.ReadRequest(r); err != nil {
			t.Errorf("read: %v", err)
			return
		}
		time.Sleep(rest) // of the bubble's clock
		io.WriteString(relay, "HTTP/1.1 204 \r\n\r\n")
	}
	http.ReadRequest(r)
	relay.Close()
}

// TestPace: a relay that holds requests is asked again at once, one that
// answers them at once is asked once a second.
func TestPace(t *testing.T) {
	for rest, want := range map[time.Duration]time.Duration{30 * time.Second: 100 * 30 * time.Second, 0: 91 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			relay, a := piped(t, "HTTP/1.1 204 \r\n\r\n")
			end := serveFor(t, newParked(testDialer(), a))
			heartbeats(t, relay, 100, rest)
			if after := <-end; after != want {
				t.Errorf("100 heartbeats took %v, want %v", after, want)
			}
		})
	}
}

// TestLeaveParked: a link that is to be left ends at a sign of life, since no
// sender can be on his way then.
func TestLeaveParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, a := piped(t, "HTTP/1.1 204 \r\n\r\n")
		l := newParked(testDialer(), a)
		end := serveFor(t, l)
		r := bufio.NewReader(relay)
		if _, err := http.ReadRequest(r); err != nil {
			t.Fatal(err)
		}
		l.Leave()
		time.Sleep(30 * time.Second)
		io.WriteString(relay, "HTTP/1.1 204 \r\n\r\n")
		if after := <-end; after != 30*time.Second {
			t.Errorf("left after %v", after)
		}
		if b, _ := io.ReadAll(r); len(b) > 0 {
			t.Errorf("asked again: %q", b)
		}
	})
}
