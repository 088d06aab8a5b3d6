package routes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"homehook/http1"
)

const (
	maxIdle     = 256              // idle connections kept for one target
	idleFor     = 30 * time.Second // how long one is kept
	dialTimeout = 10 * time.Second
	shyFor      = time.Minute // without reuse, once a target closed under a request
	never       = 100 * 365 * day
)

// pool holds the connections to one target that wait for a request. The one
// used last is taken first, so that what a burst has opened can grow old.
type pool struct {
	target target
	tls    *tls.Config
	dialer net.Dialer
	limits http1.Limits

	mu     sync.Mutex
	idle   []*upstream // by the time they became idle
	shy    time.Time   // until then nothing is kept
	timer  *time.Timer // closes what grew old; set while armed
	closed bool
}

// upstream is one connection to a target.
type upstream struct {
	conn    *http1.Conn
	since   time.Time // idle since
	reused  bool
	scratch []byte // the target of a request, when it must be put together
	watch   watch
	upload  upload
}

// newPool makes the pool of a target. conf is nil for one without TLS; lan lets
// its name lead into the local network.
func newPool(t target, conf *tls.Config, lan bool, timeout time.Duration) *pool {
	p := &pool{target: t, tls: conf, dialer: net.Dialer{Timeout: dialTimeout, Control: guardOf(&t, lan)}}
	// The watch keeps time for whole exchanges, so no read has a deadline of
	// its own: a response may pause as long as it likes once it began.
	p.limits = http1.Limits{HeadTimeout: never, BodyRate: -1, BodyWindow: -1, WriteTimeout: timeout}
	return p
}

// get returns a connection to send a request on: an idle one that is in
// order, unless fresh is set, else a new one.
func (p *pool) get(ctx context.Context, fresh bool) (*upstream, error) {
	for !fresh {
		u := p.pop()
		if u == nil {
			break
		}
		state := u.conn.PeerState()
		if state == http1.PeerSilent && time.Since(u.since) < idleFor {
			u.reused = true
			return u, nil
		}
		u.conn.Close()
		if state == http1.PeerSpoke {
			p.distrust()
		}
	}
	return p.dial(ctx)
}

func (p *pool) pop() *upstream {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle) - 1
	if n < 0 {
		return nil
	}
	u := p.idle[n]
	p.idle[n] = nil
	p.idle = p.idle[:n]
	return u
}

// put takes a connection back after an exchange that left it in order.
func (p *pool) put(u *upstream) {
	u.conn.Release()
	u.since = time.Now()
	p.mu.Lock()
	keep := !p.closed && len(p.idle) < maxIdle && u.since.After(p.shy)
	if keep {
		p.idle = append(p.idle, u)
		if p.timer == nil {
			p.timer = time.AfterFunc(idleFor, p.sweep)
		}
	}
	p.mu.Unlock()
	if !keep {
		u.conn.Close()
	}
}

// sweep closes the connections that were idle for too long, and comes again
// while there are others.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := 0
	for old < len(p.idle) && time.Since(p.idle[old].since) >= idleFor {
		p.idle[old].conn.Close()
		old++
	}
	p.idle = append(p.idle[:0], p.idle[old:]...)
	clear(p.idle[len(p.idle) : len(p.idle)+old])
	p.timer = nil
	if len(p.idle) > 0 && !p.closed {
		p.timer = time.AfterFunc(idleFor-time.Since(p.idle[0].since), p.sweep)
	}
}

// distrust stops reuse for a while. Some servers close behind a response
// without saying so; a request that meets the close half way may be lost.
// Others write more than they announced, which the next request on the
// connection would take for its answer.
func (p *pool) distrust() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shy = time.Now().Add(shyFor)
	p.drop()
}

// drop closes all idle connections.
func (p *pool) drop() {
	for _, u := range p.idle {
		u.conn.Close()
	}
	clear(p.idle)
	p.idle = p.idle[:0]
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.drop()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

func (p *pool) dial(ctx context.Context) (*upstream, error) {
	nc, err := p.dialer.DialContext(ctx, p.target.network, p.target.address)
	if err == nil && p.tls != nil {
		nc, err = handshake(ctx, nc, p.tls)
	}
	if err != nil {
		return nil, p.dialFault(ctx, err)
	}
	u := &upstream{conn: http1.NewConn(nc, p.limits)}
	u.watch.conn = nc
	return u, nil
}

func handshake(ctx context.Context, nc net.Conn, conf *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	tc := tls.Client(nc, conf)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return tc, nil
}

func (p *pool) dialFault(ctx context.Context, err error) *fault {
	f := &fault{status: 502, text: "the server behind this route cannot be reached", kind: FailedUnreachable}
	f.err = fmt.Errorf("connect to %s: %w", p.target.address, cause(err))
	var ne net.Error
	switch {
	case ctx.Err() != nil:
		*f = fault{503, textStopped, errStopped, FailedStopped}
	case errors.Is(err, syscall.ECONNREFUSED):
		f.text = "the server behind this route refuses connections"
	case errors.As(err, &ne) && ne.Timeout(), errors.Is(err, context.DeadlineExceeded):
		f.status, f.text = 504, "the server behind this route did not accept a connection in time"
		f.err = fmt.Errorf("connect to %s: no answer in %s", p.target.address, dialTimeout)
	}
	return f
}

// cause peels off what an error says about the operation, which the text
// around it says in the house's words.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	return err
}
