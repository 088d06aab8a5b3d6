package ptth

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"homehook/http1"
)

// served runs an agent's end of a link over a pipe in a bubble of fake time,
// and returns the relay's end and what Serve returned, and when.
func served(t *testing.T, granted string) (relay net.Conn, result <-chan time.Duration) {
	t.Helper()
	a, b := net.Pipe()
	go io.WriteString(a, "HTTP/1.1 101 X\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n"+granted+"\r\n")
	c := http1.NewConn(b, agentLimits)
	res, err := c.ReadResponse([]byte("POST"))
	if err != nil {
		t.Fatal(err)
	}
	l := newDirectLink(c, res, Dialect10, time.Millisecond)
	out := make(chan time.Duration, 1)
	start := time.Now()
	go func() {
		err := l.Serve(context.Background(), func(_ context.Context, x *http1.Exchange) { x.Reply(200, "", "ok") })
		if err != nil {
			t.Errorf("Serve: %v", err)
		}
		out <- time.Since(start)
	}()
	return a, out
}

// TestSilence: an agent that was promised pings gives up when none comes for
// 2.25 intervals.
func TestSilence(t *testing.T) {
	for granted, interval := range map[string]time.Duration{
		"PTTH-Ping: 20\r\n":  20 * time.Second,
		"PTTH-Ping: 5\r\n":   5 * time.Second,
		"ptth-ping: 600\r\n": 600 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			relay, result := served(t, granted)
			defer relay.Close()
			if after := <-result; after > interval*9/4 || after < interval*3/2 {
				t.Errorf("%q: gave up after %v", granted, after)
			}
		})
	}
}

// TestPingsKeepLink: a link that is pinged stays, for a day at least, and a
// request counts as a sign of life.
func TestPingsKeepLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, result := served(t, "PTTH-Ping: 20\r\n")
		r := bufio.NewReader(relay)
		for i := range 24 * 180 {
			time.Sleep(20 * time.Second)
			want := ""
			if i%3 == 0 {
				io.WriteString(relay, "GET /a HTTP/1.1\r\n\r\n")
				want = "ok"
			} else {
				io.WriteString(relay, "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n")
			}
			res, err := http.ReadResponse(r, nil)
			if err != nil || res.StatusCode != 200 {
				t.Fatalf("after %d: got %v, %v", i, res, err)
			}
			if b, _ := io.ReadAll(res.Body); string(b) != want {
				t.Fatalf("after %d: got %q, want %q", i, b, want)
			}
		}
		select {
		case after := <-result:
			t.Errorf("gave up after %v", after)
		default:
		}
		relay.Close()
		<-result
	})
}

// TestSilenceWithoutPings: where no pings are due, silence means nothing.
func TestSilenceWithoutPings(t *testing.T) {
	for _, granted := range []string{"", "PTTH-Max-Conns: 8\r\n", "PTTH-Ping: 0\r\n", "PTTH-Ping: x\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			relay, result := served(t, granted)
			time.Sleep(30 * 24 * time.Hour)
			select {
			case after := <-result:
				t.Errorf("%q: gave up after %v", granted, after)
			default:
			}
			relay.Close()
			<-result
		})
	}
}

// TestPausingBody: between the ends of a link a request body may pause, since
// the relay paces its senders, but not for ever.
func TestPausingBody(t *testing.T) {
	for pause, whole := range map[time.Duration]bool{time.Minute: true, 3 * time.Minute: false} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				io.WriteString(a, "HTTP/1.1 101 X\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nhe")
				time.Sleep(pause)
				io.WriteString(a, "lp")
				a.Close()
			}()
			c := http1.NewConn(b, agentLimits)
			res, err := c.ReadResponse([]byte("POST"))
			if err != nil {
				t.Fatal(err)
			}
			var got []byte
			newDirectLink(c, res, Dialect10, 0).Serve(context.Background(), func(_ context.Context, x *http1.Exchange) {
				got, err = io.ReadAll(x.Request.Body)
			})
			if (err == nil) != whole || whole && string(got) != "help" {
				t.Errorf("pause of %v: got %q, %v", pause, got, err)
			}
			<-sent
		})
	}
}
