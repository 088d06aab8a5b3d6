package ptth

import (
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"

	"homehook/http1"
)

// errUploadOver ends the reading of a body that net/http has closed.
var errUploadOver = errors.New("the upload was given up")

// h2Upload is a sender's long body as net/http reads it, on a goroutine of its
// own that may go on when the response has come. Its owner is the exchange,
// which settles it in Done.
type h2Upload struct {
	body    *http1.Body
	trailer http.Header // gets the trailer fields at the end

	mu      sync.Mutex
	changed chan struct{} // replaced and closed at each change
	reading bool
	closed  bool  // by net/http: nothing is read any more
	err     error // why reading ended; io.EOF for the body's end
}

var _ io.ReadCloser = (*h2Upload)(nil)

func newH2Upload(b *http1.Body) *h2Upload {
	return &h2Upload{body: b, trailer: make(http.Header), changed: make(chan struct{})}
}

// Read reads for net/http, on one goroutine.
func (u *h2Upload) Read(p []byte) (int, error) {
	if err := u.begin(); err != nil {
		return 0, err
	}
	n, err := u.body.Read(p)
	if err == io.EOF {
		for name, value := range u.body.Trailer().All() {
			if key := textproto.CanonicalMIMEHeaderKey(string(name)); mayTrail(key) {
				u.trailer[key] = append(u.trailer[key], string(value))
			}
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reading, u.err = false, err
	u.wakeLocked()
	return n, err
}

func (u *h2Upload) begin() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.err != nil:
		return u.err
	case u.closed:
		return errUploadOver
	}
	u.reading = true
	return nil
}

// Close is net/http's word that it will read no more. A read that runs is left
// to the sender: what it sends is not wanted, but the answer to it is.
func (u *h2Upload) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	u.wakeLocked()
	return nil
}

func (u *h2Upload) wakeLocked() {
	close(u.changed)
	u.changed = make(chan struct{})
}

// settled reports whether nothing reads the body, now or later; else it
// returns what is closed when that may have changed.
func (u *h2Upload) settled() (bool, <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.reading && (u.closed || u.err != nil), u.changed
}

// settle waits for that until late.
func (u *h2Upload) settle(late <-chan time.Time) bool {
	for {
		ok, changed := u.settled()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-late:
			return false
		}
	}
}

// settledSoon allows for an answer that overtakes the end of the upload.
func (u *h2Upload) settledSoon() bool {
	t := time.NewTimer(10 * time.Millisecond)
	defer t.Stop()
	return u.settle(t.C)
}

// broken returns why the sender's body could not be read; nil when it could.
func (u *h2Upload) broken() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err == nil || u.err == io.EOF {
		return nil
	}
	return &http1.CopyError{Reading: true, Err: u.err}
}

// neverTrailing are fields that agents with net/http take for a breach of the
// protocol behind a body, and the whole link as broken.
var neverTrailing = []string{
	"Authorization", "Cache-Control", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type",
	"Expect", "Host", "Max-Forwards", "Pragma", "Range", "Realm", "Trailer", "Transfer-Encoding", "Www-Authenticate",
}

func mayTrail(key string) bool {
	return !strings.HasPrefix(key, "If-") && !slices.Contains(neverTrailing, key)
}
