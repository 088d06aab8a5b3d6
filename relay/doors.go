package relay

import (
	"net"
	"sync"
)

// doors are several listeners as one. Each has a goroutine that accepts, and waits
// with what it got until somebody takes it: so one at most is accepted for each
// that nobody has asked for.
type doors struct {
	all  []net.Listener
	come chan arrivalAt
	shut chan struct{}
	once sync.Once
	wg   sync.WaitGroup
}

// arrivalAt is what a door has for Accept.
type arrivalAt struct {
	nc  net.Conn
	err error
}

// newDoors makes one listener of several; one alone stays as it is.
func newDoors(all []net.Listener) *doors {
	d := &doors{all: all, come: make(chan arrivalAt), shut: make(chan struct{})}
	if len(all) > 1 {
		for _, ln := range all {
			d.wg.Go(func() { d.open(ln) })
		}
	}
	return d
}

// open accepts until its listener is closed. What goes wrong is told: Accept's
// caller knows what is to be waited out.
func (d *doors) open(ln net.Listener) {
	for {
		nc, err := ln.Accept()
		select {
		case d.come <- arrivalAt{nc, err}:
		case <-d.shut:
			if err == nil {
				nc.Close()
			}
			return
		}
	}
}

// Accept returns the next connection, or error, of any listener.
func (d *doors) Accept() (net.Conn, error) {
	if len(d.all) == 1 {
		return d.all[0].Accept()
	}
	select {
	case a := <-d.come:
		return a.nc, a.err
	case <-d.shut:
		return nil, net.ErrClosed
	}
}

// Close closes all listeners and waits for their goroutines. It may be called more
// than once.
func (d *doors) Close() error {
	d.once.Do(func() { close(d.shut) })
	for _, ln := range d.all {
		ln.Close()
	}
	d.wg.Wait()
	return nil
}

// Addr returns the first address.
func (d *doors) Addr() net.Addr { return d.all[0].Addr() }

// addresses returns where the listeners are.
func (d *doors) addresses() *[]net.Addr {
	list := make([]net.Addr, len(d.all))
	for i, ln := range d.all {
		list[i] = ln.Addr()
	}
	return &list
}

var _ net.Listener = (*doors)(nil)
