package relay

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
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
	conn    *http1.Conn
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
	left     bool // the sender went before its answer

	addVia func(*http1.Writer)
	opened *opened // the link that the connection is to become
}

func newVisitor(r *Relay, nc net.Conn) *visitor {
	v := &visitor{relay: r, conn: r.newConn(nc), ip: remoteIP(nc)}
	v.counted = countedAs(v.ip)
	_, v.secure = v.conn.NetConn().(*tls.Conn)
	v.proto = []byte("http")
	if v.secure {
		v.proto = []byte("https")
	}
	v.describeAddr()
	v.call.Head = v.writeHead
	v.call.Gone = v.gone
	v.call.Early = v.early
	v.addVia = v.writeVia
	return v
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

// note logs a request that was answered: never its query, its fields or its
// body, which may hold secrets.
func (v *visitor) note(ctx context.Context) {
	level := slog.LevelDebug
	if v.relay.opts.AccessLog {
		level = slog.LevelInfo
	}
	if !v.relay.log.Enabled(ctx, level) {
		return
	}
	status := v.x.Status
	if v.left {
		status = 499 // what servers log for a client that has closed
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs, slog.String(keyMethod, string(v.x.Request.Method)), slog.Int(keyStatus, status),
		slog.Duration(keyDuration, time.Since(v.received)), slog.Int64(keyBytes, v.x.Request.Body.Consumed()))
	if v.claim != nil {
		attrs = append(attrs, slog.String(keyClaim, v.claim.name), slog.String(keyDelivery, v.id.String()))
	}
	if v.relay.opts.AccessLog {
		attrs = append(attrs, slog.String(keyAddr, string(v.addr)), slog.String(keyPath, loggedPath(v.x.Request)))
	}
	v.relay.log.LogAttrs(ctx, level, "request", attrs...)
}

// loggedPath returns a request's path, without the token that an upgrade may
// carry behind the name.
func loggedPath(r *http1.Request) string {
	p := r.Path()
	if rest, ok := bytes.CutPrefix(p, linkPrefix); ok {
		if name, _, more := bytes.Cut(rest, []byte("/")); more {
			return string(linkPrefix) + string(name) + "/…"
		}
	}
	return string(p)
}

// gone reports whether the sender has closed its connection.
func (v *visitor) gone() bool { return v.conn.PeerState() == http1.PeerGone }
