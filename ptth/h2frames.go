package ptth

import "encoding/binary"

// The parts of HTTP/2 (RFC 9113) that a link has to see and that net/http does
// not tell.
const (
	frameHead       = 9
	frameHeaders    = 0x1
	frameSettings   = 0x4
	frameReset      = 0x3
	frameGoAway     = 0x7
	settingStreams  = 0x3 // SETTINGS_MAX_CONCURRENT_STREAMS
	flagAck         = 0x1
	clientPreface   = 24  // bytes in front of a client's first frame
	payloadKept     = 120 // twenty settings: there are nine
	settingSize     = 6
	defaultStreams  = 100 // where an agent states no limit, RFC 9113 advises one of at least this
	maxStreamNumber = 1<<31 - 1
	protocolError   = 0x1 // code of a stream that broke the protocol
)

// frames follows the frames of one direction of a connection. It changes
// nothing and keeps the beginning of one payload at most.
type frames struct {
	skip int // bytes in front of the first frame
	see  func(kind, flags byte, stream uint32, payload []byte)

	buf  []byte // of the current frame: its head, then the payload's beginning
	left int    // bytes of the payload still to come
	in   bool   // the head is whole
}

// feed takes what was read or written next.
func (f *frames) feed(p []byte) {
	n := min(f.skip, len(p))
	f.skip -= n
	p = p[n:]
	for len(p) > 0 || f.in && f.left == 0 {
		if !f.in {
			n := min(frameHead-len(f.buf), len(p))
			f.buf, p = append(f.buf, p[:n]...), p[n:]
			if len(f.buf) == frameHead {
				f.in, f.left = true, int(f.buf[0])<<16|int(f.buf[1])<<8|int(f.buf[2])
			}
			continue
		}
		n := min(f.left, len(p))
		if room := frameHead + payloadKept - len(f.buf); room > 0 && f.wanted() {
			f.buf = append(f.buf, p[:min(n, room)]...)
		}
		f.left, p = f.left-n, p[n:]
		if f.left == 0 {
			f.see(f.buf[3], f.buf[4], binary.BigEndian.Uint32(f.buf[5:])&maxStreamNumber, f.buf[frameHead:])
			f.buf, f.in = f.buf[:0], false
		}
	}
}

// wanted reports whether the payload of the current frame is of interest.
func (f *frames) wanted() bool {
	return f.buf[3] == frameSettings || f.buf[3] == frameGoAway || f.buf[3] == frameReset
}

// streamLimit returns the limit on concurrent streams that a SETTINGS frame
// states.
func streamLimit(payload []byte) (uint32, bool) {
	limit, found := uint32(0), false
	for ; len(payload) >= settingSize; payload = payload[settingSize:] {
		if binary.BigEndian.Uint16(payload) == settingStreams {
			limit, found = binary.BigEndian.Uint32(payload[2:]), true
		}
	}
	return limit, found
}
