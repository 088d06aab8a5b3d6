package routes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"homehook/http1"
)

const (
	// maxRetries keeps what waits at the sender's expense short; the executor's
	// own retries take hours.
	maxRetries = 5

	// retryPause is between two tries: a server that restarts needs about that.
	retryPause = time.Second
)

func (c *compiler) retries(path string, n int) int {
	if n < 0 || n > maxRetries {
		c.report(path, fmt.Sprintf("a connection cannot be tried %d times again", n), fmt.Sprintf("use a number from 0 to %d", maxRetries))
	}
	return n
}

// connect returns a connection to the target. One that could not be opened is
// tried again as often as the route says, while the sender is there: nothing of
// the request has gone out yet, so that this does no harm.
func (f *forwarder) connect(ctx context.Context, x *http1.Exchange, fresh bool) (*upstream, error) {
	u, err := f.pool.get(ctx, fresh)
	for tries := 0; err != nil && tries < f.retries && mayOpen(err); tries++ {
		if x.Conn() != nil && x.Conn().PeerState() == http1.PeerGone {
			break
		}
		if !pause(ctx, retryPause) {
			return nil, &fault{503, textStopped, errStopped, FailedStopped}
		}
		u, err = f.pool.get(ctx, true)
	}
	return u, err
}

// mayOpen reports whether a connection that could not be opened may be a moment
// later: not where the address or the certificate is what is wrong.
func mayOpen(err error) bool {
	if errors.Is(err, errAddress) || errors.Is(err, errStopped) {
		return false
	}
	if _, ok := errors.AsType[*lanError](err); ok {
		return false
	}
	_, badCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	return !badCertificate
}

// pause waits, and reports false when ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
