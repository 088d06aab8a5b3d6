package ptth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"homehook/http1"
	"homehook/ptth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// relay is a listener that accepts links and hands them out.
type relay struct {
	url   *url.URL
	links chan *ptth.Link
}

func newRelay(t testing.TB, answer func(x *http1.Exchange) bool) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{url: &url.URL{Scheme: "http", Host: l.Addr().String()}, links: make(chan *ptth.Link, 100)}
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
		o, err := ptth.ParseOffer(x.Request)
		var e *http1.Error
		if errors.As(err, &e) {
			x.Text(e.Status, e.Detail)
			return
		}
		link, _ = ptth.Accept(x, o, func(w *http1.Writer) {
			if o.Ours {
				w.Field("PTTH-Ping", fmt.Sprint(int(o.Ping.Seconds())))
				w.Field("PTTH-Max-Conns", fmt.Sprint(o.MaxLinks))
			}
		})
	})
	if link != nil && link.Start() == nil {
		r.links <- link
	}
}

// home dials the relay and serves until the test ends.
func home(t testing.TB, r *relay, handle func(context.Context, *http1.Exchange)) *ptth.Link {
	t.Helper()
	d := ptth.Dialer{Relay: r.url, Token: "hh_t", Ping: 20 * time.Second, MaxLinks: 4}
	al, err := d.Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	if al.Ping != 20*time.Second || al.MaxLinks != 4 {
		t.Fatalf("granted ping %v, links %d", al.Ping, al.MaxLinks)
	}
	done := make(chan struct{})
	go func() { defer close(done); al.Serve(context.Background(), handle) }()
	t.Cleanup(func() { al.Close(); <-done })
	return <-r.links
}

// call carries a request given as text over the link and returns the body of
// the answer.
func call(l *ptth.Link, head string, body string) (int, string, bool, error) {
	req, err := http1.ParseRequest([]byte(head), strings.NewReader(body), int64(len(body)))
	if err != nil {
		return 0, "", false, err
	}
	res, err := l.Do(&ptth.Call{Request: req, Wait: 5 * time.Second, Head: func(w *http1.Writer) {
		w.StartRequest(req.Method, req.Target)
		w.CopyFields(&req.Head, http1.HopByHop)
	}})
	if err != nil {
		return 0, "", l.Done(), err
	}
	got, err := io.ReadAll(res.Body)
	return res.Status, string(got), l.Done(), err
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

func TestExchanges(t *testing.T) {
	link := home(t, newRelay(t, nil), echo)
	big := strings.Repeat("x", 3<<20)
	for i, body := range []string{"", "abc", big, "abc", big[:70_000]} {
		head := fmt.Sprintf("POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n", len(body))
		status, got, again, err := call(link, head, body)
		if err != nil || status != 200 || got != body || !again {
			t.Fatalf("exchange %d: %d, %d bytes, reusable %v, %v", i, status, len(got), again, err)
		}
	}
}

func TestBytesBehind101AreKept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answer := make(chan string, 1)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		nc.Read(make([]byte, 4096))
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"+
			"POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
		b := make([]byte, 4096)
		n, _ := nc.Read(b)
		answer <- string(b[:n])
	}()
	d := ptth.Dialer{Relay: &url.URL{Scheme: "http", Host: l.Addr().String()}}
	al, err := d.Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	if err := al.Serve(context.Background(), echo); err != nil {
		t.Fatal(err)
	}
	if got := <-answer; !strings.HasSuffix(got, "\r\n\r\nhi") {
		t.Fatalf("got %q", got)
	}
}
