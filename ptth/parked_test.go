package ptth_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

const (
	parkRequest = "POST /ptth/garage?park HTTP/1.1\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n"
	parked204   = "HTTP/1.1 204 \r\n\r\n"
	parked101   = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n"
)

// parking is a relay that holds every upgrade request but the first one of a
// connection.
type parking struct {
	addr string
	held chan *ptth.Parked
}

func newParking(t *testing.T) *parking {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &parking{addr: l.Addr().String(), held: make(chan *ptth.Parked, 10)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			p.serve(t, nc)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return p
}

// serve does for one connection what a relay does.
func (p *parking) serve(t *testing.T, nc net.Conn) {
	var parked *ptth.Parked
	greeted := false
	err := http1.NewConn(nc, http1.Limits{}).Serve(t.Context(), func(_ context.Context, x *http1.Exchange) {
		if !greeted {
			greeted = true
			if err := ptth.Unpark(x); err != nil {
				t.Error(err)
			}
			return
		}
		o, err := ptth.ParseOffer(x.Request)
		if err != nil {
			t.Error(err)
		}
		h := ptth.Park(x, o, func(w *http1.Writer) {
			if o.Ours {
				w.Field("PTTH-Max-Conns", "4")
			}
		})
		p.held <- h
		<-h.Wanted()
		if h.Switch() {
			parked = h
		}
		x.CloseAfter()
	})
	if parked != nil {
		parked.Start(err)
	}
}

// park opens a connection and returns both of its ends once it is held.
func (p *parking) park(t *testing.T, fields string) (*agent, *ptth.Parked) {
	t.Helper()
	a := rawDial(t, p.addr)
	request := strings.Replace(parkRequest, "\r\n\r\n", "\r\n"+fields+"\r\n", 1)
	a.send(request)
	a.takes(parked204)
	a.send(request)
	h := within(t, p.held, "held request")
	t.Cleanup(func() { h.Close() })
	return a, h
}

// takes reads what must come, to the byte.
func (a *agent) takes(want string) {
	a.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(a.r, got); string(got[:n]) != want {
		a.t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

// carried is what became of a call over a carrier.
type carried struct {
	result
	err error
}

// start runs a call that is given as text.
func startCall(t *testing.T, c ptth.Carrier, text string) chan carried {
	t.Helper()
	call := carry(sent(t, text))
	done := make(chan carried, 1)
	go func() {
		res, err := c.Do(call)
		if err != nil {
			done <- carried{result{Again: c.Done()}, err}
			return
		}
		status := res.Status
		b, err := io.ReadAll(res.Body)
		done <- carried{result{status, string(b), c.Done()}, err}
	}()
	return done
}

func TestParkedExchanges(t *testing.T) {
	a, h := newParking(t).park(t, "")
	began := h.IdleSince()
	if h.Check() != http1.PeerSilent || h.Used() || h.Uploading() || began.IsZero() || h.RemoteAddr() != a.LocalAddr().String() {
		t.Errorf("at rest: %v, used %v, uploading %v, since %v, %s", h.Check(), h.Used(), h.Uploading(), began, h.RemoteAddr())
	}
	want := ptth.Traits{Dialect: ptth.Dialect10, Tunnels: true, Streams: true, Once: true, Stays: true}
	if got := h.Traits(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for i, body := range []string{"one", "two", "three"} {
		done := startCall(t, h, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
		if i == 0 {
			a.takes(parked101)
		}
		if got := a.answer("HTTP/1.1 200 OK\r\nContent-Length: " + string('0'+byte(len(body))) + "\r\n\r\n" + body); got != "hi" {
			t.Errorf("the agent got %q", got)
		}
		if got := within(t, done, "answer"); got != (carried{result{200, body, true}, nil}) {
			t.Errorf("got %+v", got)
		}
		if !h.Used() || h.Check() != http1.PeerSilent || !h.IdleSince().After(began) {
			t.Errorf("behind %s: used %v, %v", body, h.Used(), h.Check())
		}
	}
	a.Close()
	until(t, "the link is gone", func() bool { return h.Check() == http1.PeerGone })
	if got := within(t, startCall(t, h, "GET / HTTP/1.1\r\n\r\n"), "answer"); got.err == nil || got.Again {
		t.Errorf("got %+v", got)
	}
}

// TestParkedNegotiates: an agent of ours is told so with the 101, and need not
// be spared.
func TestParkedNegotiates(t *testing.T) {
	a, h := newParking(t).park(t, "PTTH-Max-Conns: 32\r\n")
	if !h.Traits().Ours {
		t.Errorf("got %+v", h.Traits())
	}
	done := startCall(t, h, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	a.takes(strings.Replace(parked101, "\r\n\r\n", "\r\nPTTH-Max-Conns: 4\r\n\r\n", 1))
	a.answer("HTTP/1.1 204 No Content\r\n\r\n")
	if got := within(t, done, "answer"); got != (carried{result{204, "", true}, nil}) {
		t.Errorf("got %+v", got)
	}
}

// TestParkedGivenUp closes held connections.
func TestParkedGivenUp(t *testing.T) {
	tests := []struct {
		name string
		end  func(*agent, *ptth.Parked)
		want http1.PeerState
	}{
		{"by the relay", func(_ *agent, h *ptth.Parked) { h.Close() }, http1.PeerGone},
		{"by the agent", func(a *agent, _ *ptth.Parked) { a.Close() }, http1.PeerGone},
		{"with a word", func(a *agent, _ *ptth.Parked) { a.send("HTTP/1.1 200 OK\r\n\r\n") }, http1.PeerSpoke},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, h := newParking(t).park(t, "")
			tt.end(a, h)
			until(t, "the end is seen", func() bool { return h.Check() == tt.want })
			h.Close()
			got := within(t, startCall(t, h, "GET / HTTP/1.1\r\n\r\n"), "answer")
			if !errors.Is(got.err, ptth.ErrNotSent) || got.Again {
				t.Errorf("got %+v", got)
			}
			if h.Check() != http1.PeerGone || h.Used() {
				t.Errorf("state %v, used %v", h.Check(), h.Used())
			}
		})
	}
}

// TestParkedSwitch gives the connection away behind a switch of protocols.
func TestParkedSwitch(t *testing.T) {
	a, h := newParking(t).park(t, "PTTH-Max-Conns: 32\r\n")
	call := carry(sent(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
	call.Switch = true
	status := make(chan int, 1)
	go func() {
		res, err := h.Do(call)
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		status <- res.Status
	}()
	if line, err := a.r.ReadString('4'); err != nil {
		t.Fatal(line, err)
	}
	a.takes("\r\n\r\n")
	a.answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nnews")
	if got := within(t, status, "answer"); got != 101 {
		t.Fatalf("got %d", got)
	}
	c := h.Switched()
	if string(c.Buffered()) != "news" {
		c.NetConn().SetReadDeadline(time.Now().Add(5 * time.Second))
		var b [4]byte
		if n, err := io.ReadFull(c.NetConn(), b[:]); string(b[:n]) != "news" {
			t.Errorf("got %q, %v", b[:n], err)
		}
	}
	if h.Done() {
		t.Error("a switched link can be used again")
	}
}

// TestParkedIsNotPinged: the agent has not asked for it.
func TestParkedIsNotPinged(t *testing.T) {
	_, h := newParking(t).park(t, "PTTH-Ping: 20\r\n")
	var cannot *ptth.CannotError
	if err := h.Ping(time.Second); !errors.As(err, &cannot) || h.Traits().Ping != 0 {
		t.Errorf("got %v, %+v", err, h.Traits())
	}
}
