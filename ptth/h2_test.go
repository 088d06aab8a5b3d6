package ptth_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// h2Relay is a relay that grants links of the dialect ptth.
type h2Relay struct {
	url    *url.URL
	links  chan *ptth.Link   // in HTTP/1.1
	shared chan *ptth.Shared // in HTTP/2
	failed chan error        // links in HTTP/2 that did not come to be
}

func newH2Relay(t testing.TB, conf *tls.Config) *h2Relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &h2Relay{
		url:   &url.URL{Scheme: "http", Host: ln.Addr().String()},
		links: make(chan *ptth.Link, 10), shared: make(chan *ptth.Shared, 10), failed: make(chan error, 10),
	}
	if conf != nil {
		ln, r.url.Scheme = tls.NewListener(ln, conf), "https"
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { r.serve(ctx, http1.NewConn(nc, http1.Limits{})) })
		}
	})
	t.Cleanup(func() { ln.Close(); cancel(); wg.Wait() })
	return r
}

func (r *h2Relay) serve(ctx context.Context, c *http1.Conn) {
	var link *ptth.Link
	var protocol string
	c.Serve(ctx, func(_ context.Context, x *http1.Exchange) {
		o, err := ptth.ParseOffer(x.Request)
		if err == nil {
			protocol, err = ptth.ChooseProtocol(x.Request)
		}
		var bad *http1.Error
		if errors.As(err, &bad) {
			x.Text(bad.Status, bad.Detail)
			return
		}
		link, _ = ptth.AcceptProtocol(x, o, protocol, nil)
	})
	switch {
	case link == nil:
	case protocol == ptth.ProtocolH1:
		link.Start()
		r.links <- link
	default:
		s, err := link.Share(ctx)
		if err != nil {
			r.failed <- err
			return
		}
		r.shared <- s
	}
}

// h2Home dials the relay and serves until the test ends. It returns the
// relay's end of the link and a function that ends Serve's context and waits
// for it.
func h2Home(t testing.TB, r *h2Relay, handle func(context.Context, *http1.Exchange)) (*ptth.Shared, func()) {
	t.Helper()
	d := ptth.Dialer{Relay: r.url, Token: "hh_t", Dialect: ptth.DialectPTTH, MaxLinks: 4}
	return h2Dial(t, r, &d, handle)
}

func h2Dial(t testing.TB, r *h2Relay, d *ptth.Dialer, handle func(context.Context, *http1.Exchange)) (*ptth.Shared, func()) {
	t.Helper()
	l, err := d.Dial(t.Context(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	if a := l.About(); !a.Shared || a.Dialect != ptth.DialectPTTH {
		t.Fatalf("the agent has %+v", a)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := l.Serve(ctx, handle); err != nil {
			t.Error(err)
		}
	}()
	stop := func() { cancel(); within(t, done, "end of Serve") }
	s := within(t, r.shared, "link")
	t.Cleanup(func() { l.Close(); s.Close(); stop() })
	return s, stop
}

// h2Run carries one request on a carrier and reads the whole answer.
func h2Run(t testing.TB, c ptth.Carrier, text string) (res *http1.Response, body string, again bool, err error) {
	t.Helper()
	return h2Call(c, carry(sent(t, text)))
}

func h2Call(c ptth.Carrier, call *ptth.Call) (res *http1.Response, body string, again bool, err error) {
	res, err = c.Do(call)
	if err != nil {
		return nil, "", c.Done(), err
	}
	b, err := io.ReadAll(res.Body)
	return res, string(b), c.Done(), err
}

func TestH2Exchanges(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<16)
	tests := []struct {
		name, send string
		handle     func(context.Context, *http1.Exchange)
		status     int
		fields     string // of the response, without Date
		body       string
	}{
		{"echo", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", echo, 200, "Content-Length: 5\r\n", "hello"},
		{"empty", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", echo, 200, "Content-Length: 0\r\n", ""},
		{"chunked", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", echo, 200, "", "abcde"},
		{"1 MiB", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n" + big, echo, 200, "Content-Length: 1048576\r\n", big},
		{"1 MiB chunked", "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n" + big + "\r\n0\r\n\r\n", echo, 200, "", big},
		{"no body", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(204, nil)
			x.EndEmpty()
			x.Finish()
		}, 204, "", ""},
		{"head", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.Field("X-A", "1")
			x.EndLength(1234)
			x.Finish()
		}, 200, "Content-Length: 1234\r\nX-A: 1\r\n", ""},
		{"not modified", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(304, nil)
			x.Field("Etag", `"v"`)
			x.EndEmpty()
			x.Finish()
		}, 304, "Etag: \"v\"\r\n", ""},
		{"repeated fields", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(599, nil)
			x.Field("Set-Cookie", "b=2; Path=/")
			x.Field("Set-Cookie", "a=1")
			x.EndLength(2)
			x.Write([]byte("no"))
			x.Finish()
		}, 599, "Content-Length: 2\r\nSet-Cookie: b=2; Path=/\r\nSet-Cookie: a=1\r\n", "no"},
	}
	r := newH2Relay(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := h2Home(t, r, tt.handle)
			c := s.Stream("garage.test")
			for range 2 { // a carrier is good for more than one
				res, body, again, err := h2Run(t, c, tt.send)
				if err != nil || !again {
					t.Fatalf("again %t, %v", again, err)
				}
				if got := fieldsOf(res); res.Status != tt.status || got != tt.fields {
					t.Errorf("got %d %q, want %d %q", res.Status, got, tt.status, tt.fields)
				}
				if body != tt.body {
					t.Errorf("got a body of %d bytes, want %d", len(body), len(tt.body))
				}
			}
			if !c.Used() || c.Check() != http1.PeerSilent {
				t.Error("the carrier is not as it should be")
			}
		})
	}
}

func fieldsOf(res *http1.Response) string {
	var b strings.Builder
	for name, value := range res.All() {
		if string(name) != "Date" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	return b.String()
}

// TestH2Request shows what of a request arrives.
func TestH2Request(t *testing.T) {
	tests := []struct{ name, send, want string }{
		{
			"target as it came", "GET //a%2Fb/..;/%C3%A9?x=%zz&y=//&q=a?b HTTP/1.1\r\nHost: garage.test:8080\r\n\r\n",
			"GET //a%2Fb/..;/%C3%A9?x=%zz&y=//&q=a?b HTTP/1.1\r\nHost: garage.test:8080\r\n",
		},
		{"question mark alone", "GET /? HTTP/1.1\r\nHost: h\r\n\r\n", "GET /? HTTP/1.1\r\nHost: h\r\n"},
		{"quote and backslash", "GET /\"\\|{}^` HTTP/1.1\r\nHost: h\r\n\r\n", "GET /\"\\|{}^` HTTP/1.1\r\nHost: h\r\n"},
		{"no host", "GET /x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.1\r\nHost: origin.test\r\n"},
		{"empty host", "GET /x HTTP/1.1\r\nHost:\r\n\r\n", "GET /x HTTP/1.1\r\nHost: origin.test\r\n"},
		{"all of the server", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: h\r\n"},
		{"extension method", "FROB-NICATE / HTTP/1.1\r\nHost: h\r\n\r\n", "FROB-NICATE / HTTP/1.1\r\nHost: h\r\n"},
		{
			"repeated fields in order", "GET / HTTP/1.1\r\nHost: h\r\nX-B: 2\r\nx-b: 1\r\nX-B: 3\r\nAccept: \r\n\r\n",
			"GET / HTTP/1.1\r\nHost: h\r\nAccept: \r\nX-B: 2\r\nX-B: 1\r\nX-B: 3\r\n",
		},
		{
			"hop by hop", "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: x\r\nX: y\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: h\r\nX: y\r\n",
		},
		{"nothing added", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"},
		{"own agent", "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: x\r\n"},
		{"bytes beyond ASCII", "GET / HTTP/1.1\r\nHost: h\r\nX: \xe9\xff\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX: \xe9\xff\r\n"},
	}
	r := newH2Relay(t, nil)
	got := make(chan string, 1)
	s, _ := h2Home(t, r, func(_ context.Context, x *http1.Exchange) {
		got <- string(x.Request.Raw())
		x.Text(200, "ok")
	})
	c := s.Stream("origin.test")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, again, err := h2Run(t, c, tt.send); err != nil || !again {
				t.Fatalf("again %t, %v", again, err)
			}
			if head := <-got; head != tt.want {
				t.Errorf("the agent got %q, want %q", head, tt.want)
			}
		})
	}
}

func TestH2Trailers(t *testing.T) {
	r := newH2Relay(t, nil)
	s, _ := h2Home(t, r, func(ctx context.Context, x *http1.Exchange) {
		body, err := io.ReadAll(x.Request.Body)
		if err != nil {
			t.Error(err)
		}
		sum, _ := x.Request.Body.Trailer().Get("X-Sum")
		x.Start(200, nil)
		x.EndStream()
		x.Write(body)
		tail, err := http1.BuildResponse(200, "", []http1.Field{{Name: "X-Echo", Value: string(sum)}, {Name: "Content-Type", Value: "x"}}, nil, 0)
		if err != nil {
			t.Error(err)
			return
		}
		x.Trailer(&tail.Head)
		x.Finish()
	})
	c := s.Stream("h")
	res, body, again, err := h2Run(t, c, "POST / HTTP/1.1\r\nHost: h\r\nTrailer: X-Sum, Content-Type, Host\r\nTransfer-Encoding: chunked\r\n\r\n"+
		"4\r\nbody\r\n0\r\nX-Sum: 42\r\nContent-Type: evil\r\nPragma: x\r\nX-Other: unannounced\r\n\r\n")
	if err != nil || !again || body != "body" {
		t.Fatalf("got %q, again %t, %v", body, again, err)
	}
	if v, _ := res.Body.Trailer().Get("X-Echo"); string(v) != "42" {
		t.Errorf("trailer %q", res.Body.Trailer().Raw())
	}
}

func TestH2EarlyHints(t *testing.T) {
	r := newH2Relay(t, nil)
	s, _ := h2Home(t, r, func(_ context.Context, x *http1.Exchange) {
		for i := range 2 {
			x.Start(103, nil)
			x.Field("Link", fmt.Sprintf("</%d.css>", i))
			x.EndEmpty()
			x.Flush()
		}
		x.Text(200, "ok")
	})
	var links []string
	call := carry(sent(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
	call.Early = func(res *http1.Response) {
		v, _ := res.Get("Link")
		links = append(links, string(v))
	}
	c := s.Stream("h")
	if _, body, again, err := h2Call(c, call); err != nil || !again || body != "ok\n" {
		t.Fatalf("got %q, again %t, %v", body, again, err)
	}
	if got := strings.Join(links, " "); got != "</0.css> </1.css>" {
		t.Errorf("early hints %q", got)
	}
}

func TestH2Parallel(t *testing.T) {
	server, client := certificate(t)
	r := newH2Relay(t, server)
	d := ptth.Dialer{Relay: r.url, TLS: client, Dialect: ptth.DialectPTTH}
	s, _ := h2Dial(t, r, &d, echo)
	if n := s.Streams(); n < 50 {
		t.Fatalf("the agent takes %d exchanges", n)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			c := s.Stream("h")
			for j := range 10 {
				want := bytes.Repeat([]byte{byte('a' + i%26)}, 100*i*(j%3+1))
				_, body, again, err := h2Run(t, c, fmt.Sprintf("POST /%d HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", i, len(want), want))
				if err != nil || !again || body != string(want) {
					t.Errorf("%d: got %d bytes, again %t, %v", i, len(body), again, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestH2OverH1 has the relay choose HTTP/1.1, as the agent offers no other.
func TestH2OverH1(t *testing.T) {
	r := newH2Relay(t, nil)
	a := rawDial(t, r.url.Host)
	a.send("GET /.well-known/ptth/http%3A%2F%2Fgarage.localhost/ HTTP/1.1\r\nHost: r\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: http%2F1.1\r\n\r\n")
	want := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: http%2F1.1\r\n\r\n"
	got := make([]byte, len(want))
	if io.ReadFull(a.r, got); string(got) != want {
		t.Fatalf("got %q", got)
	}
	l := closing(t, within(t, r.links, "link"))
	if got := l.Traits(); got.Dialect != ptth.DialectPTTH || !got.Tunnels {
		t.Errorf("traits %+v", got)
	}
	done := make(chan result, 1)
	go func() {
		res, err := run(t, l, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
		if err != nil {
			t.Error(err)
		}
		done <- res
	}()
	a.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	if res := within(t, done, "answer"); res.Status != 200 || res.Body != "ok" {
		t.Errorf("got %+v", res)
	}
}

func TestH2CannotSwitch(t *testing.T) {
	r := newH2Relay(t, nil)
	s, _ := h2Home(t, r, echo)
	c := s.Stream("h")
	call := carry(sent(t, "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"))
	call.Switch = true
	var cannot *ptth.CannotError
	if _, _, again, err := h2Call(c, call); !errors.As(err, &cannot) || !again {
		t.Errorf("again %t, %v", again, err)
	}
	if tr := c.Traits(); tr.Tunnels || !tr.Streams || tr.Ping != 0 || tr.Dialect != ptth.DialectPTTH || !tr.Ours {
		t.Errorf("traits %+v", tr)
	}
}

// TestH2Streams shows that an answer arrives while it is made.
func TestH2Streams(t *testing.T) {
	r := newH2Relay(t, nil)
	step := make(chan struct{})
	s, _ := h2Home(t, r, func(_ context.Context, x *http1.Exchange) {
		x.Start(200, nil)
		x.Field("Content-Type", "text/event-stream")
		x.EndStream()
		for range 3 {
			x.Write([]byte("data: x\n\n"))
			x.Flush()
			<-step
		}
		x.Finish()
	})
	c := s.Stream("h")
	res, err := c.Do(carry(sent(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 9)
	for range 3 {
		if _, err := io.ReadFull(res.Body, buf); err != nil || string(buf) != "data: x\n\n" {
			t.Fatalf("got %q, %v", buf, err)
		}
		step <- struct{}{}
	}
	if _, err := res.Body.Read(buf); err != io.EOF || !c.Done() {
		t.Errorf("the stream ended with %v", err)
	}
	if since := time.Since(c.IdleSince()); since > 5*time.Second {
		t.Errorf("idle for %s", since)
	}
}
