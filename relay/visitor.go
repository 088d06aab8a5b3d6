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
	relay   *Relay
	conn    *http1.Conn // nil for a stream of HTTP/2
	stream  *h2Stream   // nil but for those
	ip      netip.Addr
	counted netip.Addr // the address under which the connection counts
	secure  bool
	greeted bool // a request came

	// Parts of the fields that say where a request comes from.
	forwardedFor []byte // for=192.0.2.1
	addr         []byte // 192.0.2.1
	proto        []byte // http or https

	// Of the request under way.
	x        *http1.Exchange
	claim    *claim
	link     *link
	place    place
	drop     http1.Kinds // fields of the sender that are not passed on
	forwards int         // Max-Forwards to pass on; -1 for none
	received time.Time
	id       deliveryID
	call     ptth.Call
	wait     waiter
	scratch  []byte
	left     bool  // the sender went before its answer
	switches bool  // the request asks for WebSocket, and gets a link for it
	carried  int64 // bytes that a tunnel brought to the sender
	whole    bool  // the link's dialect takes targets with their prefix
	client   string

	addVia        func(*http1.Writer)
	addViaSandbox func(*http1.Writer)

	opened  *opened      // the link that the connection is to become
	turned  *turned      // the same, of one in HTTP/2
	parked  *ptth.Parked // the same, of a held connection
	parking bool         // the connection has been told that it may be held
	kept    *link        // the link that belongs to this connection
}

func newVisitor(r *Relay, nc net.Conn) *visitor {
	v := &visitor{relay: r, conn: r.newConn(nc), ip: remoteIP(nc)}
	v.conn.OnRefused(v.refuseUnread)
	v.counted = countedAs(v.ip)
	_, v.secure = v.conn.NetConn().(*tls.Conn)
	v.proto = []byte("http")
	if v.secure {
		v.proto = []byte("https")
	}
	v.describeAddr()
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

// describeAddr renders the sender's address as RFC 7239 wants it, which is
// "unknown" where there is none.
func (v *visitor) describeAddr() {
	switch {
	case !v.ip.IsValid():
		v.forwardedFor, v.addr = []byte("for=unknown"), []byte("unknown")
		return
	case v.ip.Is6():
		v.forwardedFor = []byte(`for="[` + v.ip.String() + `]"`)
	default:
		v.forwardedFor = []byte("for=" + v.ip.String())
	}
	v.addr = []byte(v.ip.String())
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
	v.x, v.claim, v.link, v.left, v.received = x, nil, nil, false, time.Now()
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

// clientAddr returns the sender's address and port. It is put together for the
// dialects only that tell it.
func (v *visitor) clientAddr() string {
	switch {
	case v.client != "":
	case v.conn != nil:
		v.client = v.conn.NetConn().RemoteAddr().String()
	default:
		v.client = v.stream.conn.RemoteAddr().String()
	}
	return v.client
}

// unkeep closes the link that belongs to the connection, which has ended.
func (v *visitor) unkeep() {
	if l := v.kept; l != nil {
		v.kept = nil
		l.claim.drop(l)
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
