package ptth

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// probeEvery and probeCount are how a connection is asked for a sign of life
	// when there is doubt: three times, a second apart.
	probeEvery = time.Second
	probeCount = 3

	// probeTime is until each connection has answered or was given up. Some
	// systems wait for a second before they send the first probe.
	probeTime = (probeCount+1)*probeEvery + probeEvery/2

	// freshTry is the age to which an attempt to reach a relay is taken for one on
	// the network as it is now.
	freshTry = 2 * time.Second
)

// errNewNetwork ends attempts to reach a relay that began on a network which is
// no longer the machine's.
var errNewNetwork = errors.New("the network of this machine has changed")

// usualKeepAlive is how connections are kept alive the rest of the time.
var usualKeepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: probeCount}

// connections are those that a dialer has opened, below TLS and behind proxies.
type connections struct {
	mu    sync.Mutex // guards the rest
	open  []*net.TCPConn
	tidy  int // how many there may be until those that were closed are looked for
	tries map[*try]bool
}

// try is an attempt to reach a relay that is under way.
type try struct {
	began time.Time
	end   context.CancelCauseFunc
}

// try begins an attempt, in a context that ends when the network changes too.
func (c *connections) try(ctx context.Context) (_ context.Context, done func()) {
	ctx, end := context.WithCancelCause(ctx)
	t := &try{began: time.Now(), end: end}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tries == nil {
		c.tries = make(map[*try]bool)
	}
	c.tries[t] = true
	return ctx, func() {
		c.mu.Lock()
		delete(c.tries, t)
		c.mu.Unlock()
		end(nil)
	}
}

// endTries ends the attempts that are not fresh.
func (c *connections) endTries() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.tries {
		if time.Since(t.began) >= freshTry {
			t.end(errNewNetwork)
		}
	}
}

// add takes a new connection in.
func (c *connections) add(nc net.Conn) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open = append(c.open, tcp); len(c.open) > c.tidy {
		c.tidyLocked()
	}
}

// tidyLocked forgets connections that were closed.
func (c *connections) tidyLocked() {
	left := c.open[:0]
	for _, nc := range c.open {
		if isOpen(nc) {
			left = append(left, nc)
		}
	}
	clear(c.open[len(left):])
	c.open, c.tidy = left, 2*len(left)+8
}

// isOpen reports whether this end has not closed a connection.
func isOpen(nc *net.TCPConn) bool {
	raw, err := nc.SyscallConn()
	return err == nil && raw.Control(func(uintptr) {}) == nil
}

// all returns the open connections.
func (c *connections) all() []*net.TCPConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidyLocked()
	return append([]*net.TCPConn(nil), c.open...)
}

// CheckConnections finds out which of the open connections still lead somewhere,
// after a sleep of the machine or a change of its network, and breaks the others:
// links on them end as if the relay had gone. Those from an address that the
// machine no longer has end at once. The others are asked by the system's own
// means, of which no relay and no proxy has to know, and end when nothing comes
// back for three seconds. One on which data is under way cannot be asked; on Linux
// it ends when none of that is confirmed, elsewhere it is left to its own time
// limits. Attempts to open a link that have been under way for two seconds end too.
// CheckConnections returns after 4.5 s, at the end of ctx, or at once if there is
// nothing to ask.
func (d *Dialer) CheckConnections(ctx context.Context) {
	d.connections.endTries()
	asked, busy := d.connections.ask()
	if len(asked) == 0 {
		return
	}
	t := time.NewTimer(probeTime)
	defer t.Stop()
	select {
	case <-t.C:
		for _, nc := range busy {
			// Data that was sent later would have shown as well if it had arrived.
			if still, silent := underway(nc); still && silent >= probeTime {
				abandon(nc)
			}
		}
	case <-ctx.Done():
	}
	for _, nc := range asked {
		nc.SetKeepAliveConfig(usualKeepAlive) // fails for those that are gone
	}
}

// abandon closes a connection whose other end would not hear a farewell.
func abandon(nc *net.TCPConn) {
	nc.SetLinger(0)
	nc.Close()
}

// ask breaks connections from nowhere, and has the system ask the others for a
// sign of life, which it can do only once data is confirmed that is under way on
// them.
func (c *connections) ask() (asked, busy []*net.TCPConn) {
	lost := make(map[netip.Addr]bool)
	for _, nc := range c.all() {
		from := addressOf(nc)
		gone, known := lost[from]
		if !known {
			gone = isForeign(from)
			lost[from] = gone
		}
		if gone {
			abandon(nc)
			continue
		}
		// Interval and number first: the last setting sends the first probe.
		sooner := net.KeepAliveConfig{Enable: true, Idle: -1, Interval: probeEvery, Count: probeCount}
		if nc.SetKeepAliveConfig(sooner) != nil {
			continue
		}
		sooner.Idle = probeEvery
		if nc.SetKeepAliveConfig(sooner) != nil {
			continue
		}
		asked = append(asked, nc)
		if on, _ := underway(nc); on {
			busy = append(busy, nc)
		}
	}
	return asked, busy
}

// isForeign reports whether the machine no longer has an address. To use it for
// something else is the one way to know that every system has, and that a sandbox
// leaves to a service.
func isForeign(a netip.Addr) bool {
	pc, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
	if err != nil {
		return errors.Is(err, addressGone)
	}
	pc.Close()
	return false
}

// addressOf is the address of this machine that a connection comes from.
func addressOf(nc *net.TCPConn) netip.Addr {
	a, ok := nc.LocalAddr().(*net.TCPAddr)
	if !ok {
		return netip.IPv6Unspecified()
	}
	return a.AddrPort().Addr().Unmap()
}
