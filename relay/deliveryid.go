package relay

import (
	"encoding/hex"
	"math/rand/v2"
	"time"
)

// deliveryID is a UUID of version 7 (RFC 9562) in text form. Its first part
// is the time to a quarter of a microsecond, so ids sort in order of arrival.
type deliveryID [36]byte

// set makes a new id for a time. It need not be secret, only unique.
func (id *deliveryID) set(t time.Time) {
	var b [16]byte
	ns := t.UnixNano()
	ms, part := uint64(ns/1e6), uint64(ns%1e6)*4096/1e6
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = 0x70 | byte(part>>8)
	b[7] = byte(part)
	r := rand.Uint64()
	for i := range 8 {
		b[8+i] = byte(r >> (8 * i))
	}
	b[8] = b[8]&0x3f | 0x80
	hex.Encode(id[0:8], b[0:4])
	hex.Encode(id[9:13], b[4:6])
	hex.Encode(id[14:18], b[6:8])
	hex.Encode(id[19:23], b[8:10])
	hex.Encode(id[24:36], b[10:16])
	id[8], id[13], id[18], id[23] = '-', '-', '-', '-'
}

// String returns the id as text.
func (id *deliveryID) String() string { return string(id[:]) }
