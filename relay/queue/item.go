package queue

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"homehook/dbfile"
)

// Item is one delivery of a claim's line. The fields belong to whoever made or
// listed the item; the queue reads them while Put runs, and Put sets Seq and
// Size. An Item must not be copied once it was put.
type Item struct {
	Seq      int64  // its place in the line: later items have larger ones; 0 before Put
	ID       string // of the delivery
	Claim    string
	Received time.Time // when the relay had received it; kept in microseconds
	Attempts int       // how often it was sent home; Tried changes it
	Head     []byte    // the head of the request
	Origin   []byte    // what the relay wants to know about the sender, opaque
	Trailer  []byte    // the trailer section of the request
	Size     int64     // of the body, in bytes

	// Entered, if set, is called by Put once the item has its place in the line.
	// It may not be called when there is nothing to be put.
	Entered func()

	body []byte // of a listed item whose body lies in the row
	file string // the body's file, if it has one
	sum  uint32 // of that file

	state state // guarded by Queue.mu
	put   *op   // while state is waiting or writing; guarded by Queue.mu
}

// state is where an item is in its life. A listed item is kept from the start.
type state int

const (
	fresh   state = iota // not put, or not kept by its Put
	coming               // its Put has a place in the line and makes the file of the body
	waiting              // its row waits for the writer
	writing              // the writer has it
	kept                 // it is durable
	over                 // it is done
)

// Limits bound one claim's line. A zero field means its default, a negative one
// no bound.
type Limits struct {
	Items int           // 10,000 by default
	Bytes int64         // of bodies, heads and the like; 1 GiB by default
	Age   time.Duration // of the oldest item: Puts are refused beyond it; 7 days by default
}

// bytes is what the item counts against Limits.Bytes.
func (it *Item) bytes() int64 {
	return it.Size + int64(len(it.Head)+len(it.Origin)+len(it.Trailer))
}

// castagnoli is the polynomial that processors know.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is over what a row holds of the item, without the counts that change or
// follow from the rest. The body's file comes in by its own checksum.
func (it *Item) checksum(body []byte) uint32 {
	facts := make([]byte, 0, 160)
	for _, text := range []string{it.ID, it.Claim, it.file} {
		facts = append(append(facts, text...), 0)
	}
	facts = binary.BigEndian.AppendUint64(facts, uint64(it.Received.UnixMicro()))
	facts = binary.BigEndian.AppendUint64(facts, uint64(it.Size))
	facts = binary.BigEndian.AppendUint32(facts, it.sum)
	var sum uint32
	for _, part := range [][]byte{facts, it.Head, it.Origin, it.Trailer, body} {
		sum = crc32.Update(sum, castagnoli, part)
	}
	return sum
}

// op is one thing for the writer to do.
type op struct {
	kind opKind
	it   *Item      // put and done
	seq  int64      // done: of the item; put: set by the writer
	lost string     // done: why it is not to be sent; "" for one that is home
	tell chan error // capacity 1: the outcome
	told bool       // tell was used

	// Of a put.
	body     []byte
	blob     *dbfile.Blob
	attempts int
	crc      uint32
	void     bool // withdrawn, or done before it was written; guarded by Queue.mu

	// What the writer found out about a done.
	found bool
	claim string
	bytes int64
	file  string

	// Of a discard.
	last  int64 // the last seq it is about
	count int
}

type opKind int

const (
	opPut opKind = iota
	opDone
	opDiscard
)

func newOp(kind opKind, it *Item) *op { return &op{kind: kind, it: it, tell: make(chan error, 1)} }

// weight is about how much the op writes to the log, in bytes.
func (o *op) weight() int64 {
	const page = 4096
	if o.kind == opDone {
		return page
	}
	row := o.it.bytes() + 200
	if o.blob != nil {
		row -= o.it.Size
	}
	return row + row/50 + page/2 // a page is not full, and has a header
}

// release leaves the body's file to its row.
func (o *op) release() {
	if o.blob != nil {
		o.blob.Release()
	}
}

// answer tells the caller the outcome, once.
func (o *op) answer(err error) {
	if !o.told {
		o.told = true
		o.tell <- err
	}
}
