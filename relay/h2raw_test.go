package relay

import (
	"crypto/tls"
	big "encoding/binary" // the package has a variable of that name
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// h2Raw is a sender that speaks HTTP/2 byte by byte.
type h2Raw struct {
	t testing.TB
	net.Conn
}

func (tr *testRelay) h2Raw(t testing.TB, client *tls.Config) *h2Raw {
	t.Helper()
	conf := client.Clone()
	conf.NextProtos = []string{"h2"}
	nc, err := tls.Dial("tcp", tr.addr, conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	if got := nc.ConnectionState().NegotiatedProtocol; got != "h2" {
		t.Fatalf("the relay has chosen %q", got)
	}
	c := &h2Raw{t, nc}
	io.WriteString(nc, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	c.frame(4, 0, 0, nil)
	return c
}

func (c *h2Raw) frame(kind, flags byte, stream uint32, payload []byte) error {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	_, err := c.Write(append(big.BigEndian.AppendUint32(b, stream), payload...))
	return err
}

// literal is a field as HPACK has it without any compression.
func literal(name, value string) []byte {
	number := func(b []byte, n int) []byte {
		if n < 127 {
			return append(b, byte(n))
		}
		b = append(b, 127)
		for n -= 127; n >= 128; n >>= 7 {
			b = append(b, byte(n)|128)
		}
		return append(b, byte(n))
	}
	b := append(number([]byte{0}, len(name)), name...)
	return append(number(b, len(value)), value...)
}

// request sends a head of fields, in as many frames as it takes, and returns
// the status of the answer as the static table has it, or what the relay did
// instead.
func (c *h2Raw) request(stream uint32, fields ...string) string {
	var block []byte
	for i := 0; i < len(fields); i += 2 {
		block = append(block, literal(fields[i], fields[i+1])...)
	}
	kind, flags := byte(1), byte(1)
	for {
		n := min(len(block), 16<<10)
		last := byte(0)
		if n == len(block) {
			last = 4
		}
		c.frame(kind, flags|last, stream, block[:n])
		if block = block[n:]; last != 0 {
			return c.answer(stream)
		}
		kind, flags = 9, 0
	}
}

func (c *h2Raw) answer(stream uint32) string {
	for {
		kind, _, of, payload, err := c.read()
		switch {
		case err != nil:
			return "closed"
		case kind == 7:
			return fmt.Sprint("goaway ", big.BigEndian.Uint32(payload[4:]))
		case of != stream:
		case kind == 3:
			return fmt.Sprint("reset ", big.BigEndian.Uint32(payload))
		case kind == 1:
			return statusOfBlock(payload)
		}
	}
}

// statusOfBlock reads the first field of a response's head: an entry of the
// static table, or a literal with a name from it.
func statusOfBlock(b []byte) string {
	static := map[byte]string{0x88: "200", 0x89: "204", 0x8a: "206", 0x8b: "304", 0x8c: "400", 0x8d: "404", 0x8e: "500"}
	if s, ok := static[b[0]]; ok {
		return s
	}
	if name := b[0] & 0x3f; name >= 8 && name <= 14 { // :status
		if n := int(b[1] & 0x7f); b[1]&0x80 == 0 {
			return string(b[2 : 2+n])
		}
		return huffmanDigits(uint32(b[2])<<8 | uint32(b[3]))
	}
	return fmt.Sprintf("head %x", b)
}

// huffmanDigits decodes three digits from 16 bits: 0, 1 and 2 take five of
// them, the others six.
func huffmanDigits(bits uint32) string {
	var s string
	for at := 16; len(s) < 3; {
		if five := bits >> (at - 5) & 31; five < 3 {
			s, at = s+string(rune('0'+five)), at-5
			continue
		}
		six := bits >> (at - 6) & 63
		s, at = s+string(rune('3'+six-0x19)), at-6
	}
	return s
}

func (c *h2Raw) read() (kind, flags byte, stream uint32, payload []byte, err error) {
	var head [9]byte
	if _, err = io.ReadFull(c, head[:]); err != nil {
		return
	}
	payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	_, err = io.ReadFull(c, payload)
	return head[3], head[4], big.BigEndian.Uint32(head[5:]) & (1<<31 - 1), payload, err
}
