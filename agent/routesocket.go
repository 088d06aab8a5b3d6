package agent

import "encoding/binary"

// The messages of the route socket of macOS and its kin that matter, and the
// flags in them.
const (
	rtmAdd, rtmDelete, rtmChange = 1, 2, 3
	rtmNewAddress, rtmDelAddress = 12, 13
	rtmInterface                 = 14

	rtfGateway, rtfHost = 0x2, 0x4
	iffUp, iffRunning   = 0x1, 0x40
)

// routeSocket reads what the route socket says, and knows enough to tell changes
// from what is merely repeated.
type routeSocket struct {
	works map[uint16]bool // interfaces, by number
}

// tells reports whether messages tell of a change that matters to links.
func (r *routeSocket) tells(b []byte) bool {
	tells := false
	for len(b) >= 4 {
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			return true // in doubt it does
		}
		tells = r.message(b[:size]) || tells
		b = b[size:]
	}
	return tells
}

// message takes in one message: its length, version and kind, then what its kind
// has.
func (r *routeSocket) message(m []byte) bool {
	switch m[3] {
	case rtmNewAddress, rtmDelAddress:
		return true
	case rtmAdd, rtmDelete, rtmChange:
		// To another machine there are routes all the time.
		return len(m) >= 12 && flagsAt(m)&(rtfGateway|rtfHost) == rtfGateway
	case rtmInterface:
		if len(m) < 14 {
			return false
		}
		index := binary.NativeEndian.Uint16(m[12:])
		works := flagsAt(m)&(iffUp|iffRunning) == iffUp|iffRunning
		before, known := r.works[index]
		r.works[index] = works
		return known && works != before
	}
	return false
}

func flagsAt(m []byte) uint32 { return binary.NativeEndian.Uint32(m[8:]) }
