package ptth

import (
	"bytes"
	"io"

	"homehook/http1"
)

// jsonBody is the longest body of a request that is put into JSON, in bytes.
const jsonBody = 8 << 20

// content is what answers a poll: head, then body, then what the sender's body
// still holds.
type content struct {
	head   []byte
	body   []byte
	unread bool // body was peeked at only
	whole  bool // nothing follows body

	grant *Grant // of the memory that the two take
}

// render makes the answer to the poll as far as it is to be in memory before
// the poll is used: a slow sender must not hold its connection half written.
// The error is a [*http1.CopyError] of the sender's side, or [ErrNoRoom].
func (p *Poll) render(c *Call) (content, error) {
	most := smallBody
	if p.isJSON() {
		most = jsonBody
	}
	t, err := gather(c.Request.Body, most, p.o.Budget)
	if err == nil && p.isJSON() && !t.whole {
		err = http1.ErrBodyTooLarge
	}
	if err == ErrNoRoom {
		return t, err
	}
	if err != nil {
		return t, &http1.CopyError{Reading: true, Err: err}
	}
	r, err := http1.HeadRequest(c.Head, messageLimits)
	if err != nil {
		return t, &http1.CopyError{Reading: true, Err: err}
	}
	if p.isJSON() {
		t.head = encodeEvent(p.o.ID, r, t.body)
	} else {
		t.head = requestHead(r, announced(c.Request, t))
	}
	return t, nil
}

// announced is the length that a request states inside its envelope, which old
// agents go by; -1 for none.
func announced(r *http1.Request, t content) int64 {
	switch {
	case t.whole && len(t.body) == 0 && r.ContentLength() < 0 && !r.Chunked():
		return -1
	case t.whole:
		return int64(len(t.body))
	}
	return r.Body.Length()
}

// gather takes a body of at most max bytes into memory, or as much of a longer
// one of unknown length. What is more than a small body is on the budget.
func gather(b *http1.Body, max int, budget *Budget) (t content, err error) {
	if n := b.Length(); n > smallBody && n <= int64(max) {
		if t.grant = budget.Take(eventTimes * n); t.grant == nil {
			return t, ErrNoRoom
		}
	}
	if t.whole, err = b.Fill(max); err != nil || t.whole || b.Length() >= 0 {
		if t.whole {
			t.body, t.unread = b.Peek(), true
		}
		return t, err
	}
	var buf bytes.Buffer
	n, err := io.Copy(&buf, io.LimitReader(b, smallBody+1))
	if err == nil && n > smallBody && max > smallBody {
		if t.grant = budget.Take(eventTimes * int64(max)); t.grant == nil {
			return t, ErrNoRoom
		}
		var more int64
		more, err = io.Copy(&buf, io.LimitReader(b, int64(max)+1-n))
		n += more
	}
	t.body, t.whole = buf.Bytes(), n <= int64(max)
	return t, err
}

// send answers the poll. [ErrNotSent] means that no byte of it has left.
func (p *Poll) send(c *Call, t content) error {
	x, body := p.x, c.Request.Body
	x.Start(200, nil)
	x.Field("Content-Type", p.o.Type)
	if p.o.Named {
		x.Field("Requesting-Client", c.Client)
	}
	if p.o.Fields != nil {
		p.o.Fields(x.Writer)
	}
	if p.isJSON() {
		x.EndLength(int64(len(t.head)))
		x.Write(t.head)
	} else if err := p.sendMessage(c, t); err != nil {
		return err
	}
	if err := x.Finish(); err != nil {
		if x.Conn() != nil && x.Sent() == 0 {
			return ErrNotSent
		}
		return err
	}
	if t.unread && len(t.body) > 0 {
		if err := body.Discard(len(t.body)); err != nil {
			return &http1.CopyError{Reading: true, Err: err}
		}
	}
	return nil
}

// sendMessage writes the request as the entity of the answer.
func (p *Poll) sendMessage(c *Call, t content) error {
	x, body := p.x, c.Request.Body
	switch rest := body.Length(); {
	case t.whole:
		x.EndLength(int64(len(t.head) + len(t.body)))
	case rest >= 0:
		x.EndLength(int64(len(t.head)) + rest)
	default:
		x.EndStream()
	}
	x.Write(t.head)
	x.Write(t.body)
	if t.whole {
		return nil
	}
	return x.Copy(body)
}

// wantsEvents reports whether a sender takes nothing but a stream of events.
func wantsEvents(r *http1.Request) bool {
	asked := false
	for v := range r.Values("Accept") {
		for item := range bytes.SplitSeq(v, []byte{','}) {
			kind, _, _ := bytes.Cut(item, []byte{';'})
			if !bytes.EqualFold(bytes.TrimSpace(kind), []byte("text/event-stream")) {
				return false
			}
			asked = true
		}
	}
	return asked
}
