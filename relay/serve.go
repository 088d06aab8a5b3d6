package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"homehook/http1"
)

const (
	handshakeTimeout = 10 * time.Second
	idleTimeout      = time.Minute // between two requests of a sender
)

// Serve takes connections from its listeners, of which there is at least one, and
// closes them, until ctx ends. Then running exchanges get DrainTimeout to finish,
// and links at rest are closed. It returns nil when ctx ended or the relay was
// closed, and why when one of the listeners is of no use any more. It may be
// called once.
func (r *Relay) Serve(ctx context.Context, listeners ...net.Listener) error {
	ln := newDoors(listeners)
	defer ln.Close()
	visiting, stopVisits := context.WithCancel(context.WithoutCancel(ctx))
	defer stopVisits()
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSending()
	shutQueue, err := r.openQueue(ctx, sending)
	if err != nil {
		return err
	}
	defer shutQueue()
	stopAccept := context.AfterFunc(ctx, func() {
		stopSending()
		r.settle()
		stopVisits()
		ln.Close()
	})
	defer stopAccept()
	r.conns.onEnd(func() { ln.Close() })

	stopH2 := r.h2.start()
	defer stopH2()

	r.swept.Store(time.Now().UnixNano())
	var sweeper, visits sync.WaitGroup
	sweeping, stopSweep := context.WithCancel(context.WithoutCancel(ctx))
	sweeper.Go(func() { r.sweep(sweeping) })
	r.serving.Store(ln.addresses())
	if r.opts.Ready != nil {
		r.opts.Ready()
	}
	err = r.accept(visiting, ln, &visits)
	stopVisits()
	stopSending()
	r.drain(&visits)
	stopSweep()
	sweeper.Wait()
	if ctx.Err() != nil || r.conns.isEnded() {
		return nil
	}
	return fmt.Errorf("accept connections: %w", err)
}

// accept returns when ln is closed or of no use any more. What the system
// reports is waited out: it is mostly a lack of file descriptors.
func (r *Relay) accept(ctx context.Context, ln net.Listener, visits *sync.WaitGroup) error {
	failed := 0
	for {
		nc, err := ln.Accept()
		if err == nil {
			failed = 0
			visits.Go(func() { r.visit(ctx, nc) })
			continue
		}
		var system *os.SyscallError
		if failed++; errors.Is(err, net.ErrClosed) || !errors.As(err, &system) {
			return err
		}
		r.log.Warn("accept connection", keyError, err)
		select {
		case <-ctx.Done():
		case <-time.After(min(time.Second, time.Duration(failed)*10*time.Millisecond)):
		}
	}
}

// settle is the first part of the end: senders are sent away, but agents that
// took a request home with a poll can still bring its answer, for which they may
// have to connect.
func (r *Relay) settle() {
	r.ends.Store(time.Now().Add(r.opts.DrainTimeout).UnixNano())
	r.dir.each(func(c *claim) { c.drain() })
	late := time.NewTimer(r.opts.DrainTimeout)
	defer late.Stop()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for r.awaited() > 0 && !r.conns.isEnded() {
		select {
		case <-late.C:
			return
		case <-look.C:
		}
	}
}

// awaited is how many exchanges wait for an agent to bring the answer.
func (r *Relay) awaited() int {
	n := 0
	r.dir.each(func(c *claim) { n += c.replies.Len() })
	return n
}

// drain waits for the running exchanges, and cuts off what takes too long. What
// of it was accepted is in the queue.
func (r *Relay) drain(visits *sync.WaitGroup) {
	r.dir.each(func(c *claim) { c.drain() })
	r.h2.drain()
	left := r.opts.DrainTimeout
	if at := r.ends.Load(); at != 0 {
		left = time.Until(time.Unix(0, at))
	}
	late := time.AfterFunc(left, func() {
		r.log.Warn("exchanges cut off at the end")
		r.conns.end()
		r.dir.each(func(c *claim) { c.end() })
	})
	visits.Wait()
	r.couriers.Wait()
	r.lines.Wait()
	late.Stop()
	r.dir.each(func(c *claim) { c.cut() })
}

// visit serves one connection until it ends or becomes a link.
func (r *Relay) visit(ctx context.Context, nc net.Conn) {
	v := newVisitor(r, nc)
	if !r.conns.add(v) {
		r.log.Debug("connection refused, too many", keyAddr, v.ip)
		nc.Close()
		return
	}
	err := v.handshake(ctx)
	switch {
	case err != nil:
		v.conn.Close()
	case v.speaksH2():
		r.h2.serve(v)
	default:
		err = v.conn.Serve(ctx, v.handle)
	}
	v.end.set()
	r.conns.remove(v)
	v.unkeep()
	switch {
	case v.opened != nil:
		r.finishUpgrade(v.opened, err)
		return
	case v.turned != nil:
		r.finishTurn(ctx, v.turned, err)
		return
	case v.parked != nil:
		v.parked.Start(err)
		return
	}
	r.logBroken(v, err)
	if err != nil && !errors.Is(err, http1.ErrHijacked) {
		r.log.Debug("connection ended", keyAddr, v.ip, keyError, err)
	}
}

// handshake sets TLS up on the connection's own goroutine, in bounded time.
func (v *visitor) handshake(ctx context.Context) error {
	t, ok := v.conn.NetConn().(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	return t.HandshakeContext(ctx)
}

// wrap makes a TLS connection of a plain one, if the relay is to.
func (r *Relay) wrap(nc net.Conn) net.Conn {
	if r.opts.TLS == nil {
		return nc
	}
	return tls.Server(nc, r.opts.TLS)
}

func (r *Relay) newConn(nc net.Conn) *http1.Conn { return http1.NewConn(r.wrap(nc), r.edgeLimits()) }
