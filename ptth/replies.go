package ptth

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"homehook/http1"
)

// ErrNoExchange reports a reply that nobody waits for: its exchange has been
// answered, was given up, or never was.
var ErrNoExchange = errors.New("nobody waits for that reply")

// Replies are the exchanges of a claim's polls that wait for an answer, by
// their message ids. There are at most as many as there are polls. The zero
// value is ready, and all methods may be called by several goroutines.
type Replies struct {
	mu      sync.Mutex
	waiting map[string]*Awaited
}

// Awaited is an exchange whose reply has come: who holds it is the only one
// that may answer, and must do so with Message.
type Awaited struct {
	method string         // of the request
	answer chan pollReply // holds one, which is all that ever comes
	over   chan struct{}
	used   atomic.Bool // the answer was taken
	cut    atomic.Bool // the reading of the response was given up

	mu    sync.Mutex // guards what follows
	ended bool       // over is closed
	grant *Grant     // of the memory that the answer takes
}

// end says that the exchange is over: the answer is not needed any more.
func (a *Awaited) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = true
	close(a.over)
	a.grant.Give()
}

// keep has memory given back when the exchange is over.
func (a *Awaited) keep(g *Grant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.grant = g; a.ended {
		g.Give()
	}
}

// pollReply is what has come for an exchange. entity, if not nil, is the body of
// the agent's request, from which that of the response is read.
type pollReply struct {
	res    *http1.Response
	entity *http1.Body
	err    error
}

// expect begins to wait for a reply. It returns nil when an exchange of the
// same id does so already.
func (r *Replies) expect(id string, method []byte) *Awaited {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[id] != nil {
		return nil
	}
	if r.waiting == nil {
		r.waiting = map[string]*Awaited{}
	}
	a := &Awaited{method: string(method), answer: make(chan pollReply, 1), over: make(chan struct{})}
	r.waiting[id] = a
	return a
}

// end gives up what expect began, if no reply has come.
func (r *Replies) end(id string, a *Awaited) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[id] == a {
		delete(r.waiting, id)
	}
}

// Take returns the exchange that waits for a reply of the given id, nil when
// none does. It waits for no other from then on.
func (r *Replies) Take(id string) *Awaited {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.waiting[id]
	delete(r.waiting, id)
	return a
}

// Waiting reports whether an exchange waits for a reply of the given id.
func (r *Replies) Waiting(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting[id] != nil
}

// Len returns how many exchanges wait.
func (r *Replies) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting)
}

// Message answers the exchange with the response that the body of an agent's
// request holds as message/http. The body streams to the sender: Message
// returns when that has ended, and nothing of x may be used meanwhile. A body
// that holds no response is an [*http1.Error], and the sender is told that
// there is no valid answer. [ErrNoExchange] means that the sender has gone.
// After any other error the agent's connection must be closed.
func (a *Awaited) Message(x *http1.Exchange) error {
	entity := x.Request.Body
	res, err := readResponse(entity, entity.Length(), []byte(a.method))
	if err != nil {
		a.answer <- pollReply{err: err}
		return err
	}
	if c := x.Conn(); c != nil {
		// The response may pause as it does on a link.
		was := c.Limits()
		defer c.SetLimits(was)
		unhurried := was
		unhurried.BodyRate = -1
		c.SetLimits(unhurried)
	}
	a.answer <- pollReply{res: res, entity: entity}
	<-a.over
	entity.Watch(0, nil)
	switch {
	case a.cut.Load():
		return errPollClosed
	case !a.used.Load():
		return ErrNoExchange
	}
	return nil
}

// Object answers an exchange with the reply that the body of an agent's
// request holds in COMET/JSON. Nothing happens when there is none, or nobody
// waits for it. A body that is no reply is an [*http1.Error]; the sender it
// was meant for, if that can be seen, is told that there is no valid answer.
// The grant, from [ReadObject], ends with the exchange.
func (r *Replies) Object(text []byte, g *Grant) error {
	id, res, err := decodeReply(text)
	var a *Awaited
	if id != "" {
		a = r.Take(id)
	}
	if a == nil || res == nil {
		g.Give()
	} else {
		g.Keep(res.Body.Length())
		a.keep(g)
	}
	if a != nil {
		a.answer <- pollReply{res: res, err: err}
	}
	return err
}

// ReadObject reads what may be an object of at most [MaxObject] bytes. What is
// more than a small body is on the budget. The error is [ErrNoRoom], or that of
// the body.
func ReadObject(body *http1.Body, budget *Budget) ([]byte, *Grant, error) {
	body.SetLimit(MaxObject)
	if body.TooLarge() {
		return nil, nil, http1.ErrBodyTooLarge
	}
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, io.LimitReader(body, smallBody)); err != nil {
		return nil, nil, err
	}
	n, left := int64(0), body.Length()
	switch {
	case left > 0:
		n = int64(buf.Len()) + left
	case left < 0 && buf.Len() == smallBody:
		n = MaxObject
	}
	g := budget.Take(objectTimes * n)
	if g == nil {
		return nil, nil, ErrNoRoom
	}
	if _, err := io.Copy(&buf, body); err != nil {
		g.Give()
		return nil, nil, err
	}
	return buf.Bytes(), g, nil
}
