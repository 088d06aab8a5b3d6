package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"homehook/http1"
)

// h2Edge serves senders that have chosen HTTP/2 when TLS began: one server of
// net/http, which is handed their connections. It keeps the accounts of all
// others: each connection counts for its address, each request goes the way of
// those in HTTP/1.1.
type h2Edge struct {
	relay  *Relay
	server *http.Server

	conns  chan *h2Visit // to the server; none is ever in it at rest
	closed chan struct{} // no connection is taken any more
	once   sync.Once

	draining sync.WaitGroup

	mu     sync.Mutex // guards byConn
	byConn map[net.Conn]*h2Visit
}

// h2Visit is one connection in HTTP/2.
type h2Visit struct {
	*visitor
	nc      net.Conn
	ended   chan struct{} // closed when the server is done with it
	greeted atomic.Bool

	mu      sync.Mutex // guards what follows
	over    bool
	running sync.WaitGroup
}

// h2Stream is what a visitor has in the place of a connection.
type h2Stream struct {
	ctx  context.Context // ends with the stream
	conn net.Conn
}

const (
	// h2Streams is how many requests a connection may have under way.
	h2Streams = 100

	// h2Head bounds what net/http keeps of a head, so that it is the relay
	// that says which limit was passed: its own are lower.
	h2Head = 128 << 10

	h2Window     = 256 << 10 // of a body, ahead of the agent
	h2ConnWindow = 1 << 20
	h2Frame      = 64 << 10
	h2Ping       = 30 * time.Second
	h2Pong       = 15 * time.Second
	h2Write      = 30 * time.Second

	h2Linger = 64 << 10 // of an unwanted body, which is read behind the answer
)

type h2Key struct{}

func newH2Edge(r *Relay) *h2Edge {
	e := &h2Edge{relay: r, conns: make(chan *h2Visit), closed: make(chan struct{}), byConn: map[net.Conn]*h2Visit{}}
	e.server = &http.Server{
		Handler:                      e,
		DisableGeneralOptionsHandler: true,
		MaxHeaderBytes:               h2Head,
		IdleTimeout:                  idleTimeout,
		Protocols:                    new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: h2Streams, MaxReadFrameSize: h2Frame,
			MaxReceiveBufferPerStream: h2Window, MaxReceiveBufferPerConnection: h2ConnWindow,
			SendPingTimeout: h2Ping, PingTimeout: h2Pong, WriteByteTimeout: h2Write,
		},
		ErrorLog:    slog.NewLogLogger(r.log.Handler(), slog.LevelDebug),
		ConnState:   e.noteState,
		ConnContext: e.remember,
	}
	e.server.Protocols.SetHTTP2(true)
	return e
}

// start runs the server until the function that it returns is called.
func (e *h2Edge) start() (stop func()) {
	var wg sync.WaitGroup
	wg.Go(func() { e.server.Serve(e) })
	return func() {
		e.server.Close()
		wg.Wait()
		e.draining.Wait()
	}
}

// drain tells senders to open no further stream, and lets those that are open
// finish.
func (e *h2Edge) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), e.relay.opts.DrainTimeout)
	e.draining.Go(func() {
		defer cancel()
		e.server.Shutdown(ctx)
	})
}

// Accept hands the server its connections.
func (e *h2Edge) Accept() (net.Conn, error) {
	select {
	case c := <-e.conns:
		return c.nc, nil
	case <-e.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the taking of connections.
func (e *h2Edge) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}

// Addr is wanted of a listener, and says nothing here.
func (e *h2Edge) Addr() net.Addr { return &net.TCPAddr{} }

var _ net.Listener = (*h2Edge)(nil)

// speaksH2 reports whether the sender has chosen HTTP/2.
func (v *visitor) speaksH2() bool {
	t, ok := v.conn.NetConn().(*tls.Conn)
	return ok && t.ConnectionState().NegotiatedProtocol == "h2"
}

// serve serves one connection, and returns when it has ended and all of its
// requests are answered or given up.
func (e *h2Edge) serve(v *visitor) {
	c := &h2Visit{visitor: v, nc: v.conn.NetConn(), ended: make(chan struct{})}
	e.mu.Lock()
	e.byConn[c.nc] = c
	e.mu.Unlock()
	silent := time.AfterFunc(firstByte, func() {
		if !c.greeted.Load() {
			c.nc.Close()
		}
	})
	defer silent.Stop()
	select {
	case e.conns <- c:
		<-c.ended
	case <-e.closed:
		e.forget(c.nc)
	}
	c.nc.Close()
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.running.Wait()
}

// noteState hears of the end of connections.
func (e *h2Edge) noteState(nc net.Conn, s http.ConnState) {
	if s == http.StateClosed {
		if c := e.forget(nc); c != nil {
			close(c.ended)
		}
	}
}

func (e *h2Edge) forget(nc net.Conn) *h2Visit {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.byConn[nc]
	delete(e.byConn, nc)
	return c
}

func (e *h2Edge) remember(ctx context.Context, nc net.Conn) context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	return context.WithValue(ctx, h2Key{}, e.byConn[nc])
}

// begin reports whether a request may begin, and has it waited for.
func (c *h2Visit) begin() bool {
	c.greeted.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.running.Add(1)
	}
	return !c.over
}

// ServeHTTP answers one request.
func (e *h2Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, _ := r.Context().Value(h2Key{}).(*h2Visit)
	if c == nil || !c.begin() {
		panic(http.ErrAbortHandler)
	}
	defer c.running.Done()
	x, err := http1.FromHTTP(w, r, e.relay.edgeLimits())
	if err != nil {
		e.refuse(c, w, err)
		return
	}
	v := c.visitor.ofStream(&h2Stream{ctx: r.Context(), conn: c.nc}, r.RemoteAddr)
	v.handle(r.Context(), x)
	if !x.Finished() {
		panic(http.ErrAbortHandler) // what was sent is not the whole answer
	}
	if n := x.Request.Body.Length(); n > 0 && n <= h2Linger {
		// The stream would be reset under a body that is on its way, which
		// some senders take for the loss of the answer.
		x.Flush()
		x.Request.Body.Drain(h2Linger)
	}
}

// refuse answers a request that breaks the rules for one.
func (e *h2Edge) refuse(c *h2Visit, w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if bad, ok := errors.AsType[*http1.Error](err); ok {
		status = bad.Status
	}
	e.relay.logBroken(c.visitor, err)
	http.Error(w, err.Error(), status)
}

// ofStream returns the visitor of one stream of the connection.
func (v *visitor) ofStream(s *h2Stream, client string) *visitor {
	one := &visitor{
		parcel: parcel{relay: v.relay, source: v.source},
		stream: s, ip: v.ip, counted: v.counted, secure: v.secure, greeted: true, end: v.end,
	}
	one.source.two, one.source.client, one.source.peer = true, client, nil
	one.bind()
	return one
}
