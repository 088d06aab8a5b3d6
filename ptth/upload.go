package ptth

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"homehook/http1"
)

// upload sends a long body on a goroutine of its own, so that an answer which
// comes before the body's end is seen, and a full-duplex stream does not lock
// up. Its owner is the exchange, which joins it in Link.Done.
type upload struct {
	body *http1.Body
	done chan struct{}
	err  error // valid when done is closed
}

// startUpload sends body on c. When the sender's side of that breaks, it wakes
// who waits on c for an answer, which will not come. When the agent's side
// breaks, an answer may have come before, and must stay readable.
func startUpload(c *http1.Conn, body *http1.Body) *upload {
	u := &upload{body: body, done: make(chan struct{})}
	go func() {
		w := c.Writer()
		if u.err = w.Copy(body); u.err == nil {
			u.err = w.Finish()
		}
		close(u.done)
		var broken *http1.CopyError
		if errors.As(u.err, &broken) && broken.Reading {
			c.NetConn().SetReadDeadline(time.Unix(1, 0))
		}
	}()
	return u
}

func (u *upload) finished() bool {
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}

// finishedSoon allows for an answer that overtakes the end of the goroutine
// which sent the last byte of its request.
func (u *upload) finishedSoon() bool {
	if u.finished() {
		return true
	}
	t := time.NewTimer(10 * time.Millisecond)
	defer t.Stop()
	select {
	case <-u.done:
		return true
	case <-t.C:
		return false
	}
}

// abort ends an upload that nobody waits for, and with it the link.
func (u *upload) abort(c *http1.Conn) {
	u.body.Abort()
	c.Close()
	<-u.done
}

// keepAliveTimeout reads "timeout=5" from the value of a Keep-Alive field.
func keepAliveTimeout(v []byte) (time.Duration, bool) {
	for item := range bytes.SplitSeq(v, []byte{','}) {
		name, value, ok := bytes.Cut(bytes.TrimSpace(item), []byte{'='})
		if !ok || !bytes.EqualFold(name, []byte("timeout")) {
			continue
		}
		if n, err := strconv.Atoi(string(value)); err == nil && n > 0 && n < 1<<20 {
			return time.Duration(n) * time.Second, true
		}
	}
	return 0, false
}
