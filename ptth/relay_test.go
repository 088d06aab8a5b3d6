package ptth_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"homehook/http1"
	"homehook/ptth"
)

func TestMain(m *testing.M) {
	// The tests that run at once wait most of their time, and may be more than
	// there are processors. The command line is read later and has the last word.
	flag.Set("test.parallel", "32")
	goleak.VerifyTestMain(m)
}

// relay is a listener that accepts links and hands them out.
type relay struct {
	url   *url.URL
	links chan *ptth.Link
}

func newRelay(t testing.TB, answer func(x *http1.Exchange) bool) *relay {
	return newRelayTLS(t, nil, answer)
}

// newRelayTLS returns a relay that speaks TLS unless conf is nil. A request
// that answer has dealt with does not become a link.
func newRelayTLS(t testing.TB, conf *tls.Config, answer func(x *http1.Exchange) bool) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{url: &url.URL{Scheme: "http", Host: l.Addr().String()}, links: make(chan *ptth.Link, 100)}
	if conf != nil {
		l, r.url.Scheme = tls.NewListener(l, conf), "https"
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { r.upgrade(ctx, http1.NewConn(nc, http1.Limits{}), answer) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		cancel()
		wg.Wait()
		close(r.links)
		for l := range r.links {
			l.Close()
		}
	})
	return r
}

func (r *relay) upgrade(ctx context.Context, c *http1.Conn, answer func(x *http1.Exchange) bool) {
	var link *ptth.Link
	c.Serve(ctx, func(_ context.Context, x *http1.Exchange) {
		if answer != nil && answer(x) {
			return
		}
		link = grant(x)
	})
	if link != nil && link.Start() == nil {
		r.links <- link
	}
}

// grant makes a link of an exchange as a relay does, or refuses.
func grant(x *http1.Exchange) *ptth.Link {
	o, err := ptth.ParseOffer(x.Request)
	var e *http1.Error
	if errors.As(err, &e) {
		x.Text(e.Status, e.Detail)
		return nil
	}
	if err != nil {
		x.Text(400, err.Error())
		return nil
	}
	link, _ := ptth.Accept(x, o, func(w *http1.Writer) {
		if o.Ping > 0 {
			w.Field("PTTH-Ping", fmt.Sprint(int(o.Ping.Seconds())))
		}
		if o.Ours {
			w.Field("PTTH-Max-Conns", fmt.Sprint(o.MaxLinks))
		}
	})
	return link
}

// home dials the relay and serves until the test ends.
func home(t testing.TB, r *relay, handle func(context.Context, *http1.Exchange)) *ptth.Link {
	t.Helper()
	d := ptth.Dialer{Relay: r.url, Token: "hh_t", Ping: 20 * time.Second, MaxLinks: 4}
	al, err := d.Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); al.Serve(context.Background(), handle) }()
	t.Cleanup(func() { al.Close(); <-done })
	return closing(t, within(t, r.links, "link"))
}

// closing closes a link when the test ends.
func closing(t testing.TB, l *ptth.Link) *ptth.Link {
	t.Cleanup(func() { l.Close() })
	return l
}

// agent plays the agent's end of a link byte by byte.
type agent struct {
	t testing.TB
	*net.TCPConn
	r *bufio.Reader
}

const (
	modern = "PTTH-Max-Conns: 4\r\n" // the fields of an agent of ours
	legacy = ""
)

// rawAgent opens a link by hand.
func rawAgent(t testing.TB, r *relay, fields string) (*agent, *ptth.Link) {
	t.Helper()
	a := rawDial(t, r.url.Host)
	a.send("POST /ptth/garage HTTP/1.1\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n" + fields + "\r\n")
	res, err := http.ReadResponse(a.r, nil)
	if err != nil || res.StatusCode != 101 {
		t.Fatalf("got %v, %v", res, err)
	}
	return a, closing(t, within(t, r.links, "link"))
}

func rawDial(t testing.TB, addr string) *agent {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	t.Cleanup(func() { nc.Close() })
	return &agent{t, nc.(*net.TCPConn), bufio.NewReader(nc)}
}

func (a *agent) send(s string) {
	a.t.Helper()
	if _, err := io.WriteString(a, s); err != nil {
		a.t.Errorf("send: %v", err)
	}
}

// request reads the head of a request.
func (a *agent) request() *http.Request {
	a.t.Helper()
	r, err := http.ReadRequest(a.r)
	if err != nil {
		a.t.Errorf("read request: %v", err)
		return &http.Request{Body: http.NoBody}
	}
	return r
}

// answer reads a whole request, answers it and returns its body.
func (a *agent) answer(response string) string {
	a.t.Helper()
	b, err := io.ReadAll(a.request().Body)
	if err != nil {
		a.t.Errorf("read body of request: %v", err)
	}
	a.send(response)
	return string(b)
}

// memConn is a connection on which everything has arrived already.
type memConn struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func (m *memConn) Read(p []byte) (int, error)       { return m.in.Read(p) }
func (m *memConn) Write(p []byte) (int, error)      { return m.out.Write(p) }
func (m *memConn) SetReadDeadline(time.Time) error  { return nil }
func (m *memConn) SetWriteDeadline(time.Time) error { return nil }

// sent returns a request that has arrived whole from a sender.
func sent(t testing.TB, text string) *http1.Request {
	t.Helper()
	r, err := http1.NewConn(&memConn{in: strings.NewReader(text)}, http1.Limits{}).ReadRequest()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// carry returns the call for a request as a relay passes it on.
func carry(r *http1.Request) *ptth.Call {
	return &ptth.Call{Request: r, Wait: 5 * time.Second, Head: func(w *http1.Writer) {
		w.StartRequest(r.Method, r.Target)
		w.CopyFields(&r.Head, http1.HopByHop)
	}}
}

// result is what became of a call.
type result struct {
	Status int
	Body   string
	Again  bool // the link can carry another exchange
}

// run carries a request that is given as text and reads the whole answer.
func run(t testing.TB, l *ptth.Link, text string) (result, error) {
	t.Helper()
	return finish(l, carry(sent(t, text)))
}

func finish(l *ptth.Link, c *ptth.Call) (result, error) {
	res, err := l.Do(c)
	if err != nil {
		return result{Again: l.Done()}, err
	}
	status := res.Status
	b, err := io.ReadAll(res.Body)
	return result{status, string(b), l.Done()}, err
}

func echo(_ context.Context, x *http1.Exchange) {
	x.Start(200, nil)
	if n := x.Request.Body.Length(); n >= 0 {
		x.EndLength(n)
	} else {
		x.EndStream()
	}
	if x.Copy(x.Request.Body) == nil {
		x.Finish()
	}
}

// within waits for a channel, but not for ever.
func within[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s within 10 s", what)
		panic("unreachable")
	}
}

// until polls for a state.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
