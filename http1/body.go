package http1

import (
	"errors"
	"io"
	"os"
	"time"
)

type bodyKind uint8

const (
	bodyNone bodyKind = iota
	bodyLength
	bodyChunked
	bodyUntilClose
	bodyStored // not from a connection
)

// Body is the body of the message read last. It is an io.Reader; Read returns
// io.EOF at the end that the framing tells, io.ErrUnexpectedEOF when the
// connection ends before, [ErrBodyTooLarge] past the limit and
// [ErrBodyTooSlow] below the least rate.
type Body struct {
	c    *Conn
	src  io.Reader // of a stored body
	mem  []byte    // what Fill has read of a stored body
	kind bodyKind
	left int64 // of the body, or of the current chunk
	read int64
	err  error

	every time.Duration // how often stay is asked while the body pauses
	stay  func() bool

	begun   bool // a chunked body's first size line was read
	expect  bool // the sender waits for 100 Continue
	limit   int64
	trailer Head
	late    func() []Field // gives the trailer fields of a stored body
	barred  bool           // the trailer is not passed on
	tap     func([]byte)

	waited      time.Duration // for the bytes below
	windowBytes int
}

func (b *Body) reset() {
	*b = Body{c: b.c, limit: b.c.lim.Body, trailer: b.trailer}
	b.trailer.reset()
}

// store makes the body one of n bytes that comes from r.
func (b *Body) store(r io.Reader, n int64) {
	if r != nil && n != 0 {
		b.kind, b.src, b.left = bodyStored, r, n
	}
}

// TrailerFrom names where the trailer fields come from once a body that is not
// on a connection was read to its end.
func (b *Body) TrailerFrom(f func() []Field) { b.late = f }

// SetLimit bounds the body's length in bytes for this message; 0 means no
// bound. It must be called before the body is read.
func (b *Body) SetLimit(n int64) { b.limit = n }

// TooLarge reports whether the announced length is past the limit.
func (b *Body) TooLarge() bool {
	return (b.kind == bodyLength || b.kind == bodyStored) && b.limit > 0 && b.left > b.limit
}

// Tap calls f with every piece of the body as it is read. f must not keep it.
func (b *Body) Tap(f func([]byte)) { b.tap = f }

// Watch asks stay about once in a while of the given length in which nothing
// of the body comes; when it says no, Read fails with [ErrAborted]. It takes the
// place of Limits.BodyWindow for this message.
func (b *Body) Watch(every time.Duration, stay func() bool) { b.every, b.stay = every, stay }

// Empty reports whether the message has no body.
func (b *Body) Empty() bool { return b.kind == bodyNone }

// Length returns the number of bytes still to come, -1 when it is not known.
func (b *Body) Length() int64 {
	switch b.kind {
	case bodyNone:
		return 0
	case bodyLength, bodyStored:
		return b.left
	}
	return -1
}

// Consumed returns how many bytes were read so far.
func (b *Body) Consumed() int64 { return b.read }

// Trailer returns the trailer fields, after a chunked body was read to its
// end. Framing, routing and hop-by-hop fields are not among them.
func (b *Body) Trailer() *Head { return &b.trailer }

// DropTrailer makes [Writer.Copy] leave the trailer fields out, for a recipient
// that has not said that it takes them.
func (b *Body) DropTrailer() { b.barred = true }

func (b *Body) ended() bool {
	return b.kind == bodyNone || b.err == io.EOF ||
		(b.kind == bodyLength || b.kind == bodyStored) && b.left == 0 && b.err == nil
}

// Read reads the next piece of the body.
func (b *Body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.next(p)
	if n > 0 {
		b.account(p[:n])
		if b.err != nil {
			return 0, b.err
		}
	}
	b.err = err
	return n, err
}

// account notes a piece that was read.
func (b *Body) account(p []byte) {
	b.read += int64(len(p))
	if b.limit > 0 && b.read > b.limit {
		b.err = ErrBodyTooLarge
		return
	}
	if b.tap != nil {
		b.tap(p)
	}
}

// next reads at most one piece, without the bookkeeping.
func (b *Body) next(p []byte) (int, error) {
	switch b.kind {
	case bodyNone:
		return 0, io.EOF
	case bodyStored:
		return b.readStored(p)
	case bodyLength:
		if b.left == 0 {
			return 0, io.EOF
		}
		if b.TooLarge() {
			return 0, ErrBodyTooLarge
		}
		n, err := b.raw(p)
		return n, err
	case bodyChunked:
		if b.left == 0 {
			if err := b.nextChunk(); err != nil {
				return 0, err
			}
		}
		return b.raw(p)
	}
	return b.raw(p)
}

// readStored reads a body that is not on a connection.
func (b *Body) readStored(p []byte) (int, error) {
	if b.left == 0 {
		b.endStored()
		return 0, io.EOF
	}
	if b.TooLarge() {
		return 0, ErrBodyTooLarge
	}
	if b.left > 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	var n int
	var err error
	if len(b.mem) > 0 {
		n = copy(p, b.mem)
		b.mem = b.mem[n:]
	} else {
		n, err = b.src.Read(p)
	}
	if b.left > 0 {
		b.left -= int64(n)
	}
	switch {
	case err == io.EOF && b.left > 0:
		err = io.ErrUnexpectedEOF
	case err == io.EOF:
		b.endStored()
	}
	return n, err
}

// endStored takes the trailer fields in, but for those that may not stand
// there (RFC 9110, section 6.5.1).
func (b *Body) endStored() {
	if b.late == nil {
		return
	}
	h := &b.trailer
	h.reset()
	for _, f := range b.late() {
		line, err := appendFields(nil, []Field{f})
		if err != nil || !mayTrail([]byte(f.Name)) {
			continue
		}
		at := len(h.raw)
		h.raw = append(h.raw, line...)
		if h.parseField(at, len(h.raw)) != nil {
			h.raw = h.raw[:at]
		}
	}
	b.late = nil
}

// raw reads up to left bytes, from the buffer or straight from the
// connection.
func (b *Body) raw(p []byte) (int, error) {
	if b.kind != bodyUntilClose && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	c := b.c
	if c.r == c.w {
		if len(p) >= smallBuffer {
			n, err := b.paced(func() (int, error) { return c.nc.Read(p) })
			b.left -= int64(n)
			return n, err
		}
		if err := b.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in[c.r:c.w])
	c.r += n
	b.left -= int64(n)
	return n, nil
}

// fill reads from the connection into its buffer.
func (b *Body) fill() error {
	_, err := b.paced(func() (int, error) {
		before := b.c.w - b.c.r
		err := b.c.fill(b.c.lim.Head + 1)
		return b.c.w - b.c.r - before, err
	})
	return err
}

// paced runs one read of the connection under the rate limit.
func (b *Body) paced(read func() (int, error)) (int, error) {
	if err := b.Continue(); err != nil {
		return 0, err
	}
	rate, window := b.c.lim.BodyRate, b.c.lim.BodyWindow
	if b.stay != nil {
		window = b.every
	}
	b.c.ReadWithin(window)
	if b.c.aborted.Load() {
		return 0, ErrAborted
	}
	start := time.Now()
	n, err := read()
	for b.stay != nil && n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		if b.c.aborted.Load() || !b.stay() {
			return 0, ErrAborted
		}
		b.c.ReadWithin(window)
		n, err = read()
	}
	if n > 0 {
		err = nil
	}
	if rate > 0 && b.tooSlow(n, rate, window, start) {
		return 0, ErrBodyTooSlow
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, ErrBodyTooSlow
	case err == io.EOF && b.kind != bodyUntilClose:
		return n, io.ErrUnexpectedEOF
	}
	return n, err // TLS that is cut within a record has an error of its own
}

// tooSlow judges the sender by the time spent waiting for it: a window is the
// waiting that rate bytes have cost. What the reader does between two reads
// is not held against the sender.
func (b *Body) tooSlow(n, rate int, window time.Duration, start time.Time) bool {
	if b.windowBytes += n; b.windowBytes >= rate {
		b.windowBytes, b.waited = 0, 0
		return false
	}
	b.waited += time.Since(start)
	return b.waited > window
}

// Continue sends 100 Continue to a sender that waits for it, as the first Read
// does. Who reads the body on another goroutine than the one that answers
// calls it before. Behind the head of a final response it sends nothing.
func (b *Body) Continue() error {
	if !b.expect || b.TooLarge() {
		return nil
	}
	b.expect = false
	if b.c.x.Started() {
		return nil
	}
	out := &b.c.out
	out.buf = append(out.grab(), "HTTP/1.1 100 Continue\r\n\r\n"...)
	return out.Flush()
}

// Fill reads the whole body into memory when it is announced to be at most
// max bytes long, and reports whether it did. The body is not consumed: Peek
// returns it. A body of unknown length is not filled.
func (b *Body) Fill(max int) (bool, error) {
	switch {
	case b.kind == bodyNone:
		return true, nil
	case b.kind == bodyStored:
		return b.fillStored(max)
	case b.kind != bodyLength || b.left > int64(max):
		return false, nil
	case b.TooLarge():
		return false, ErrBodyTooLarge
	}
	c := b.c
	for int64(c.w-c.r) < b.left {
		if err := b.grow(int(b.left)); err != nil {
			b.err = err
			return false, err
		}
	}
	return true, nil
}

// fillStored is Fill for a body that is not on a connection.
func (b *Body) fillStored(max int) (bool, error) {
	switch {
	case b.left < 0 || b.left > int64(max):
		return false, nil
	case b.TooLarge():
		return false, ErrBodyTooLarge
	case int64(len(b.mem)) == b.left:
		return true, nil
	}
	mem := make([]byte, b.left)
	n := copy(mem, b.mem)
	if _, err := io.ReadFull(b.src, mem[n:]); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		b.err = err
		return false, err
	}
	b.mem = mem
	return true, nil
}

// keptBuffer is the largest buffer that a connection keeps for its next message.
const keptBuffer = 128 << 10

// grow reads more of a body of n bytes, into a buffer that comes to hold it
// whole. Memory goes by what has come, not by what was announced.
func (b *Body) grow(n int) error {
	c := b.c
	have, space := c.w-c.r, len(c.in)-c.r
	if space < n && (have == space || space < min(n, keptBuffer)) {
		room := min(n, max(keptBuffer, 2*have))
		if len(c.in) >= room {
			c.w = copy(c.in, c.in[c.r:c.w])
		} else {
			grown := make([]byte, room)
			c.w = copy(grown, c.in[c.r:c.w])
			putSmall(c.in)
			c.in = grown
		}
		c.r = 0
	}
	return b.fill()
}

// Peek returns the bytes of the body that are in memory already. Discard
// consumes them.
func (b *Body) Peek() []byte {
	if b.kind == bodyStored && b.err == nil {
		return b.mem
	}
	if b.err != nil || b.left == 0 || b.kind != bodyLength && b.kind != bodyChunked {
		return nil
	}
	p := b.c.Buffered()
	return p[:min(int64(len(p)), b.left)]
}

// Discard consumes n bytes that Peek has shown, and tells the tap of them.
func (b *Body) Discard(n int) error {
	if b.kind == bodyStored {
		b.account(b.mem[:n])
		b.mem = b.mem[n:]
		if b.left > 0 {
			b.left -= int64(n)
		}
		return b.err
	}
	b.account(b.c.in[b.c.r : b.c.r+n])
	b.c.r += n
	b.left -= int64(n)
	if len(b.c.in) > keptBuffer {
		b.c.releaseIn() // a sender that stays must not keep it
	}
	return b.err
}

// Abort makes a Read that runs on another goroutine, and every later one, fail
// with [ErrAborted] or a timeout. The connection is good for writing only
// from then on.
func (b *Body) Abort() {
	if b.c != nil {
		b.c.aborted.Store(true)
		b.c.nc.SetReadDeadline(time.Unix(1, 0))
	} else if a, ok := b.src.(aborter); ok {
		a.Abort()
	}
}

// aborter is a source of a stored body whose reading can be given up.
type aborter interface{ Abort() }

// Drain reads and drops what is left of the body, at most max bytes; it
// reports whether that reached the end.
func (b *Body) Drain(max int64) bool {
	if b.ended() {
		return true
	}
	if b.err != nil || b.Length() > max {
		return false
	}
	b.expect = false
	buf := getSmall()
	defer putSmall(buf)
	b.tap = nil
	for n := int64(0); n <= max; {
		m, err := b.Read(buf)
		if n += int64(m); err != nil {
			return err == io.EOF
		}
	}
	return false
}
