package fastcgi

import (
	"context"
	"net"
	"sync"
	"time"
)

const (
	maxIdle = 32               // connections that wait for a request
	idleFor = 30 * time.Second // how long one does
)

// Pool opens connections to one responder, and keeps those that may be used
// again. Its methods may be called by several goroutines at once.
type Pool struct {
	network, address string
	dialer           net.Dialer
	keep             bool

	mu     sync.Mutex
	idle   []*Conn // by the time they became idle
	timer  *time.Timer
	closed bool
}

// NewPool returns a pool for the responder at an address of package net. With
// keep, connections are left open. The caller closes the pool.
func NewPool(network, address string, dialer net.Dialer, keep bool) *Pool {
	return &Pool{network: network, address: address, dialer: dialer, keep: keep}
}

// Get returns a connection to begin a request on: one that is idle, unless fresh
// is set, else a new one.
func (p *Pool) Get(ctx context.Context, fresh bool) (*Conn, error) {
	for !fresh {
		c := p.pop()
		if c == nil {
			break
		}
		if time.Since(c.since) < idleFor && isQuiet(c.nc) {
			c.reused = true
			return c, nil
		}
		c.Close()
	}
	nc, err := p.dialer.DialContext(ctx, p.network, p.address)
	if err != nil {
		return nil, err
	}
	return NewConn(nc, p.keep), nil
}

// Put takes a connection back whose answer has been read, or closes it.
func (p *Pool) Put(c *Conn) {
	c.since = time.Now()
	p.mu.Lock()
	keep := !p.closed && c.Reusable() && len(p.idle) < maxIdle
	if keep {
		p.idle = append(p.idle, c)
		if p.timer == nil {
			p.timer = time.AfterFunc(idleFor, p.sweep)
		}
	}
	p.mu.Unlock()
	if !keep {
		c.Close()
	}
}

// Close closes the connections that are idle. Those in use close when they are
// put back.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.drop(len(p.idle))
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

func (p *Pool) pop() *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle) - 1
	if n < 0 {
		return nil
	}
	c := p.idle[n]
	p.idle = p.idle[:n]
	return c
}

// sweep closes what was idle for too long, and comes again while there is more.
func (p *Pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := 0
	for old < len(p.idle) && time.Since(p.idle[old].since) >= idleFor {
		old++
	}
	p.drop(old)
	p.timer = nil
	if len(p.idle) > 0 && !p.closed {
		p.timer = time.AfterFunc(idleFor-time.Since(p.idle[0].since), p.sweep)
	}
}

// drop closes the n connections that have been idle longest.
func (p *Pool) drop(n int) {
	for _, c := range p.idle[:n] {
		c.Close()
	}
	p.idle = append(p.idle[:0:0], p.idle[n:]...)
}
