//go:build !unix

package http1

import (
	"errors"
	"io"
	"os"
	"time"
)

// looker is not needed where nothing can be peeked at.
type looker struct{}

// probe waits a millisecond for a byte, the shortest read that a system
// without a peek allows. The byte, if one comes, stays in the buffer.
func (c *Conn) probe() PeerState {
	c.SetReadTimeout(time.Millisecond)
	err := c.fill(smallBuffer)
	c.SetReadTimeout(0)
	switch {
	case err == nil:
		return PeerSpoke
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.releaseIn()
		return PeerSilent
	case errors.Is(err, io.ErrShortBuffer):
		return PeerSpoke
	}
	return PeerGone
}
