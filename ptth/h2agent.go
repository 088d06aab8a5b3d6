package ptth

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"homehook/http1"
)

// sharedLink is the agent's end of a link in HTTP/2.
type sharedLink struct {
	about About
	conn  net.Conn

	ended     chan struct{} // closed when net/http is done with the connection
	endedOnce sync.Once
	leave     chan struct{} // closed when the link is to be left
	leaveOnce sync.Once

	mu      sync.Mutex // guards what follows
	over    bool       // no exchange may begin any more
	running sync.WaitGroup
}

var _ AgentLink = (*sharedLink)(nil)

// newSharedLink makes a link of the connection behind the relay's 101.
func newSharedLink(c *http1.Conn, about About) *sharedLink {
	about.Dialect, about.Shared = DialectPTTH, true
	c.NetConn().SetDeadline(time.Time{})
	return &sharedLink{
		about: about, conn: &plainConn{Conn: c.NetConn(), before: append([]byte(nil), c.Buffered()...)},
		ended: make(chan struct{}), leave: make(chan struct{}),
	}
}

// About tells what is known of the link.
func (l *sharedLink) About() About { return l.about }

// Leave tells the relay to send no further request. Serve returns when the
// running exchanges have ended.
func (l *sharedLink) Leave() { l.leaveOnce.Do(func() { close(l.leave) }) }

// Close closes the link at once.
func (l *sharedLink) Close() error { return l.conn.Close() }

// Serve calls handle for each request, on a goroutine of its own. It may be
// called once.
func (l *sharedLink) Serve(ctx context.Context, handle func(context.Context, *http1.Exchange)) error {
	srv := l.server(ctx, handle)
	var accept sync.WaitGroup
	ln := &oneConn{conn: l.conn, closed: make(chan struct{})}
	accept.Go(func() { srv.Serve(ln) })
	select {
	case <-ctx.Done():
	case <-l.leave:
	case <-l.ended:
	}
	l.drain(srv)
	if accept.Wait(); ln.taken {
		<-l.ended
	}
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.running.Wait()
	l.conn.Close()
	return nil
}

// drain sends GOAWAY and waits for the exchanges. A connection that was not yet
// known as one in HTTP/2 the first time hears of it the next.
func (l *sharedLink) drain(srv *http.Server) {
	for done := false; !done; {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		done = srv.Shutdown(ctx) == nil
		cancel()
	}
}

func (l *sharedLink) server(ctx context.Context, handle func(context.Context, *http1.Exchange)) *http.Server {
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !l.enter() {
				panic(http.ErrAbortHandler)
			}
			defer l.running.Done()
			serveStream(ctx, w, r, handle)
		}),
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            agentLimits.HeadTimeout, // for the relay's preface
		MaxHeaderBytes:               agentLimits.Head + agentLimits.Fields*fieldOverhead,
		Protocols:                    new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 100, SendPingTimeout: SharedPing, PingTimeout: sharedPong, WriteByteTimeout: writeWithin,
			MaxReadFrameSize: 64 << 10, MaxReceiveBufferPerStream: window, MaxReceiveBufferPerConnection: 2 << 20,
		},
		ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				l.endedOnce.Do(func() { close(l.ended) })
			}
		},
	}
	srv.Protocols.SetUnencryptedHTTP2(true)
	return srv
}

// fieldOverhead is what HTTP/2 counts for a field beside its bytes.
const fieldOverhead = 32

func (l *sharedLink) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.running.Add(1)
	}
	return !l.over
}

// serveStream runs one exchange. Its context ends with Serve's, and when the
// relay has given the exchange up.
func serveStream(ctx context.Context, w http.ResponseWriter, r *http.Request, handle func(context.Context, *http1.Exchange)) {
	x, err := http1.FromHTTP(w, r, agentLimits)
	var bad *http1.Error
	switch {
	case errors.As(err, &bad):
		http.Error(w, bad.Detail, bad.Status)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)()
	handle(ctx, x)
	switch {
	case x.Finished():
	case x.Started():
		panic(http.ErrAbortHandler) // the relay must not take a part for the whole
	default:
		x.Text(http.StatusInternalServerError, "the handler gave no answer")
	}
}

// plainConn hides from net/http that there may be TLS below, and gives it
// first what was read behind the 101.
type plainConn struct {
	net.Conn
	before []byte
	closed atomic.Bool
}

func (c *plainConn) Read(p []byte) (int, error) {
	if len(c.before) > 0 {
		n := copy(p, c.before)
		c.before = c.before[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// Close closes the connection once: the farewell of TLS takes a moment.
func (c *plainConn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	return closeSoon(c.Conn)
}

// oneConn is a listener with one connection.
type oneConn struct {
	conn      net.Conn
	taken     bool
	closed    chan struct{}
	closeOnce sync.Once
}

var _ net.Listener = (*oneConn)(nil)

func (l *oneConn) Accept() (net.Conn, error) {
	if !l.taken {
		l.taken = true
		return l.conn, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	l.closeOnce.Do(func() { close(l.closed) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }
