package ptth_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// peer is the relay's end of one connection, played by a test byte by byte.
type peer struct {
	*bufio.Reader
	net.Conn
	t    *testing.T
	host string
}

func (p *peer) Read(b []byte) (int, error) { return p.Reader.Read(b) }

// handmade is a relay that a test writes out: play is called for each
// connection, with its number, and the connection is closed behind it.
func handmade(t *testing.T, play func(n int, p *peer)) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer nc.Close()
				nc.SetDeadline(time.Now().Add(20 * time.Second))
				play(n, &peer{bufio.NewReader(nc), nc, t, l.Addr().String()})
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}

// read returns the next message, its head and its body by its length, and ""
// at the end of the connection.
func (p *peer) read() (head, body string) {
	for !strings.HasSuffix(head, "\r\n\r\n") {
		line, err := p.ReadString('\n')
		if head += line; err != nil {
			return "", ""
		}
	}
	head = strings.ReplaceAll(head, p.host, "HOST")
	length := 0
	for line := range strings.SplitSeq(head, "\r\n") {
		if v, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			length, _ = strconv.Atoi(v)
		}
		if strings.EqualFold(line, "Transfer-Encoding: chunked") {
			return head, p.chunks()
		}
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(p, b); err != nil {
		p.t.Errorf("a body was cut: %v", err)
	}
	return head, string(b)
}

// chunks returns a chunked body with its pieces in brackets.
func (p *peer) chunks() (body string) {
	for {
		line, err := p.ReadString('\n')
		size, _ := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		b := make([]byte, size+2)
		if _, err2 := io.ReadFull(p, b); err != nil || err2 != nil {
			return body + "(cut)"
		}
		if size == 0 {
			return body
		}
		body += "[" + string(b[:size]) + "]"
	}
}

// want reads a message and compares it whole.
func (p *peer) want(text string) {
	p.t.Helper()
	head, body := p.read()
	if got := head + body; got != text {
		p.t.Errorf("got  %q\nwant %q", got, text)
	}
}

// say writes text, in which HOST stands for the relay's own.
func (p *peer) say(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.Conn, strings.ReplaceAll(text, "HOST", p.host)); err != nil {
		p.t.Errorf("say: %v", err)
	}
}

// until the other end closes.
func (p *peer) waitForEnd() {
	p.t.Helper()
	if b, err := io.ReadAll(p); err != nil || len(b) > 0 {
		p.t.Errorf("instead of the end came %q, %v", b, err)
	}
}

// answer is a 200 with a body.
func answer(kind, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind, len(body), body)
}

// served is a link that a test serves until it ends.
type served struct {
	link   ptth.AgentLink
	leave  context.CancelFunc
	result chan error
	count  atomic.Int32 // of exchanges
}

// dial opens a link in the way that d says and serves it.
func serveDial(t *testing.T, d *ptth.Dialer, handle func(context.Context, *http1.Exchange)) *served {
	t.Helper()
	l, err := d.Dial(t.Context(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	return serveLink(t, l, handle)
}

func serveLink(t *testing.T, l ptth.AgentLink, handle func(context.Context, *http1.Exchange)) *served {
	ctx, cancel := context.WithCancel(context.Background())
	s := &served{link: l, leave: cancel, result: make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.result <- l.Serve(ctx, func(ctx context.Context, x *http1.Exchange) {
			s.count.Add(1)
			handle(ctx, x)
		})
	}()
	t.Cleanup(func() { cancel(); l.Close(); <-done })
	return s
}

// hello answers with what was asked.
func hello(_ context.Context, x *http1.Exchange) {
	b, _ := io.ReadAll(x.Request.Body)
	x.Start(200, nil)
	x.Field("Content-Type", "text/plain")
	x.Field("Date", "D")
	text := fmt.Sprintf("%s %s %s", x.Request.Method, x.Request.Target, b)
	x.EndLength(int64(len(text)))
	io.WriteString(x, text)
	x.Finish()
}
