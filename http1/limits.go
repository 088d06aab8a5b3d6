package http1

import "time"

// What a relay and an agent add to a request may take it beyond the limits that the
// edge has held it to. These are the limits wherever such a request is read again: on
// links, from an entity, and from what was stored. A relay adds fewer than 20 fields,
// of less than 4 KiB.
const (
	GrownTarget = 34 << 10
	GrownHead   = 80 << 10
	GrownFields = 160
)

// Limits bounds what a peer may send and how slowly. The zero value means the
// defaults named at each field.
type Limits struct {
	Target int // longest request target in bytes, beyond it 414; default 32 KiB
	Head   int // longest head in bytes, beyond it 431; default 64 KiB
	Fields int // most fields in a head or trailer section, beyond it 431; default 128

	HeadTimeout time.Duration // from the first byte of a head to its last; default 5 s
	IdleTimeout time.Duration // between two requests of a connection; default 60 s, negative for none

	// Body is the longest message body in bytes, beyond it 413; default none.
	Body int64

	// BodyRate is the least number of bytes that must arrive in every
	// BodyWindow while a body is being read, else 408. Defaults: 10 KiB in
	// 10 s. A negative rate switches the check off, for links on which a
	// body legitimately pauses.
	BodyRate   int
	BodyWindow time.Duration

	// WriteTimeout bounds each single write to the peer; default 30 s.
	WriteTimeout time.Duration
}

func (l Limits) withDefaults() Limits {
	def(&l.Target, 32<<10)
	def(&l.Head, 64<<10)
	def(&l.Fields, 128)
	def(&l.HeadTimeout, 5*time.Second)
	def(&l.IdleTimeout, time.Minute)
	def(&l.BodyRate, 10<<10)
	def(&l.BodyWindow, 10*time.Second)
	def(&l.WriteTimeout, 30*time.Second)
	return l
}

func def[T int | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}
