package ptth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// TestH2Waits bounds the wait for an answer, and ends it when there is nobody
// to take it.
func TestH2Waits(t *testing.T) {
	t.Parallel()
	r := newH2Relay(t, nil)
	told := make(chan struct{}, 3)
	s, _ := h2Home(t, r, func(ctx context.Context, x *http1.Exchange) {
		if string(x.Request.Target) == "/pause" {
			x.Start(200, nil)
			x.EndStream()
			x.Write([]byte("part"))
			x.Flush()
		}
		<-ctx.Done()
		told <- struct{}{}
	})
	gone := func() bool { return true }
	tests := []struct {
		name, target string
		wait         time.Duration
		gone         func() bool
		want         error
	}{
		{"too slow", "/", time.Second, nil, ptth.ErrAnswerTimeout},
		{"sender gone", "/", 0, gone, ptth.ErrSenderGone},
		{"sender gone in a pause", "/pause", 0, gone, ptth.ErrSenderGone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			call := carry(sent(t, "GET "+tt.target+" HTTP/1.1\r\nHost: h\r\n\r\n"))
			call.Wait, call.Gone = tt.wait, tt.gone
			_, _, again, err := h2Call(s.Stream("h"), call)
			if !errors.Is(err, tt.want) || !again {
				t.Errorf("again %t, %v", again, err)
			}
			within(t, told, "word of it at the agent")
		})
	}
}

// TestH2SlowSender has a sender whose body stalls, and one that breaks.
func TestH2SlowSender(t *testing.T) {
	r := newH2Relay(t, nil)
	s, _ := h2Home(t, r, func(_ context.Context, x *http1.Exchange) {
		if string(x.Request.Target) == "/early" {
			x.Text(403, "no")
			return
		}
		echo(t.Context(), x)
	})
	body := func(t *testing.T, target string) (*ptth.Call, net.Conn) {
		a, b := net.Pipe()
		t.Cleanup(func() { a.Close(); b.Close() })
		go io.WriteString(a, "POST "+target+" HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\npart")
		req, err := http1.NewConn(b, http1.Limits{}).ReadRequest()
		if err != nil {
			t.Fatal(err)
		}
		return carry(req), a
	}
	t.Run("early answer", func(t *testing.T) {
		call, _ := body(t, "/early")
		c := s.Stream("h")
		res, err := c.Do(call)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		// The agent may have reset the stream before anything of the body was
		// read, so whether it still uploads is left open.
		if res.Status != 403 || string(text) != "no\n" || err != nil {
			t.Errorf("got %d %q, %v", res.Status, text, err)
		}
		began := time.Now()
		if !c.Done() || time.Since(began) > 5*time.Second {
			t.Errorf("the carrier is spent, after %s", time.Since(began))
		}
	})
	t.Run("cut short", func(t *testing.T) {
		call, nc := body(t, "/")
		time.AfterFunc(50*time.Millisecond, func() { nc.Close() })
		_, _, again, err := h2Call(s.Stream("h"), call)
		var broken *http1.CopyError
		if !again || err == nil || errors.As(err, &broken) && !broken.Reading {
			t.Errorf("again %t, %v", again, err)
		}
	})
	t.Run("closed meanwhile", func(t *testing.T) {
		call, _ := body(t, "/")
		c := s.Stream("h")
		time.AfterFunc(50*time.Millisecond, func() { c.Close() })
		if _, _, _, err := h2Call(c, call); err == nil || errors.Is(err, ptth.ErrNotSent) {
			t.Errorf("got %v", err)
		}
	})
	if _, text, again, err := h2Run(t, s.Stream("h"), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok"); err != nil || text != "ok" || !again {
		t.Errorf("then: got %q, again %t, %v", text, again, err)
	}
}

// TestH2FewStreams has more exchanges than the agent takes.
func TestH2FewStreams(t *testing.T) {
	t.Parallel()
	r := newH2Relay(t, nil)
	a, s := rawShared(t, r, 1)
	if n := s.Streams(); n != 1 {
		t.Fatalf("the agent takes %d", n)
	}
	first := make(chan error, 1)
	go func() {
		_, _, _, err := h2Run(t, s.Stream("h"), "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		first <- err
	}()
	id := a.head()
	c := s.Stream("h")
	if _, _, again, err := h2Run(t, c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); !errors.Is(err, ptth.ErrNotSent) || again {
		t.Errorf("again %t, %v", again, err)
	}
	a.reply(id, endStream, ":status", "204")
	if err := within(t, first, "answer"); err != nil {
		t.Error(err)
	}
}

// TestH2LongHead passes a head that is as long as the edge lets in, and refuses
// what the agent does not take.
func TestH2LongHead(t *testing.T) {
	r := newH2Relay(t, nil)
	s, _ := h2Home(t, r, func(_ context.Context, x *http1.Exchange) { x.Text(200, fmt.Sprint(x.Request.Len())) })
	var fields strings.Builder
	for i := range 120 {
		fmt.Fprintf(&fields, "X-%d: %s\r\n", i, strings.Repeat("x", 520))
	}
	c := s.Stream("h")
	if _, body, again, err := h2Run(t, c, "GET / HTTP/1.1\r\nHost: h\r\n"+fields.String()+"\r\n"); err != nil || body != "121\n" || !again {
		t.Errorf("got %q, again %t, %v", body, again, err)
	}
	a, small := rawShared(t, r, 10)
	a.frame(frameSettings, 0, 0, []byte{0, 6, 0, 0, 0, 200}) // the longest list of fields
	var wg sync.WaitGroup
	wg.Go(func() {
		for id := a.head(); id != 0; id = a.head() {
			a.reply(id, endStream, ":status", "204")
		}
	})
	c = small.Stream("h")
	var cannot *ptth.CannotError
	until(t, "a refusal", func() bool { // the settings may come behind a request
		_, _, again, err := h2Run(t, c, "GET / HTTP/1.1\r\nHost: h\r\nX: "+strings.Repeat("x", 300)+"\r\n\r\n")
		return errors.As(err, &cannot) && again
	})
	small.Close()
	wg.Wait()
}
