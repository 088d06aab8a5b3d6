package relay

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"runtime/debug"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// visitor is one connection of a sender or of an agent that has not yet
// switched. It holds what a request on it needs, so that a request costs no
// allocation of its own.
type visitor struct {
	parcel              // the request under way
	conn    *http1.Conn // nil for a stream of HTTP/2
	stream  *h2Stream   // nil but for those
	ip      netip.Addr
	counted netip.Addr // the address under which the connection counts
	secure  bool
	greeted bool // a request came
	end     *connEnd

	// Of the request under way.
	x       *http1.Exchange
	left    bool  // the sender went before its answer
	carried int64 // bytes that a tunnel brought to the sender

	courier  *courier    // of an earlier request, for the next one
	patience *time.Timer // bounds the wait for a courier

	addVia        func(*http1.Writer)
	addViaSandbox func(*http1.Writer)

	opened  *opened      // the link that the connection is to become
	turned  *turned      // the same, of one in HTTP/2
	parked  *ptth.Parked // the same, of a held connection
	parking bool         // the connection has been told that it may be held
}

func newVisitor(r *Relay, nc net.Conn) *visitor {
	v := &visitor{parcel: parcel{relay: r, own: true}, conn: r.newConn(nc), ip: remoteIP(nc), end: &connEnd{}}
	v.conn.OnRefused(v.refuseUnread)
	v.counted = countedAs(v.ip)
	_, v.secure = v.conn.NetConn().(*tls.Conn)
	v.source = newSource(v.ip, v.secure)
	v.source.peer = v.conn.NetConn().RemoteAddr()
	v.bind()
	return v
}

// bind makes the functions that requests need.
func (v *visitor) bind() {
	v.call.Head = v.writeHead
	v.call.Gone = v.gone
	v.call.Early = v.early
	v.addVia, v.addViaSandbox = v.writeVia, v.writeViaSandbox
}

// newSource renders a sender's address as RFC 7239 wants it, which is "unknown"
// where there is none.
func newSource(ip netip.Addr, secure bool) source {
	s := source{proto: []byte("http")}
	if secure {
		s.proto = []byte("https")
	}
	switch {
	case !ip.IsValid():
		s.forwardedFor, s.addr = []byte("for=unknown"), []byte("unknown")
		return s
	case ip.Is6():
		s.forwardedFor = []byte(`for="[` + ip.String() + `]"`)
	default:
		s.forwardedFor = []byte("for=" + ip.String())
	}
	s.addr = []byte(ip.String())
	return s
}

// handle answers one request.
func (v *visitor) handle(ctx context.Context, x *http1.Exchange) {
	defer v.guard()
	if !v.greeted {
		v.greeted = true
		l := v.conn.Limits()
		l.IdleTimeout = idleTimeout
		v.conn.SetLimits(l)
	}
	v.x, v.request, v.claim, v.link, v.left, v.received = x, x.Request, nil, nil, false, time.Now()
	v.switches, v.carried = false, 0
	if r := v.answer(ctx); r != nil {
		v.refuse(r)
	}
	v.note(ctx)
}

// guard ends the exchange that a programming error has spoilt.
func (v *visitor) guard() {
	p := recover()
	if p == nil {
		return
	}
	v.relay.log.Error("request handler panicked", keyError, p, "stack", string(debug.Stack()))
	if v.link != nil {
		v.link.Done()
		v.claim.drop(v.link)
	}
	v.x.CloseAfter()
	if !v.x.Started() {
		v.x.Text(500, "the relay has met an error of its own")
	}
}

// gone reports whether the sender has closed its connection or its stream.
func (v *visitor) gone() bool {
	if v.conn == nil {
		return v.stream.ctx.Err() != nil
	}
	return v.conn.PeerState() == http1.PeerGone
}

// hangUp ends the connection to a sender that is gone. An unfinished stream
// ends by itself.
func (v *visitor) hangUp() {
	if v.conn != nil {
		v.conn.Close()
	}
}

// local returns the address at which the sender has reached the relay.
func (v *visitor) local() net.Addr {
	if v.conn == nil {
		return v.stream.conn.LocalAddr()
	}
	return v.conn.NetConn().LocalAddr()
}
