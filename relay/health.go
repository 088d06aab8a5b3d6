package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"
)

const (
	// healthWait is how long a relay that works may take to show it. A disk may
	// keep the store busy for seconds.
	healthWait = 20 * time.Second

	// sweepOverdue is how long ago the last look at the links may be, which is
	// taken every second.
	sweepOverdue = time.Minute
)

// errNotServing is what a relay says of its health that does not serve, or not any
// more.
var errNotServing = errors.New("the relay does not serve")

// Healthy returns nil if the relay can do its work: its data and its queue answer,
// it takes a connection on each of its own addresses and answers a request there,
// and it looks after its links. The error names what does not go on. It is for a
// watchdog that starts the relay anew, so nothing counts that this would not cure,
// such as a full disk, too many connections, or an address that the machine does not
// have at the moment. It takes 20 s at most and less if ctx ends, and any goroutine
// may call it, one at a time.
func (r *Relay) Healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	q, serving := r.queue(), r.serving.Load()
	if q == nil || serving == nil || r.ends.Load() != 0 || r.conns.isEnded() {
		return errNotServing
	}
	if _, err := r.store.version(ctx); err != nil {
		return fmt.Errorf("the relay's data do not answer: %w", err)
	}
	if err := q.Answers(ctx); err != nil {
		return fmt.Errorf("the queue does not answer: %w", err)
	}
	if late := time.Since(time.Unix(0, r.swept.Load())); late > sweepOverdue {
		return fmt.Errorf("the links have not been looked after for %s", late.Round(time.Second))
	}
	for _, addr := range *serving {
		tcp, ok := addr.(*net.TCPAddr)
		if !ok {
			continue
		}
		if err := r.callOn(ctx, tcp); err != nil {
			return fmt.Errorf("no answer on %s: %w", addr, err)
		}
	}
	return nil
}

// callOn asks the relay for a name that nobody can hold, for which it has to look
// among the claims. Any answer will do, and so does a connection that it closes:
// it does that when there are too many.
func (r *Relay) callOn(ctx context.Context, addr *net.TCPAddr) error {
	nc, err := knock(ctx, reachable(addr))
	switch {
	case ctx.Err() != nil && err != nil, errors.Is(err, syscall.ECONNREFUSED):
		return err
	case err != nil:
		return nil // the way there is closed, and not the door
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	own := nc.LocalAddr().String()
	r.calling.Store(&own)
	defer r.calling.Store(nil)
	if r.opts.TLS != nil {
		// Whether others trust the certificate is another question.
		nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	}
	if _, err = io.WriteString(nc, "GET /~healthz/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err == nil {
		_, err = nc.Read(make([]byte, 1))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	said, _ := errors.AsType[*net.OpError](err)
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || said != nil && said.Op == "remote error" {
		return nil // the last is what TLS makes of a word of the other end's
	}
	return err
}

// knock connects to the first address that can be reached.
func knock(ctx context.Context, addrs []netip.AddrPort) (nc net.Conn, err error) {
	for _, a := range addrs {
		var d net.Dialer
		if nc, err = d.DialContext(ctx, "tcp", a.String()); err == nil {
			return nc, nil
		}
	}
	return nil, err
}

// reachable is where a relay that listens on an address can be reached from its own
// machine. Who listens on all of IPv6 mostly does so on all of IPv4 too, and
// there may be no address of one of them.
func reachable(addr *net.TCPAddr) []netip.AddrPort {
	ap := addr.AddrPort()
	ip, port := ap.Addr().Unmap(), ap.Port()
	four := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
	switch {
	case !ip.IsUnspecified():
		return []netip.AddrPort{netip.AddrPortFrom(ip, port)}
	case ip.Is4():
		return []netip.AddrPort{four}
	}
	return []netip.AddrPort{netip.AddrPortFrom(netip.IPv6Loopback(), port), four}
}

// isOwnCall reports whether a visitor is the relay that calls on itself.
func (v *visitor) isOwnCall() bool {
	own := v.relay.calling.Load()
	return own != nil && v.source.peer != nil && v.source.peer.String() == *own
}
