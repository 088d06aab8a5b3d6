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

// probe peeks at the socket without waiting.
func (c *Conn) probe() PeerState {
	nc := c.nc
	if t, ok := nc.(*tls.Conn); ok {
		if s := c.readAhead(); s != PeerSilent {
			return s
		}
		nc = t.NetConn() // what lies there unread is an alert, or unasked for
	}
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return PeerSilent
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return PeerGone
	}
	state := PeerSilent
	err = raw.Control(func(fd uintptr) { state = peek(int(fd)) })
	if err != nil {
		return PeerGone
	}
	return state
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
		c.Release()
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
