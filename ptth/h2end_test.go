package ptth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// TestH2GoAway lets running exchanges finish, and then closes the link.
func TestH2GoAway(t *testing.T) {
	r := newH2Relay(t, nil)
	begun, finish := make(chan struct{}, 3), make(chan struct{})
	s, stop := h2Home(t, r, func(_ context.Context, x *http1.Exchange) {
		begun <- struct{}{}
		<-finish
		x.Text(200, "ok")
	})
	var wg sync.WaitGroup
	for range 3 {
		c := s.Stream("h")
		wg.Go(func() {
			if _, body, again, err := h2Run(t, c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil || body != "ok\n" || again {
				t.Errorf("got %q, again %t, %v", body, again, err)
			}
		})
	}
	idle := s.Stream("h")
	for range 3 {
		<-begun
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	until(t, "word of the agent's leaving", func() bool { return idle.Check() == http1.PeerGone })
	if _, _, _, err := h2Run(t, idle, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); !errors.Is(err, ptth.ErrNotSent) {
		t.Errorf("a late request got %v", err)
	}
	close(finish)
	wg.Wait()
	within(t, stopped, "end of Serve")
}

// TestH2Leave is TestH2GoAway for a link at rest.
func TestH2Leave(t *testing.T) {
	r := newH2Relay(t, nil)
	d := ptth.Dialer{Relay: r.url, Dialect: ptth.DialectPTTH}
	l, err := d.Dial(t.Context(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Serve(context.Background(), echo) }()
	s := within(t, r.shared, "link")
	defer s.Close()
	l.Leave()
	began := time.Now()
	if err := within(t, done, "end of Serve"); err != nil || time.Since(began) > 3*time.Second {
		t.Errorf("Serve returned %v after %s", err, time.Since(began))
	}
	until(t, "the link's end", func() bool { return s.Stream("h").Check() == http1.PeerGone })
}

// TestH2ServeEnds calls Serve with a context that has ended, and on a link that
// is closed.
func TestH2ServeEnds(t *testing.T) {
	r := newH2Relay(t, nil)
	for _, closed := range []bool{false, true} {
		d := ptth.Dialer{Relay: r.url, Dialect: ptth.DialectPTTH}
		l, err := d.Dial(t.Context(), "garage")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		if closed {
			l.Close()
		} else {
			cancel()
		}
		done := make(chan error, 1)
		go func() { done <- l.Serve(ctx, echo) }()
		if err := within(t, done, "end of Serve"); err != nil {
			t.Error(err)
		}
		cancel()
		select {
		case s := <-r.shared:
			s.Close()
		case <-r.failed:
		case <-time.After(10 * time.Second):
			t.Error("the relay waits on")
		}
	}
}

// TestH2Unfinished shows that a handler which gives up spoils its own exchange
// only.
func TestH2Unfinished(t *testing.T) {
	r := newH2Relay(t, nil)
	s, _ := h2Home(t, r, func(_ context.Context, x *http1.Exchange) {
		switch string(x.Request.Target) {
		case "/part":
			x.Start(200, nil)
			x.EndStream()
			x.Write([]byte("part"))
			x.Flush()
		case "/ok":
			x.Text(200, "ok")
		}
	})
	c := s.Stream("h")
	if _, body, again, err := h2Run(t, c, "GET /part HTTP/1.1\r\nHost: h\r\n\r\n"); err == nil || !again {
		t.Errorf("part: got %q, again %t, %v", body, again, err)
	}
	if res, _, again, err := h2Run(t, c, "GET /none HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil || res.Status != 500 || !again {
		t.Errorf("none: got %v, again %t, %v", res, again, err)
	}
	if res, _, _, err := h2Run(t, c, "GET /ok HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil || res.Status != 200 {
		t.Errorf("then: got %v, %v", res, err)
	}
}
