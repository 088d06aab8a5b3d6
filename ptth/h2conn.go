package ptth

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// closeWithin bounds the farewell of TLS.
const closeWithin = 250 * time.Millisecond

// h2Conn is the connection below the relay's end of a link in HTTP/2. It hides
// from net/http that there may be TLS, and notes what the agent says about
// itself: its settings and its GOAWAY.
type h2Conn struct {
	net.Conn
	before []byte // was read together with the upgrade request

	in, out frames

	ready     chan struct{} // closed when the agent's settings have come
	readyOnce sync.Once
	gone      chan struct{} // closed when the connection is
	goneOnce  sync.Once

	streams atomic.Uint32 // how many the agent takes at once
	leaving atomic.Bool   // it has sent GOAWAY, or what means no less
	last    atomic.Uint32 // the last stream that it will look at, once leaving
	begun   atomic.Uint32 // the highest stream whose head was handed to the connection
	busy    atomic.Int32  // exchanges
}

func newH2Conn(nc net.Conn, before []byte) *h2Conn {
	c := &h2Conn{Conn: nc, before: before, ready: make(chan struct{}), gone: make(chan struct{})}
	c.streams.Store(defaultStreams)
	c.last.Store(maxStreamNumber)
	c.in.see = c.received
	c.out = frames{skip: clientPreface, see: c.sent}
	return c
}

// received notes a frame of the agent.
func (c *h2Conn) received(kind, flags byte, stream uint32, payload []byte) {
	switch {
	case kind == frameReset && len(payload) == 4 && binary.BigEndian.Uint32(payload) == protocolError:
		c.leaving.Store(true) // net/http opens no further stream
	case stream != 0:
	case kind == frameSettings && flags&flagAck == 0:
		if n, ok := streamLimit(payload); ok {
			c.streams.Store(n)
		}
		c.readyOnce.Do(func() { close(c.ready) })
	case kind == frameGoAway && len(payload) >= 4:
		last := binary.BigEndian.Uint32(payload) & maxStreamNumber
		c.last.Store(min(last, c.last.Load()))
		c.leaving.Store(true)
	}
}

// sent notes a frame of the relay. Trailers are of a stream that has begun.
func (c *h2Conn) sent(kind, _ byte, stream uint32, _ []byte) {
	if kind == frameHeaders && stream > c.begun.Load() {
		c.begun.Store(stream)
	}
}

// Read ends the connection that the agent has left, once nothing is on it.
func (c *h2Conn) Read(p []byte) (int, error) {
	if c.leaving.Load() && c.busy.Load() == 0 {
		return 0, io.EOF
	}
	var n int
	var err error
	if len(c.before) > 0 {
		n = copy(p, c.before)
		c.before = c.before[n:]
	} else {
		n, err = c.Conn.Read(p)
	}
	c.in.feed(p[:n])
	return n, err
}

// Write notes what it hands on before the agent can answer it.
func (c *h2Conn) Write(p []byte) (int, error) {
	c.out.feed(p)
	return c.Conn.Write(p)
}

// Close closes the connection, TLS with its farewell if that can be said.
func (c *h2Conn) Close() error {
	c.goneOnce.Do(func() { close(c.gone) })
	return closeSoon(c.Conn)
}

func closeSoon(nc net.Conn) error {
	if t, ok := nc.(*tls.Conn); ok {
		late := time.AfterFunc(closeWithin, func() { t.NetConn().Close() })
		defer late.Stop()
	}
	return nc.Close()
}
