package http1

import (
	"bytes"
	"io"
)

const (
	maxChunkLine = 256 // of a size line with its extensions
	maxChunkSize = 1 << 40
)

// nextChunk reads the size line of the next chunk, behind the line end of the
// one before. At the last chunk it reads the trailer section and returns
// io.EOF.
func (b *Body) nextChunk() error {
	if b.begun {
		line, err := b.line(2)
		if err != nil {
			return err
		}
		if len(line) != 0 {
			return bad("a chunk is longer than its size says")
		}
	}
	b.begun = true
	line, err := b.line(maxChunkLine)
	if err != nil {
		return err
	}
	if b.left, err = parseChunkSize(line); err != nil {
		return err
	}
	if b.left > 0 {
		return nil
	}
	if err := b.readTrailer(); err != nil {
		return err
	}
	return io.EOF
}

// parseChunkSize reads a size line: hexadecimal digits, then nothing or a
// semicolon and extensions, which are ignored (RFC 9112, section 7.1.1).
func parseChunkSize(line []byte) (int64, error) {
	digits := line
	if i := bytes.IndexByte(line, ';'); i >= 0 {
		digits = line[:i]
		if i+1 == len(line) || !all(line[i+1:], isValue) {
			return 0, bad("a chunk extension is malformed")
		}
	}
	if len(digits) == 0 || len(digits) > 16 { // sixteen digits is what others read
		return 0, bad("a chunk size has no digits or too many")
	}
	var n int64
	for _, c := range digits {
		d := unhex(c)
		if d < 0 {
			return 0, bad("a chunk size is not a hexadecimal number")
		}
		if n = n<<4 | int64(d); n > maxChunkSize {
			return 0, bad("a chunk size is too large")
		}
	}
	return n, nil
}

// line reads one line that ends in CRLF, without it, of at most max bytes
// with it.
func (b *Body) line(max int) ([]byte, error) {
	c := b.c
	for from := 0; ; {
		i := bytes.IndexByte(c.in[c.r+from:c.w], '\n')
		if i >= 0 {
			line := c.in[c.r : c.r+from+i]
			if n := len(line); n+1 > max || n == 0 || line[n-1] != '\r' {
				return nil, bad("a line of the chunked coding is malformed")
			}
			c.r += from + i + 1
			return line[:len(line)-1], nil
		}
		if from = c.w - c.r; from >= max {
			return nil, bad("a line of the chunked coding is too long")
		}
		if err := b.fill(); err != nil {
			return nil, err
		}
	}
}

// readTrailer reads the trailer section and keeps the fields that may stand
// there (RFC 9110, section 6.5.1).
func (b *Body) readTrailer() error {
	h := &b.trailer
	h.reset()
	for size := 0; ; {
		line, err := b.line(b.c.lim.Head)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			break
		}
		if size += len(line) + 2; size > b.c.lim.Head || len(h.fields) == b.c.lim.Fields {
			return badf(431, "the trailer section is too large")
		}
		at := len(h.raw)
		h.raw = append(append(h.raw, line...), '\r', '\n')
		if err := h.parseField(at, len(h.raw)); err != nil {
			return err
		}
		if name, _, _ := h.At(len(h.fields) - 1); !mayTrail(name) {
			h.raw = h.raw[:at]
			h.fields = h.fields[:len(h.fields)-1]
		}
	}
	return nil
}

// mayTrail reports whether a field of that name may stand in a trailer section:
// not those that frame, route or belong to the connection, and not a cookie,
// which the relay judges while the head goes by.
func mayTrail(name []byte) bool {
	k := kindOf(name)
	return (k == Other || k == Date) && !equalFold(name, "set-cookie")
}
