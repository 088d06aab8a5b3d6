package ptth

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"homehook/http1"
)

// parkedAnswer is the sign of life on a connection of PTTH/1.0 parked, to the
// letter: agents of that kind compare it so.
const parkedAnswer = "HTTP/1.1 204 \r\n\r\n"

// Unpark answers an upgrade request of PTTH/1.0 parked for which there is no
// work: the agent is to repeat it on the same connection.
func Unpark(x *http1.Exchange) error { return x.Raw(204, parkedAnswer) }

// Parked is the relay's end of a connection of PTTH/1.0 parked: an upgrade
// request that is held without an answer until there is an exchange to be
// carried. Its 101 goes out only then, and the connection is a link from there
// on.
//
// Two goroutines meet here. The one that serves the agent's connection calls
// [Park], waits for Wanted, calls Switch, and once [http1.Conn.Serve] has
// returned, Start. The other one uses the [Carrier] and gets the connection
// with that.
type Parked struct {
	offer Offer
	x     *http1.Exchange
	conn  *http1.Conn
	grant func(*http1.Writer)
	since time.Time

	wanted chan struct{} // closed when the wait is over
	ready  chan struct{} // closed when link and err are set
	link   *Link
	err    error

	mu    sync.Mutex // guards what follows, and looks at the held connection
	state parkedState
}

type parkedState uint8

const (
	parkedHeld  parkedState = iota
	parkedAsked             // Do waits for the link
	parkedOver              // given up
)

var _ Carrier = (*Parked)(nil)

// Park holds an upgrade request. fields may add fields to its 101.
func Park(x *http1.Exchange, o Offer, fields func(*http1.Writer)) *Parked {
	x.Conn().Release()
	return &Parked{
		offer: o, x: x, conn: x.Conn(), grant: fields, since: time.Now(),
		wanted: make(chan struct{}), ready: make(chan struct{}),
	}
}

// Wanted is closed when there is an exchange to be carried, or the connection
// was given up: Switch tells which.
func (p *Parked) Wanted() <-chan struct{} { return p.wanted }

// Switch answers 101 and takes the connection from its server loop. It reports
// false, having done nothing, when the connection was given up; else Start must
// be called.
func (p *Parked) Switch() bool {
	p.mu.Lock()
	asked := p.state == parkedAsked
	p.mu.Unlock()
	if asked {
		p.link, p.err = Accept(p.x, p.offer, p.grant)
	}
	return asked
}

// Start hands the connection over, which the server loop has left with the
// given error.
func (p *Parked) Start(served error) {
	if p.err == nil && !errors.Is(served, http1.ErrHijacked) {
		p.err = cmp.Or(served, ErrNotSent)
	}
	if p.err == nil {
		p.err = p.link.Start()
	}
	close(p.ready)
}

// end leaves the state held, if that is what it is.
func (p *Parked) end(to parkedState) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != parkedHeld {
		return false
	}
	p.state = to
	close(p.wanted)
	return true
}

// Traits tells what the connection can do.
func (p *Parked) Traits() Traits {
	return Traits{Dialect: p.offer.Dialect, Ours: p.offer.Ours, Tunnels: true, Streams: true, Once: true, Stays: true}
}

// Do asks for the link at the first exchange, and carries it like the later
// ones: see [Carrier].
func (p *Parked) Do(c *Call) (*http1.Response, error) {
	if p.end(parkedAsked) {
		<-p.ready
	}
	if !p.open() {
		return nil, ErrNotSent
	}
	return p.link.Do(c)
}

// open reports whether there is a link.
func (p *Parked) open() bool {
	select {
	case <-p.ready:
		return p.err == nil
	default:
		return false
	}
}

// Uploading is that of the link.
func (p *Parked) Uploading() bool { return p.open() && p.link.Uploading() }

// Switched gives away the connection behind a response 101.
func (p *Parked) Switched() *http1.Conn { return p.link.Switched() }

// Done ends an exchange and reports whether there can be another one.
func (p *Parked) Done() bool { return p.open() && p.link.Done() }

// Check looks at the connection while it is held, or at the link.
func (p *Parked) Check() http1.PeerState {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.state == parkedHeld:
		return p.conn.PeerState()
	case p.state == parkedOver || !p.open():
		return http1.PeerGone
	}
	return p.link.Check()
}

// Ping fails: the agent has asked for no pings.
func (p *Parked) Ping(time.Duration) error { return &CannotError{"a parked connection is not pinged"} }

// Used reports whether an exchange was carried.
func (p *Parked) Used() bool { return p.open() && p.link.Used() }

// IdleSince tells since when the request is held, or when the last exchange
// ended.
func (p *Parked) IdleSince() time.Time {
	if p.open() {
		return p.link.IdleSince()
	}
	return p.since
}

// Close gives the connection up. That comes first: who waits for Wanted would
// else still answer on it.
func (p *Parked) Close() error {
	err := p.conn.Close()
	p.end(parkedOver)
	return err
}

// RemoteAddr returns the agent's address as the relay sees it.
func (p *Parked) RemoteAddr() string { return p.conn.NetConn().RemoteAddr().String() }
