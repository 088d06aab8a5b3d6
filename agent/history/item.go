package history

import (
	"slices"
	"sync"
)

// op is what the writer is to do with an item.
type op uint8

const (
	opBegin op = iota
	opStart
	opFinish
	opReopen
	opFlush // commit what came before, then answer
)

// item is one entry of the queue: a copy of a record that shares no bytes with
// the caller's.
type item struct {
	op      op
	durable bool // the commit has to be fsync'd
	rec     Record
	buf     []byte // holds the bytes of rec
	err     error  // what the writer has to say about this item alone

	original original // of a durable Begin; its bytes are the caller's, who waits
	starts   int      // the answer to a Start

	// done takes the outcome of an item that somebody waits for; capacity 1, so
	// the writer never blocks on it.
	done chan error
}

// keepBuffer is the largest buffer that goes back to the pool, in bytes.
const keepBuffer = 64 << 10

var items = sync.Pool{New: func() any { return &item{done: make(chan error, 1)} }}

func newItem(o op) *item {
	it := items.Get().(*item)
	it.op = o
	return it
}

// recycle gives it back. Nobody may hold it, nor a result of it, any more.
func (it *item) recycle() {
	buf, log := it.buf[:0], it.rec.Log
	if cap(buf) > keepBuffer {
		buf = nil
	}
	clear(log)
	*it = item{buf: buf, done: it.done, rec: Record{Log: log[:0]}}
	items.Put(it)
}

// waited says whether a caller waits for the outcome and recycles the item.
func (it *item) waited() bool { return it.op != opFinish }

// size is what the item counts against the queue's bytes.
func (it *item) size() int { return len(it.buf) + len(it.original.head) + len(it.original.body) + 512 }

// copy fills the item from r, which is redacted, with every body and output cut
// at limit.
func (it *item) copy(r *Record, limit int) {
	log := append(it.rec.Log[:0], r.Log...)
	it.rec = *r
	it.rec.Log = log
	cut(&it.rec.Body, &it.rec.BodyTruncated, limit)
	n := len(r.Head) + len(it.rec.Body) + len(r.Trace)
	for i := range log {
		a := &log[i]
		cut(&a.Output, &a.OutputTruncated, limit)
		cut(&a.ResponseBody, &a.ResponseTruncated, limit)
		n += len(a.Output) + len(a.ResponseHead) + len(a.ResponseBody)
	}
	// Grown once, so that the parts stay where they are put.
	it.buf = slices.Grow(it.buf[:0], n)
	it.own(&it.rec.Head)
	it.own(&it.rec.Body)
	it.own(&it.rec.Trace)
	for i := range log {
		it.own(&log[i].Output)
		it.own(&log[i].ResponseHead)
		it.own(&log[i].ResponseBody)
	}
}

// own moves the bytes of *p into the item's buffer. Empty and absent are one.
func (it *item) own(p *[]byte) {
	if len(*p) == 0 {
		*p = nil
		return
	}
	from := len(it.buf)
	it.buf = append(it.buf, *p...)
	*p = it.buf[from:len(it.buf):len(it.buf)]
}

func cut(p *[]byte, truncated *bool, limit int) {
	if len(*p) > limit {
		*p, *truncated = (*p)[:limit], true
	}
}
