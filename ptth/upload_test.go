package ptth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// sender is the far end of a request that is still on its way to the relay.
type sender struct {
	*agent
	req *http1.Request
}

// begun returns a request of which only some has arrived yet.
func begun(t testing.TB, text string) *sender {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := rawDial(t, l.Addr().String())
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	a.send(text)
	r, err := http1.NewConn(nc, http1.Limits{}).ReadRequest()
	if err != nil {
		t.Fatal(err)
	}
	return &sender{a, r}
}

// started carries a call on a goroutine and hands out what Do returns.
func started(l *ptth.Link, c *ptth.Call) <-chan func() (*http1.Response, error) {
	out := make(chan func() (*http1.Response, error), 1)
	go func() {
		res, err := l.Do(c)
		out <- func() (*http1.Response, error) { return res, err }
	}()
	return out
}

func TestUpload(t *testing.T) {
	link := home(t, newRelay(t, nil), echo)
	for _, size := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1, 200_000, 5 << 20} {
		body := strings.Repeat("0123456789abcdef", size/16+1)[:size]
		for name, text := range map[string]string{
			"length":  fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", size, body),
			"chunked": fmt.Sprintf("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", size, body),
		} {
			got, err := run(t, link, text)
			if err != nil || got != (result{200, body, true}) {
				t.Fatalf("%s, %d bytes: got %d, %d bytes, %v, %v", name, size, got.Status, len(got.Body), got.Again, err)
			}
		}
	}
}

// TestSmallBodyIsAwaited: the link is not touched until a small body is there,
// so that a slow sender does not occupy it.
func TestSmallBodyIsAwaited(t *testing.T) {
	a, l := rawAgent(t, newRelay(t, nil), modern)
	s := begun(t, "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nhe")
	done := started(l, carry(s.req))
	s.send("l")
	a.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if n, err := a.Read(make([]byte, 1)); n != 0 || !errors.Is(err, context.DeadlineExceeded) && err == nil {
		t.Errorf("the agent got %d bytes already, %v", n, err)
	}
	a.SetReadDeadline(time.Now().Add(10 * time.Second))
	s.send("p")
	if got := a.answer(ok); got != "help" {
		t.Errorf("got %q", got)
	}
	if res, err := within(t, done, "answer")(); err != nil || !res.Body.Drain(10) || !l.Done() {
		t.Errorf("got %v", err)
	}
}

// TestSmallBodyBreaks: nothing of it was sent, and the link lives on.
func TestSmallBodyBreaks(t *testing.T) {
	a, l := rawAgent(t, newRelay(t, nil), modern)
	warm(t, a, l)
	s := begun(t, "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nhe")
	s.Close()
	_, err := l.Do(carry(s.req))
	var ce *http1.CopyError
	if !errors.As(err, &ce) || !ce.Reading || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if !l.Done() {
		t.Fatal("the link was given up for a sender's fault")
	}
	warm(t, a, l)
}

// TestLongBodyBreaks: the agent has seen the beginning, so it must see that
// the end is missing.
func TestLongBodyBreaks(t *testing.T) {
	for name, head := range map[string]string{"length": "Content-Length: 100000\r\n\r\nhe", "chunked": "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n"} {
		t.Run(name, func(t *testing.T) {
			a, l := rawAgent(t, newRelay(t, nil), modern)
			warm(t, a, l)
			s := begun(t, "POST / HTTP/1.1\r\n"+head)
			read := make(chan error, 1)
			go func() {
				_, err := io.ReadAll(a.request().Body)
				read <- err
			}()
			done := started(l, carry(s.req))
			s.Close()
			_, err := within(t, done, "end of the exchange")()
			var ce *http1.CopyError
			if !errors.As(err, &ce) || !ce.Reading {
				t.Errorf("got %v", err)
			}
			if l.Done() {
				t.Error("the link would be used again")
			}
			l.Close()
			if err := within(t, read, "end of the body"); err == nil {
				t.Error("the agent took the body for whole")
			}
		})
	}
}

// TestLongBodyPastTheLimit is the sender's fault as well.
func TestLongBodyPastTheLimit(t *testing.T) {
	a, l := rawAgent(t, newRelay(t, nil), modern)
	s := begun(t, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	s.req.Body.SetLimit(8)
	got := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(a)
		got <- string(b)
	}()
	done := started(l, carry(s.req))
	s.send("5\r\nworld\r\n")
	if _, err := within(t, done, "end of the exchange")(); !errors.Is(err, http1.ErrBodyTooLarge) {
		t.Errorf("got %v", err)
	}
	if l.Done() {
		t.Error("the link would be used again")
	}
	l.Close()
	if b := within(t, got, "end of the link"); strings.Contains(b, "world") || strings.Contains(b, "0\r\n\r\n") {
		t.Errorf("the agent got %q", b)
	}
}

// TestEarlyAnswer: an agent may answer before it has the body. Its answer is
// seen, and both connections are spent.
func TestEarlyAnswer(t *testing.T) {
	a, l := rawAgent(t, newRelay(t, nil), modern)
	s := begun(t, "POST / HTTP/1.1\r\nContent-Length: 10000000\r\n\r\nhe")
	done := started(l, carry(s.req))
	a.request()
	a.send("HTTP/1.1 413 X\r\nContent-Length: 2\r\n\r\nno")
	res, err := within(t, done, "answer")()
	if err != nil || res.Status != 413 {
		t.Fatalf("got %v", err)
	}
	if b, err := io.ReadAll(res.Body); err != nil || string(b) != "no" {
		t.Errorf("got %q, %v", b, err)
	}
	if !l.Uploading() {
		t.Error("the upload counts as over")
	}
	if l.Done() {
		t.Error("the link would be used again")
	}
	if n, err := s.req.Body.Read(make([]byte, 10)); err == nil || n > 0 {
		t.Errorf("the sender's body goes on: %d, %v", n, err)
	}
}

// TestEarlyAnswerAndClose: an agent that answers early and closes resets the
// upload. Its answer has arrived all the same, and is what the sender gets.
func TestEarlyAnswerAndClose(t *testing.T) {
	body := strings.Repeat("x", 8<<20)
	r := newRelay(t, nil)
	for i := range 30 {
		a, l := rawAgent(t, r, modern)
		done := make(chan struct{})
		go func() {
			defer close(done)
			a.request()
			a.send("HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n" + body[:20_000])
			a.Close()
		}()
		got, err := run(t, l, fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
		if err != nil || got != (result{413, body[:20_000], false}) {
			t.Fatalf("round %d: got %d, %d bytes, %v, %v", i, got.Status, len(got.Body), got.Again, err)
		}
		within(t, done, "end of the agent")
		l.Close()
	}
}

// TestAnswerBehindUpload: an answer that overtakes the end of the goroutine
// which sent the body does not cost the link.
func TestAnswerBehindUpload(t *testing.T) {
	link := home(t, newRelay(t, nil), func(_ context.Context, x *http1.Exchange) {
		io.Copy(io.Discard, x.Request.Body)
		x.Reply(200, "", "ok")
	})
	body := strings.Repeat("x", 70_000)
	for range 50 {
		got, err := run(t, link, "POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n"+body)
		if err != nil || got != (result{200, "ok", true}) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
}

// TestFullDuplex: pieces go back and forth while neither body has ended.
func TestFullDuplex(t *testing.T) {
	link := home(t, newRelay(t, nil), echo)
	for range 2 {
		s := begun(t, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
		res, err := within(t, started(link, carry(s.req)), "answer")()
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		for i := range 20 {
			piece := fmt.Sprintf("piece %d", i)
			s.send(fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece))
			n, err := io.ReadFull(res.Body, buf[:len(piece)])
			if err != nil || string(buf[:n]) != piece {
				t.Fatalf("got %q, %v; want %q", buf[:n], err, piece)
			}
		}
		s.send("0\r\n\r\n")
		if b, err := io.ReadAll(res.Body); err != nil || len(b) != 0 {
			t.Errorf("behind the last piece: %q, %v", b, err)
		}
		if link.Uploading() || !link.Done() {
			t.Error("the link is spent although both bodies ended")
		}
	}
}

// TestRequestTrailers pass through both hops.
func TestRequestTrailers(t *testing.T) {
	link := home(t, newRelay(t, nil), func(_ context.Context, x *http1.Exchange) {
		io.Copy(io.Discard, x.Request.Body)
		v, _ := x.Request.Body.Trailer().Get("X-Sum")
		x.Reply(200, "", string(v))
	})
	got, err := run(t, link, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n")
	if err != nil || got != (result{200, "1", true}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestExpectOnLink: a sender that waits for 100 gets it from the relay before
// any answer can be written to it, and the agent never hears of it.
func TestExpectOnLink(t *testing.T) {
	for name, framing := range map[string]string{"small": "Content-Length: 2", "long": "Content-Length: 100000", "chunked": "Transfer-Encoding: chunked"} {
		t.Run(name, func(t *testing.T) {
			r := newRelay(t, nil)
			a, l := rawAgent(t, r, modern)
			front := frontEnd(t, func(x *http1.Exchange) {
				res, err := l.Do(carry(x.Request))
				if err != nil {
					x.Text(502, err.Error())
				} else {
					x.Forward(res, 0, nil)
				}
				l.Done()
			})
			s := rawDial(t, front)
			s.send("POST / HTTP/1.1\r\n" + framing + "\r\nExpect: 100-continue\r\n\r\n")
			if name != "small" {
				// The agent may answer from here on.
				if _, err := a.r.Peek(1); err != nil {
					t.Fatal(err)
				}
				if state := http1.NewConn(s.TCPConn, http1.Limits{}).PeerState(); state != http1.PeerSpoke {
					t.Error("the request reached the agent before the sender was told to go on")
				}
			}
			want := "HTTP/1.1 100 Continue\r\n\r\n"
			got := make([]byte, len(want))
			if n, err := io.ReadFull(s.r, got); string(got) != want {
				t.Fatalf("got %q, %v", got[:n], err)
			}
			switch name {
			case "small":
				s.send("hi")
			case "long":
				s.send(strings.Repeat("x", 100_000))
			case "chunked":
				s.send("2\r\nhi\r\n0\r\n\r\n")
			}
			a.answer(ok)
			res, err := http.ReadResponse(s.r, nil)
			if err != nil || res.StatusCode != 200 {
				t.Errorf("got %v, %v", res, err)
			}
		})
	}
}

// frontEnd serves senders the way a relay's public edge does.
func frontEnd(t testing.TB, handle func(*http1.Exchange)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err == nil {
			http1.NewConn(nc, http1.Limits{}).Serve(context.Background(), func(_ context.Context, x *http1.Exchange) {
				x.CloseAfter()
				handle(x)
			})
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}
