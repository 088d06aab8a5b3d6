package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"
	"time"

	"homehook/agent/history"
	"homehook/http1"
)

// lateBody is how much of a body that the handler left unread is still read
// for the history.
const lateBody = 1 << 20

// recorder gathers what the history keeps of one delivery while it passes. It
// is lent from a pool, since its buffers are the size of the messages.
type recorder struct {
	rec     history.Record
	attempt history.Attempt
	answerTap

	sum  hash.Hash
	body []byte
	size int64
}

// answerTap keeps an answer while it is written.
type answerTap struct {
	limit   int       // bytes kept of a body
	last    time.Time // when the answer was last written to
	resHead []byte
	resBody []byte
	resSize int64
}

var _ http1.Tap = (*answerTap)(nil)

var recorders = sync.Pool{New: func() any { return &recorder{sum: sha256.New()} }}

// record begins to watch an exchange.
func record(x *http1.Exchange, limit int) *recorder {
	r := recorders.Get().(*recorder)
	r.limit = limit
	r.sum.Reset()
	r.rec.Head = append(r.rec.Head[:0], x.Request.Raw()...)
	r.rec.Head = append(r.rec.Head, "\r\n"...)
	if n := int(min(max(x.Request.Body.Length(), 0), int64(limit))); n > cap(r.body) {
		r.body = make([]byte, 0, n)
	}
	x.Request.Body.Tap(r.requestBody)
	x.SetTap(r)
	return r
}

// free gives a recorder back. Nothing of it may be in use any more.
func (r *recorder) free() {
	*r = recorder{
		rec: history.Record{Head: r.rec.Head[:0], Log: r.rec.Log[:0]}, sum: r.sum,
		body: shrunk(r.body), answerTap: answerTap{resHead: r.resHead[:0], resBody: shrunk(r.resBody)},
	}
	recorders.Put(r)
}

// shrunk empties a buffer, and drops one that a large body has grown.
func shrunk(b []byte) []byte {
	if cap(b) > 64<<10 {
		return nil
	}
	return b[:0]
}

func (r *recorder) requestBody(p []byte) {
	r.sum.Write(p)
	r.size += int64(len(p))
	r.body = r.keep(r.body, p)
}

// Head keeps the head of the response.
func (r *answerTap) Head(p []byte) {
	r.resHead = append(r.resHead[:0], p...)
	r.last = time.Now()
}

// Body keeps the beginning of the response's body and counts all of it.
func (r *answerTap) Body(p []byte) {
	r.resSize += int64(len(p))
	r.last = time.Now()
	r.resBody = r.keep(r.resBody, p)
}

func (r *answerTap) keep(to, p []byte) []byte {
	return append(to, p[:min(len(p), r.limit-len(to))]...)
}

// complete reads what the handler left of the body and fills in the record. It
// returns what the body broke with, nil if it did not.
func (r *recorder) complete(x *http1.Exchange, began time.Time) (broken error) {
	whole := true
	if b := x.Request.Body; !b.Empty() {
		_, err := io.CopyN(io.Discard, b, lateBody)
		if whole = err == io.EOF; !whole {
			broken = err
		}
	}
	d := &r.rec
	d.Size, d.Body = r.size, r.body
	d.BodyTruncated = !whole || r.size > int64(len(r.body))
	if whole {
		var sum [sha256.Size]byte
		d.BodySHA256 = hex.EncodeToString(r.sum.Sum(sum[:0]))
	}
	d.Status = x.Status
	if r.last.IsZero() {
		r.last = time.Now()
	}
	d.DurationMS = milliseconds(r.last.Sub(began))
	return broken
}

// tried fills in the attempt that was made.
func (r *recorder) tried(status int) {
	r.fill(&r.attempt, status)
	r.rec.Log = append(r.rec.Log[:0], r.attempt)
	r.rec.Attempts = len(r.rec.Log)
}

// fill puts the answer that was kept into an attempt.
func (r *answerTap) fill(a *history.Attempt, status int) {
	a.Status = status
	a.ResponseHead, a.ResponseBody, a.ResponseSize = r.resHead, r.resBody, r.resSize
	a.ResponseTruncated = r.resSize > int64(len(r.resBody))
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
