package ptth_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// These tests run over pipes in a bubble of fake time, so that waits of hours
// cost nothing and are exact.

// piped is an agent's end of a link over a pipe.
type piped struct {
	net.Conn
	r *bufio.Reader
}

// pipeLink opens a link over a pipe.
func pipeLink(t *testing.T, fields string) (*piped, *ptth.Link) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close() })
	links := make(chan *ptth.Link)
	go func() {
		var link *ptth.Link
		http1.NewConn(b, http1.Limits{}).Serve(context.Background(), func(_ context.Context, x *http1.Exchange) { link = grant(x) })
		if err := link.Start(); err != nil {
			t.Error(err)
		}
		links <- link
	}()
	io.WriteString(a, "POST / HTTP/1.1\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n"+fields+"\r\n")
	p := &piped{a, bufio.NewReader(a)}
	if res, err := http.ReadResponse(p.r, nil); err != nil || res.StatusCode != 101 {
		t.Fatalf("got %v, %v", res, err)
	}
	return p, closing(t, <-links)
}

// take reads a whole request.
func (p *piped) take() error {
	r, err := http.ReadRequest(p.r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err
}

func get(t *testing.T) *http1.Request { return sent(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n") }

// TestSettle: the first request rests behind the 101 for an agent that may
// lose it otherwise, once.
func TestSettle(t *testing.T) {
	for name, tt := range map[string]struct {
		fields     string
		idle, want time.Duration
	}{
		"old agent":              {legacy, 0, 50 * time.Millisecond},
		"old agent, later":       {legacy, 30 * time.Millisecond, 20 * time.Millisecond},
		"old agent, much later":  {legacy, time.Minute, 0},
		"agent of ours":          {modern, 0, 0},
		"agent with pings alone": {"PTTH-Ping: 20\r\n", 0, 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, l := pipeLink(t, tt.fields)
				time.Sleep(tt.idle)
				for i := range 2 {
					start, wait := time.Now(), make(chan time.Duration, 1)
					go func() {
						p.take()
						wait <- time.Since(start)
						io.WriteString(p, ok)
					}()
					if got, err := finish(l, carry(get(t))); err != nil || got.Body != "ok" {
						t.Fatalf("got %+v, %v", got, err)
					}
					if got := <-wait; i == 0 && got != tt.want || i == 1 && got != 0 {
						t.Errorf("request %d came after %v, want %v", i, got, tt.want)
					}
				}
			})
		})
	}
}

func TestAnswerTimeout(t *testing.T) {
	for _, wait := range []time.Duration{time.Second, 7 * time.Second, time.Hour} {
		for _, answer := range []string{"", "HTTP/1.1 103 X\r\n\r\n"} {
			synctest.Test(t, func(t *testing.T) {
				p, l := pipeLink(t, modern)
				go func() {
					p.take()
					if answer != "" {
						io.WriteString(p, answer)
					}
				}()
				c := carry(get(t))
				c.Wait = wait
				start := time.Now()
				_, err := l.Do(c)
				if after := time.Since(start); !errors.Is(err, ptth.ErrAnswerTimeout) || after < wait || after > wait+time.Second {
					t.Errorf("wait %v: got %v after %v", wait, err, after)
				}
				if l.Done() {
					t.Error("the link would be used again")
				}
			})
		}
	}
}

// TestNoWait: without a bound an answer may take its time, and so may the
// pieces of its body.
func TestNoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, l := pipeLink(t, modern)
		go func() {
			p.take()
			time.Sleep(3 * time.Hour)
			io.WriteString(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			for range 3 {
				time.Sleep(time.Hour)
				io.WriteString(p, "2\r\nhi\r\n")
			}
			io.WriteString(p, "0\r\n\r\n")
		}()
		c := carry(get(t))
		c.Wait = 0
		if got, err := finish(l, c); err != nil || got != (result{200, "hihihi", true}) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

// TestSlowHead: once an answer has begun, its head must come.
func TestSlowHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, l := pipeLink(t, modern)
		go func() {
			p.take()
			io.WriteString(p, "HTTP/1.1 200 OK\r\n")
		}()
		c := carry(get(t))
		c.Wait = time.Hour
		start := time.Now()
		_, err := l.Do(c)
		var e *http1.Error
		if !errors.As(err, &e) || e.Status != 502 || time.Since(start) > 11*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if l.Done() {
			t.Error("the link would be used again")
		}
	})
}

// TestGone asks about once a second whether the sender is still there.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, l := pipeLink(t, modern)
		go p.take()
		start, asked := time.Now(), 0
		c := carry(get(t))
		c.Wait = time.Hour
		c.Gone = func() bool { asked++; return time.Since(start) > 20*time.Second }
		_, err := l.Do(c)
		if !errors.Is(err, ptth.ErrSenderGone) || asked < 20 || asked > 30 || time.Since(start) > 22*time.Second {
			t.Errorf("got %v after %v, asked %d times", err, time.Since(start), asked)
		}
		if l.Done() {
			t.Error("the link would be used again")
		}
	})
}

// pipedSender returns a request whose body send writes, in the bubble.
func pipedSender(t *testing.T, head string, send func(nc net.Conn)) *http1.Request {
	t.Helper()
	a, b := net.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		io.WriteString(a, head)
		send(a)
	})
	t.Cleanup(func() { b.Close(); wg.Wait() })
	r, err := http1.NewConn(b, http1.Limits{BodyRate: -1, BodyWindow: time.Hour}).ReadRequest()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWaitBeginsBehindUpload: the time for an answer is the agent's, not the
// sender's: it runs from the end of the request.
func TestWaitBeginsBehindUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, l := pipeLink(t, modern)
		req := pipedSender(t, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", func(nc net.Conn) {
			for range 10 {
				io.WriteString(nc, "2\r\nhi\r\n")
				time.Sleep(5 * time.Second)
			}
			io.WriteString(nc, "0\r\n\r\n")
		})
		go func() {
			p.take()
			time.Sleep(6 * time.Second)
			io.WriteString(p, ok)
		}()
		asked := 0
		c := carry(req)
		c.Wait = 10 * time.Second
		c.Gone = func() bool { asked++; return false }
		if got, err := finish(l, c); err != nil || got != (result{200, "ok", true}) {
			t.Errorf("got %+v, %v", got, err)
		}
		if asked > 10 {
			t.Errorf("the sender was looked at %d times, also while it was sending", asked)
		}
	})
}

// TestStalledAgent: an agent that does not read holds the relay up for no
// longer than the write limit, also on a link that is fresh.
func TestStalledAgent(t *testing.T) {
	for _, size := range []int{0, 1000, 100_000} {
		for _, rest := range []time.Duration{0, 5 * time.Second, time.Minute} {
			t.Run(fmt.Sprint(size, " bytes after ", rest), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, l := pipeLink(t, modern)
					time.Sleep(rest)
					start := time.Now()
					c := carry(sent(t, fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))))
					c.Wait = 2 * time.Second
					_, err := l.Do(c)
					if after := time.Since(start); err == nil || after > 40*time.Second {
						t.Errorf("got %v after %v", err, after)
					}
					if l.Done() {
						t.Error("the link would be used again")
					}
				})
			})
		}
	}
}
