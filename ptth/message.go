package ptth

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"time"

	"homehook/http1"
)

// messageType is the type of an entity that holds one HTTP message.
const messageType = "message/http"

// errNoMessage reports an entity that ends before the head of a message does.
var errNoMessage = malformed("the body does not hold an HTTP message")

// messageLimits are for the head of a message in an entity. How fast the
// entity comes is its carrier's concern.
var messageLimits = http1.Limits{Target: http1.GrownTarget, Head: http1.GrownHead, Fields: http1.GrownFields, HeadTimeout: -1, IdleTimeout: -1, BodyRate: -1, BodyWindow: -1, WriteTimeout: -1}

// requestHead renders the head of a request for an entity. n is the length of
// its body: -1 when none is to be announced, because there is no body or its
// length is not known.
func requestHead(r *http1.Request, n int64) []byte {
	var b bytes.Buffer
	w := http1.NewWriter(&b)
	w.StartRequest(r.Method, r.Target)
	w.CopyFields(&r.Head, http1.HopByHop)
	if n >= 0 {
		w.EndLength(n)
	} else {
		w.EndEmpty()
	}
	w.Flush()
	return b.Bytes()
}

// responseHead renders the head of a final response for an entity. length is
// that of the body that follows, -1 when it is not known; asked is the method
// of the request: the answer to HEAD keeps the length that it announces.
func responseHead(res *http1.Response, length int64, asked []byte) []byte {
	var b bytes.Buffer
	w := http1.NewWriter(&b)
	w.StartResponse(res.Status, res.Reason)
	w.CopyFields(&res.Head, http1.HopByHop)
	switch stated := res.ContentLength(); {
	case res.Status == 204:
		w.EndEmpty()
	case string(asked) == "HEAD" || res.Status == 304:
		if stated >= 0 {
			w.FieldBytes("Content-Length", strconv.AppendInt(nil, stated, 10))
		}
		w.EndEmpty()
	case length >= 0:
		w.EndLength(length)
	default:
		w.EndEmpty()
	}
	w.Flush()
	return b.Bytes()
}

// readRequest reads the request that an entity of n bytes holds, -1 when its
// length is not known. The body is the rest of the entity, whatever the
// request says of its length and coding. The error is an [*http1.Error], or
// that of the entity.
func readRequest(entity io.Reader, n int64) (*http1.Request, error) {
	c := newMessageConn(entity)
	inner, err := c.ReadRequest()
	if err != nil {
		return nil, messageError(err)
	}
	rest, left := c.rest(n)
	drop := http1.KindsOf(http1.TransferEncoding)
	if inner.ContentLength() != left {
		drop |= 1 << http1.ContentLength
	}
	inner.Remove(drop)
	inner.Body = storedBody(rest, left)
	return inner, nil
}

// readResponse reads the final response that an entity of n bytes holds, -1
// when its length is not known, to a request with the given method. The body
// is the rest of the entity, but chunks are taken apart. The error is an
// [*http1.Error], or that of the entity.
func readResponse(entity io.Reader, n int64, asked []byte) (*http1.Response, error) {
	c := newMessageConn(entity)
	for range maxInterim {
		inner, err := c.ReadResponse(asked)
		switch {
		case err != nil:
			return nil, messageError(err)
		case inner.Status == 101:
			return nil, malformed("the message switches protocols, for which there is no means here")
		case inner.Status < 200:
			continue
		case inner.Status == 204 || inner.Status == 304 || string(asked) == "HEAD":
			return inner, nil // has no body, whatever follows
		case !inner.Chunked():
			inner.Body = storedBody(c.rest(n))
		}
		return inner, nil
	}
	return nil, malformed("the message has too many informational responses in front")
}

// storedBody is a body of n bytes that comes from r, -1 when that is not known.
func storedBody(r io.Reader, n int64) *http1.Body {
	// Bodies come with messages only; this one cannot be malformed.
	m, _ := http1.ParseRequest([]byte("POST / HTTP/1.1\r\n"), r, n)
	return m.Body
}

// messageError tells an entity that is no message from one that broke.
func messageError(err error) error {
	if errors.Is(err, http1.ErrIdleClosed) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errNoMessage
	}
	return err
}

// messageConn reads messages from an entity by the rules of a connection.
type messageConn struct {
	*http1.Conn
	entity *entityConn
}

func newMessageConn(r io.Reader) messageConn {
	e := &entityConn{r: r}
	return messageConn{http1.NewConn(e, messageLimits), e}
}

// rest returns what is left of an entity of n bytes behind the head that was
// read last.
func (c messageConn) rest(n int64) (io.Reader, int64) {
	ahead := bytes.Clone(c.Buffered())
	if n >= 0 {
		n -= c.entity.read - int64(len(ahead))
	}
	return io.MultiReader(bytes.NewReader(ahead), c.entity), n
}

// entityConn is an entity in the form of a connection that is only read.
type entityConn struct {
	r    io.Reader
	read int64
}

var _ net.Conn = (*entityConn)(nil)

func (e *entityConn) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.read += int64(n)
	return n, err
}

func (e *entityConn) Write([]byte) (int, error)        { return 0, io.ErrClosedPipe }
func (e *entityConn) Close() error                     { return nil }
func (e *entityConn) LocalAddr() net.Addr              { return nil }
func (e *entityConn) RemoteAddr() net.Addr             { return nil }
func (e *entityConn) SetDeadline(time.Time) error      { return nil }
func (e *entityConn) SetReadDeadline(time.Time) error  { return nil }
func (e *entityConn) SetWriteDeadline(time.Time) error { return nil }
