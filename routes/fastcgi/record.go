package fastcgi

import (
	"encoding/binary"
	"fmt"
	"io"
)

// version is the one version of the protocol.
const version = 1

// Types of records.
const (
	typeBegin   = 1
	typeAbort   = 2
	typeEnd     = 3
	typeParams  = 4
	typeStdin   = 5
	typeStdout  = 6
	typeStderr  = 7
	typeUnknown = 11
)

const (
	headerSize = 8
	maxContent = 65535
	responder  = 1 // the role
	keepConn   = 1 // the flag
	requestID  = 1 // of the one request of a connection
)

// record is the header of a record.
type record struct {
	kind    uint8
	id      uint16
	length  int
	padding int
}

// appendHeader appends the header of a record that has length bytes of content,
// which the caller appends, followed by zero bytes up to a multiple of eight.
func appendHeader(b []byte, kind uint8, length int) []byte {
	b = append(b, version, kind)
	b = binary.BigEndian.AppendUint16(b, requestID)
	b = binary.BigEndian.AppendUint16(b, uint16(length))
	return append(b, byte(paddingFor(length)), 0)
}

func paddingFor(length int) int { return -length & 7 }

var zeros [7]byte

// appendRecord appends a whole record.
func appendRecord(b []byte, kind uint8, content []byte) []byte {
	b = appendHeader(b, kind, len(content))
	b = append(b, content...)
	return append(b, zeros[:paddingFor(len(content))]...)
}

// appendStream appends content as records of a stream, without its end.
func appendStream(b []byte, kind uint8, content []byte) []byte {
	for len(content) > 0 {
		n := min(len(content), maxContent&^7) // whole records need no padding
		b = appendRecord(b, kind, content[:n])
		content = content[n:]
	}
	return b
}

// readHeader reads the header of a record. io.EOF says that the connection ended
// between two records.
func readHeader(r io.Reader) (record, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return record{}, err
	}
	if h[0] != version {
		return record{}, fmt.Errorf("%w: it begins a record with the version %d", ErrProtocol, h[0])
	}
	return record{
		kind: h[1], id: binary.BigEndian.Uint16(h[2:]),
		length: int(binary.BigEndian.Uint16(h[4:])), padding: int(h[6]),
	}, nil
}

// Param is a parameter of a request: a CGI variable.
type Param struct{ Name, Value string }

// appendParam appends a parameter as the stream of them has it.
func appendParam(b []byte, p Param) []byte {
	b = appendLength(b, len(p.Name))
	b = appendLength(b, len(p.Value))
	b = append(b, p.Name...)
	return append(b, p.Value...)
}

func appendLength(b []byte, n int) []byte {
	if n < 128 {
		return append(b, byte(n))
	}
	return binary.BigEndian.AppendUint32(b, uint32(n)|1<<31)
}
