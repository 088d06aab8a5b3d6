package fastcgi

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Errors of a connection.
var (
	// ErrProtocol: what the other side sent is no FastCGI.
	ErrProtocol = errors.New("the responder does not speak FastCGI")
	// ErrOverloaded: the responder takes no further request now.
	ErrOverloaded = errors.New("the responder is overloaded")
	// ErrRole: the program at the other side is no responder.
	ErrRole = errors.New("the program is no FastCGI responder")
	// ErrClosed: the connection ended before the answer had.
	ErrClosed = errors.New("the responder closed the connection")
)

// Kind is what a piece of an answer is.
type Kind uint8

// The kinds.
const (
	Stdout Kind = iota // of the CGI answer
	Stderr             // for the log
	End                // the answer is whole
)

// Piece is a piece of an answer.
type Piece struct {
	Kind Kind
	// Data is valid until the next call of [Conn.Next].
	Data []byte
	// Status is the exit status of the responder's application, of an End.
	Status int
}

// Conn is one connection to a responder. Begin and the methods that write stdin
// may be called by one goroutine while another calls Next; Close by any.
type Conn struct {
	nc     net.Conn
	r      *bufio.Reader
	out    []byte // what is being written
	in     []byte
	keep   bool
	reused bool
	since  time.Time // idle since

	heard  bool // a record of the answer has come
	ended  bool // the answer is whole
	silent bool // all of the request has been written
}

// NewConn returns a connection over nc, on which Begin may be called. Unless
// keep, the responder is asked to close it behind the answer.
func NewConn(nc net.Conn, keep bool) *Conn {
	return &Conn{nc: nc, r: bufio.NewReaderSize(nc, 16<<10), keep: keep}
}

// NetConn returns the connection below.
func (c *Conn) NetConn() net.Conn { return c.nc }

// Close closes the connection at once. Whoever reads or writes gets an error.
func (c *Conn) Close() error { return c.nc.Close() }

// Reused reports whether the connection has carried a request before, so that
// the responder may have given it up meanwhile.
func (c *Conn) Reused() bool { return c.reused }

// Heard reports whether anything of the answer has come.
func (c *Conn) Heard() bool { return c.heard }

// Begin begins a request: with its parameters, the first piece of its body, and
// its end if last.
func (c *Conn) Begin(params []Param, body []byte, last bool) error {
	c.heard, c.ended, c.silent = false, false, false
	flags := byte(0)
	if c.keep {
		flags = keepConn
	}
	var list []byte
	for _, p := range params {
		list = appendParam(list, p)
	}
	c.out = appendRecord(c.out[:0], typeBegin, []byte{0, responder, flags, 0, 0, 0, 0, 0})
	c.out = appendStream(c.out, typeParams, list)
	c.out = appendRecord(c.out, typeParams, nil)
	return c.send(body, last)
}

// Write writes a further piece of the body.
func (c *Conn) Write(p []byte) (int, error) {
	c.out = c.out[:0]
	if err := c.send(p, false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// EndBody ends the body.
func (c *Conn) EndBody() error {
	c.out = c.out[:0]
	return c.send(nil, true)
}

func (c *Conn) send(body []byte, last bool) error {
	c.out = appendStream(c.out, typeStdin, body)
	if last {
		c.out = appendRecord(c.out, typeStdin, nil)
	}
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.nc.Write(c.out)
	if cap(c.out) > 256<<10 {
		c.out = nil
	}
	c.silent = last && err == nil
	return err
}

// Next reads the next piece of the answer. Behind an End there is none.
func (c *Conn) Next() (Piece, error) {
	for {
		h, err := readHeader(c.r)
		if err != nil {
			return Piece{}, closedBy(err)
		}
		if h.id != requestID {
			// Of no request of ours: the protocol has it ignored.
			if _, err := c.r.Discard(h.length + h.padding); err != nil {
				return Piece{}, closedBy(err)
			}
			continue
		}
		content, err := c.content(h)
		if err != nil {
			return Piece{}, closedBy(err)
		}
		c.heard = true
		switch h.kind {
		case typeStdout, typeStderr:
			if len(content) > 0 { // an empty record ends the stream
				return Piece{Kind: Kind(h.kind - typeStdout), Data: content}, nil
			}
		case typeEnd:
			return c.end(content)
		default:
			return Piece{}, fmt.Errorf("%w: it sent a record of type %d", ErrProtocol, h.kind)
		}
	}
}

// content reads what a record holds.
func (c *Conn) content(h record) ([]byte, error) {
	if cap(c.in) < h.length {
		c.in = make([]byte, max(h.length, 8<<10))
	}
	content := c.in[:h.length]
	if _, err := io.ReadFull(c.r, content); err != nil {
		return nil, err
	}
	_, err := c.r.Discard(h.padding)
	return content, err
}

// end reads the record that ends a request.
func (c *Conn) end(content []byte) (Piece, error) {
	if len(content) < 5 {
		return Piece{}, fmt.Errorf("%w: it ended the request with %d bytes", ErrProtocol, len(content))
	}
	c.ended = true
	switch content[4] {
	case 0:
		return Piece{Kind: End, Status: int(int32(binary.BigEndian.Uint32(content)))}, nil
	case 1, 2: // it does one request at a time, which is all it is asked; or it is overloaded
		return Piece{}, ErrOverloaded
	case 3:
		return Piece{}, ErrRole
	}
	return Piece{}, fmt.Errorf("%w: it ended the request with the status %d", ErrProtocol, content[4])
}

// closedBy tells a connection that ended early from one that failed.
func closedBy(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrClosed
	}
	return err
}

// Reusable reports whether another request may be sent: this one is whole on
// both sides, and nothing came behind it.
func (c *Conn) Reusable() bool {
	return c.keep && c.ended && c.silent && c.r.Buffered() == 0
}

// Waits reports whether something of the answer, or the end of the connection,
// is there within d.
func (c *Conn) Waits(d time.Duration) bool {
	if c.r.Buffered() > 0 {
		return true
	}
	c.nc.SetReadDeadline(time.Now().Add(d))
	_, err := c.r.Peek(1)
	c.nc.SetReadDeadline(time.Time{})
	var timeout net.Error
	return !errors.As(err, &timeout) || !timeout.Timeout()
}
