package http1

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
)

// gather is how much head and body is copied together before it is sent:
// below it a copy is cheaper than a second piece in the write.
const gather = 16 << 10

var errBodyLength = errors.New("body length differs from its Content-Length")

type writeMode uint8

const (
	writeHead writeMode = iota
	writeNone
	writeLength
	writeChunks
	writeUntilClose
)

// Writer writes messages: a start line, fields, one of the End calls, the
// body, and Finish. It gathers what it can into one write to the connection.
// The first error sticks, is returned by every later call, and makes the
// connection unusable.
type Writer struct {
	dst      io.Writer
	vectored bool
	buf      []byte
	vec      [3][]byte
	bufs     net.Buffers

	mode     writeMode
	left     int64
	hasDate  bool
	begin    int  // where in buf the current head begins
	discard  bool // the body is counted but not sent (HEAD)
	trailers bool
	sent     int64 // bytes of this message that were handed to the connection
	body     int64 // bytes of this message's body, framing not counted
	tap      Tap
	sink     Sink // takes the message instead of dst
	final    bool // the head that the sink got last is a final one
	trailer  *Head
	err      error
}

// Tap sees what a message consists of while it is written: the head with its
// framing and blank line, then the body's bytes without framing. It must not
// keep what it is given.
type Tap interface {
	Head(p []byte)
	Body(p []byte)
}

// NewWriter returns a writer to any destination, for messages that are not
// on a connection.
func NewWriter(dst io.Writer) *Writer { return &Writer{dst: dst} }

// grab returns the pending bytes, in a lent buffer when there are none.
func (w *Writer) grab() []byte {
	if w.buf == nil {
		w.buf = getSmall()[:0]
	}
	return w.buf
}

func (w *Writer) release() {
	if w.buf != nil && len(w.buf) == 0 {
		putSmall(w.buf[:cap(w.buf)])
		w.buf = nil
	}
}

// StartRequest begins a request in HTTP/1.1.
func (w *Writer) StartRequest(method, target []byte) {
	b := w.start()
	b = append(append(b, method...), ' ')
	w.buf = append(append(b, target...), " HTTP/1.1\r\n"...)
}

// StartResponse begins a response in HTTP/1.1. An empty reason becomes the
// registered phrase of the status.
func (w *Writer) StartResponse(status int, reason []byte) {
	b := strconv.AppendInt(append(w.start(), "HTTP/1.1 "...), int64(status), 10)
	b = append(b, ' ')
	if len(reason) > 0 {
		b = append(b, reason...)
	} else {
		b = append(b, statusText(status)...)
	}
	w.buf = append(b, '\r', '\n')
}

func (w *Writer) start() []byte {
	b := w.grab()
	w.sent, w.body, w.trailer = 0, 0, nil
	w.begin, w.mode, w.hasDate, w.trailers, w.discard = len(b), writeHead, false, false, false
	return b
}

// Field writes one field. Bytes that would break the line are left out, so
// that no value can start a field of its own.
func (w *Writer) Field(name, value string) {
	b := append(append(w.buf, name...), ':', ' ')
	for i := range len(value) {
		if classes[value[i]]&isValue != 0 {
			b = append(b, value[i])
		}
	}
	w.buf = append(b, '\r', '\n')
	if len(name) == 4 && bytesEqualFold([]byte(name), "date") {
		w.hasDate = true
	}
}

// FieldBytes writes one field whose value was read from a head, and is
// therefore known to be clean.
func (w *Writer) FieldBytes(name string, value []byte) {
	b := append(append(w.buf, name...), ':', ' ')
	w.buf = append(append(b, value...), '\r', '\n')
}

// Append writes a field from several clean parts without joining them first.
func (w *Writer) Append(name string, parts ...[]byte) {
	b := append(append(w.buf, name...), ':', ' ')
	for _, p := range parts {
		b = append(b, p...)
	}
	w.buf = append(b, '\r', '\n')
}

// CopyFields writes the fields of a head as they came, but for those of the
// kinds in drop. Framing fields are always left out: the End call writes
// them.
func (w *Writer) CopyFields(h *Head, drop Kinds) {
	drop |= 1<<ContentLength | 1<<TransferEncoding
	b, from := w.buf, h.first
	for i := range h.fields {
		f := &h.fields[i]
		if drop.Has(f.kind) {
			b = append(b, h.raw[from:f.name]...)
			from = int(f.end)
		} else if f.kind == Date {
			w.hasDate = true
		}
	}
	w.buf = append(b, h.raw[from:]...)
}

// EndLength ends the head of a message whose body has n bytes.
func (w *Writer) EndLength(n int64) {
	b := append(w.buf, "Content-Length: "...)
	w.buf = append(strconv.AppendInt(b, n, 10), "\r\n"...)
	w.left = n
	w.endHead(writeLength)
}

// EndChunked ends the head of a message whose body comes in chunks.
func (w *Writer) EndChunked() {
	if w.sink == nil {
		w.buf = append(w.buf, "Transfer-Encoding: chunked\r\n"...)
	}
	w.endHead(writeChunks)
}

// EndEmpty ends the head of a message without a body and without a length.
func (w *Writer) EndEmpty() { w.endHead(writeNone) }

// EndUntilClose ends the head of a response whose body ends with the
// connection.
func (w *Writer) EndUntilClose() { w.endHead(writeUntilClose) }

func (w *Writer) endHead(mode writeMode) {
	w.buf = append(w.buf, '\r', '\n')
	w.mode = mode
	if w.tap != nil {
		w.tap.Head(w.buf[w.begin:])
	}
	if w.sink != nil && w.err == nil {
		w.sinkHead(mode)
	}
}

// Write writes a piece of the body. A small piece waits for more until Flush
// or Finish.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil || len(p) == 0 {
		return 0, w.err
	}
	if w.tap != nil {
		w.tap.Body(p)
	}
	if w.mode == writeLength {
		if w.left -= int64(len(p)); w.left < 0 {
			w.err = errBodyLength
			return 0, w.err
		}
	}
	if w.discard || w.mode == writeNone {
		return len(p), nil
	}
	w.body += int64(len(p))
	if w.sink != nil {
		w.err = w.sink.Body(p)
		return len(p), w.err
	}
	w.grab()
	if w.mode == writeChunks {
		w.buf = append(strconv.AppendInt(w.buf, int64(len(p)), 16), '\r', '\n')
	}
	if len(w.buf)+len(p) <= gather {
		w.buf = append(w.buf, p...)
		if w.mode == writeChunks {
			w.buf = append(w.buf, '\r', '\n')
		}
		return len(p), nil
	}
	return w.send(p)
}

var crlf = []byte("\r\n")

// send writes what is pending and p, in one system call if the connection can.
func (w *Writer) send(p []byte) (int, error) {
	var end []byte
	if w.mode == writeChunks {
		end = crlf
	}
	if d, ok := w.dst.(*deadlineWriter); ok && w.vectored {
		w.vec = [3][]byte{w.buf, p, end}
		w.bufs = w.vec[:]
		var n int64
		n, w.err = d.writeVector(&w.bufs)
		w.sent += n
		w.vec = [3][]byte{}
		w.buf = w.buf[:0]
	} else {
		w.Flush()
		if w.err == nil {
			var n int
			n, w.err = w.dst.Write(p)
			w.sent += int64(n)
		}
		w.buf = append(w.buf, end...)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Trailer writes the trailer fields of a chunked body; it does nothing for
// other bodies. It comes behind the last piece of the body.
func (w *Writer) Trailer(h *Head) {
	if w.mode != writeChunks || len(h.fields) == 0 || w.discard || w.err != nil {
		return
	}
	if w.sink != nil {
		w.trailer = h
		return
	}
	w.buf = append(w.grab(), "0\r\n"...)
	w.buf = append(w.buf, h.raw...)
	w.trailers = true
}

// Finish ends the message and sends what is pending.
func (w *Writer) Finish() error {
	switch {
	case w.err != nil:
		return w.err
	case w.mode == writeLength && w.left != 0 && !w.discard:
		w.err = errBodyLength
		w.Flush()
		return errBodyLength
	case w.sink != nil:
		if w.final {
			w.err = w.sink.End(w.trailer)
		}
		return w.err
	case w.mode == writeChunks && !w.discard:
		if !w.trailers {
			w.buf = append(w.grab(), '0', '\r', '\n')
		}
		w.buf = append(w.buf, '\r', '\n')
	}
	return w.Flush()
}

// Flush sends what is pending.
func (w *Writer) Flush() error {
	if w.sink != nil && w.err == nil {
		w.err = w.sink.Flush()
	}
	if w.err != nil || len(w.buf) == 0 {
		return w.err
	}
	n, err := w.dst.Write(w.buf)
	w.sent += int64(n)
	w.err, w.buf = err, w.buf[:0]
	return err
}

// Sent returns how many bytes the destination has taken since the message
// was started: 0 behind an error means that the peer can have seen none.
func (w *Writer) Sent() int64 { return w.sent }

// BodySent returns how many bytes of body the message has been given since it
// was started, without framing.
func (w *Writer) BodySent() int64 { return w.body }

// Err returns the error that made the writer unusable, if any.
func (w *Writer) Err() error { return w.err }

// Reset forgets the message that was begun since the last Flush.
func (w *Writer) Reset() {
	w.buf = w.buf[:0]
	w.mode = writeHead
}

// Copy writes the rest of a body, and its trailer if there is one. Pieces go
// out as they come, so that a stream stays live. The error is a [*CopyError]
// that says which side failed. Finish is left to the caller.
func (w *Writer) Copy(b *Body) error {
	if b.TooLarge() {
		return &CopyError{Reading: true, Err: ErrBodyTooLarge}
	}
	if p := b.Peek(); len(p) > 0 {
		_, err := w.Write(p)
		if err := b.Discard(len(p)); err != nil {
			return &CopyError{Reading: true, Err: err}
		}
		if err != nil {
			return &CopyError{Err: err}
		}
	}
	if b.kind == bodyNone || b.kind == bodyLength && b.left == 0 {
		return nil
	}
	small := getSmall()
	more, err := w.copyWith(b, small, true)
	putSmall(small)
	if err != nil || !more {
		return err
	}
	buf := largeBuffers.Get().(*[largeBuffer]byte)
	defer largeBuffers.Put(buf)
	_, err = w.copyWith(b, buf[:], false)
	return err
}

// copyWith copies to the end of the body. With untilFull it stops early when a
// read has filled buf, and says that there may be more: a stream that trickles
// holds a small buffer only, one that flows gets a large one.
func (w *Writer) copyWith(b *Body, buf []byte, untilFull bool) (more bool, err error) {
	for {
		if b.mustWait() {
			if err := w.Flush(); err != nil {
				return false, &CopyError{Err: err}
			}
		}
		n, err := b.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return false, &CopyError{Err: err}
			}
		}
		switch {
		case err == io.EOF:
			if !b.barred {
				w.Trailer(&b.trailer)
			}
			return false, nil
		case err != nil:
			return false, &CopyError{Reading: true, Err: err}
		case untilFull && n == len(buf):
			return true, nil
		}
	}
}

// mustWait reports whether the next read of the body needs bytes that have
// not come yet. Behind a chunk, its line end alone does not count.
func (b *Body) mustWait() bool {
	if b.kind == bodyStored {
		return b.err == nil && b.left != 0
	}
	if b.err != nil || b.c == nil || b.kind == bodyLength && b.left == 0 {
		return false
	}
	in := b.c.Buffered()
	if b.kind == bodyChunked && b.left == 0 {
		_, in, _ = bytes.Cut(in, crlf) // the size of the next chunk
		if b.begun {
			_, in, _ = bytes.Cut(in, crlf) // the line end of this one came first
		}
	}
	return len(in) == 0
}
