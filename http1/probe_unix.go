//go:build unix

package http1

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// looker peeks at one socket. It is kept with its connection, since pools look
// at every link that they hand out.
type looker struct {
	raw   syscall.RawConn
	peek  func(fd uintptr)
	state PeerState
}

func newLooker(nc net.Conn) *looker {
	l := &looker{}
	l.peek = func(fd uintptr) { l.state = peek(int(fd)) }
	if sc, ok := nc.(syscall.Conn); ok {
		l.raw, _ = sc.SyscallConn() // an error shows at the first read as well
	}
	return l
}

// probe peeks at the socket without waiting.
func (c *Conn) probe() PeerState {
	nc := c.nc
	if t, ok := nc.(*tls.Conn); ok {
		if s := c.readAhead(); s != PeerSilent {
			return s
		}
		nc = t.NetConn() // what lies there unread is an alert, or unasked for
	}
	if c.look == nil {
		c.look = newLooker(nc)
	}
	if c.look.raw == nil {
		return PeerSilent
	}
	if c.look.raw.Control(c.look.peek) != nil {
		return PeerGone
	}
	return c.look.state
}

// readAhead looks for bytes that the TLS layer holds already. Its deadline is
// past, so that nothing is taken from the socket.
func (c *Conn) readAhead() PeerState {
	c.nc.SetReadDeadline(time.Unix(1, 0))
	err := c.fill(smallBuffer)
	c.SetReadTimeout(0)
	switch {
	case err == nil:
		return PeerSpoke
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.releaseIn()
		return PeerSilent
	}
	return PeerGone
}

func peek(fd int) PeerState {
	var one [1]byte
	for {
		n, _, err := syscall.Recvfrom(fd, one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK:
			return PeerSilent
		case err != nil || n == 0:
			return PeerGone
		}
		return PeerSpoke
	}
}

var _ syscall.Conn = (*net.TCPConn)(nil)
