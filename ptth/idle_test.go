package ptth_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

func TestPing(t *testing.T) {
	var handled atomic.Int32
	link := home(t, newRelay(t, nil), func(ctx context.Context, x *http1.Exchange) { handled.Add(1); echo(ctx, x) })
	for range 3 {
		if err := link.Ping(10 * time.Second); err != nil || !link.Done() {
			t.Fatalf("got %v", err)
		}
		if s := link.Check(); s != http1.PeerSilent {
			t.Fatalf("state %d", s)
		}
		if got, err := run(t, link, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"); err != nil || got != (result{200, "hi", true}) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if n := handled.Load(); n != 3 {
		t.Errorf("the handler saw %d requests, want 3: pings are not for it", n)
	}
}

// TestPingAnswers holds which answers to a ping keep the link.
func TestPingAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer     string
		good, kept bool
	}{
		"pong":      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, true},
		"204":       {"HTTP/1.1 204 X\r\n\r\n", true, true},
		"404":       {"HTTP/1.1 404 X\r\nContent-Length: 2\r\n\r\nno", true, true},
		"leaving":   {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true, false},
		"interim":   {"HTTP/1.1 103 X\r\n\r\n", false, false},
		"switch":    {"HTTP/1.1 101 X\r\n\r\n", false, false},
		"nonsense":  {"hello\r\n\r\n", false, false},
		"no answer": {"", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			a, l := rawAgent(t, newRelay(t, nil), modern+"PTTH-Ping: 20\r\n")
			warm(t, a, l)
			go a.answer(tt.answer)
			err := l.Ping(200 * time.Millisecond)
			if (err == nil) != tt.good {
				t.Errorf("got %v", err)
			}
			if got := l.Done(); got != tt.kept {
				t.Errorf("kept: got %v, want %v", got, tt.kept)
			}
		})
	}
}

// TestPingIsARequestElsewhere: to an agent that did not ask for pings,
// OPTIONS * is a request like any other.
func TestPingIsARequestElsewhere(t *testing.T) {
	r := newRelay(t, nil)
	al, err := (&ptth.Dialer{Relay: r.url, MaxLinks: 1}).Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		al.Serve(context.Background(), func(_ context.Context, x *http1.Exchange) { x.Reply(200, "", string(x.Request.Method)) })
	}()
	defer func() { al.Close(); <-done }()
	link := closing(t, within(t, r.links, "link"))
	if got, err := run(t, link, "OPTIONS * HTTP/1.1\r\n\r\n"); err != nil || got.Body != "OPTIONS" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestLeave gives a link up between two requests, and no request is lost.
func TestLeave(t *testing.T) {
	r := newRelay(t, nil)
	al, err := (&ptth.Dialer{Relay: r.url, Ping: 20 * time.Second, MaxLinks: 4}).Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() { result <- al.Serve(context.Background(), echo) }()
	link := closing(t, within(t, r.links, "link"))
	al.Leave()
	if got, err := run(t, link, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"); err != nil || got.Body != "hi" || !got.Again {
		t.Errorf("a request behind Leave: got %+v, %v", got, err)
	}
	if err := link.Ping(10 * time.Second); err != nil {
		t.Error(err)
	}
	if link.Done() {
		t.Error("the link goes on")
	}
	link.Close()
	if err := within(t, result, "end of Serve"); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestIdleEnds: an agent's close and unasked bytes show before the next
// request is sent.
func TestIdleEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(*agent)
		want http1.PeerState
	}{
		"nothing":    {func(*agent) {}, http1.PeerSilent},
		"closed":     {func(a *agent) { a.Close() }, http1.PeerGone},
		"reset":      {func(a *agent) { a.SetLinger(0); a.Close() }, http1.PeerGone},
		"spoke":      {func(a *agent) { a.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad") }, http1.PeerSpoke},
		"line end":   {func(a *agent) { a.send("\r\n") }, http1.PeerSpoke},
		"both":       {func(a *agent) { a.send("x"); a.Close() }, http1.PeerSpoke},
		"half-close": {func(a *agent) { a.CloseWrite() }, http1.PeerGone},
	} {
		t.Run(name, func(t *testing.T) {
			a, l := rawAgent(t, newRelay(t, nil), modern)
			warm(t, a, l)
			tt.do(a)
			until(t, "the state shows", func() bool { return l.Check() == tt.want })
		})
	}
}

// TestKeepAlivePromise: a link is left alone shortly before its agent said it
// would close it.
func TestKeepAlivePromise(t *testing.T) {
	for field, want := range map[string]http1.PeerState{
		"":                                 http1.PeerSilent,
		"Keep-Alive: timeout=5":            http1.PeerSilent,
		"Keep-Alive: timeout=1":            http1.PeerGone,
		"Keep-Alive: max=10, Timeout=1":    http1.PeerGone,
		"keep-alive:timeout=1,max=5":       http1.PeerGone,
		"Keep-Alive: timeout=0":            http1.PeerSilent,
		"Keep-Alive: timeout=soon":         http1.PeerSilent,
		"Keep-Alive: timeout=-1":           http1.PeerSilent,
		"Keep-Alive: timeout=99999999999":  http1.PeerSilent,
		"Keep-Alive: timeout":              http1.PeerSilent,
		"Keep-Alive: x-timeout=1":          http1.PeerSilent,
		"Keep-Alive: timeout=600, max=100": http1.PeerSilent,
	} {
		t.Run(field, func(t *testing.T) {
			a, l := rawAgent(t, newRelay(t, nil), modern)
			if field != "" {
				field += "\r\n"
			}
			go a.answer("HTTP/1.1 200 OK\r\n" + field + "Content-Length: 0\r\n\r\n")
			if got, err := run(t, l, "GET / HTTP/1.1\r\n\r\n"); err != nil || !got.Again {
				t.Fatalf("got %+v, %v", got, err)
			}
			if s := l.Check(); s != want {
				t.Errorf("state %d, want %d", s, want)
			}
		})
	}
}

// TestRelayCloses: for an agent, a closed link is how links end.
func TestRelayCloses(t *testing.T) {
	r := newRelay(t, nil)
	al, err := (&ptth.Dialer{Relay: r.url}).Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	if al.About().Negotiated {
		t.Error("a relay that said nothing counts as one of ours")
	}
	result := make(chan error, 1)
	go func() { result <- al.Serve(context.Background(), echo) }()
	link := within(t, r.links, "link")
	if got, err := run(t, link, "GET / HTTP/1.1\r\n\r\n"); err != nil || !got.Again {
		t.Fatalf("got %+v, %v", got, err)
	}
	link.Close()
	if err := within(t, result, "end of Serve"); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestAgentDrains: the end of its ctx lets an agent finish what it has begun,
// and its answer tells the relay that the link is over.
func TestAgentDrains(t *testing.T) {
	r := newRelay(t, nil)
	al, err := (&ptth.Dialer{Relay: r.url, MaxLinks: 1}).Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	served := make(chan error, 1)
	go func() {
		served <- al.Serve(ctx, func(ctx context.Context, x *http1.Exchange) {
			cancel()
			echo(ctx, x)
		})
	}()
	link := closing(t, within(t, r.links, "link"))
	got, err := run(t, link, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
	if err != nil || got.Body != "hi" {
		t.Errorf("got %+v, %v", got, err)
	}
	link.Close()
	if err := within(t, served, "end of Serve"); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestPool uses many links at once.
func TestPool(t *testing.T) {
	r := newRelay(t, nil)
	const links, rounds = 8, 30
	pool := make(chan *ptth.Link, links)
	for range links {
		pool <- home(t, r, echo)
	}
	errs := make(chan error, 2*links)
	for w := range 2 * links {
		go func() {
			for i := range rounds {
				l := <-pool
				body := fmt.Sprintf("%d-%d", w, i)
				got, err := run(t, l, fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
				pool <- l
				if err != nil || got != (result{200, body, true}) {
					errs <- fmt.Errorf("got %+v, %v; want %s", got, err, body)
					return
				}
			}
			errs <- nil
		}()
	}
	for range 2 * links {
		if err := within(t, errs, "worker"); err != nil {
			t.Error(err)
		}
	}
}

// TestPingUnconfirmed: an agent that asked for pings answers them although the
// relay did not say that it would send any.
func TestPingUnconfirmed(t *testing.T) {
	agent, relay := net.Pipe()
	defer relay.Close()
	c := http1.NewConn(agent, http1.Limits{})
	res, err := http1.ParseResponse([]byte("HTTP/1.1 101 Switching Protocols\r\n"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := ptth.NewTestLink(c, res, 20*time.Second)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Serve(context.Background(), func(_ context.Context, x *http1.Exchange) { x.Text(404, "no route") })
	}()
	defer func() { l.Close(); <-done }()
	go io.WriteString(relay, "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n")
	line, err := bufio.NewReader(relay).ReadString('\n')
	if line != "HTTP/1.1 200 OK\r\n" {
		t.Errorf("got %q, %v", line, err)
	}
}
