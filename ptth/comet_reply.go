package ptth

import (
	"context"
	"fmt"
	"time"

	"homehook/http1"
)

const (
	// maxReply is the longest body of a response in bytes: it is kept in
	// memory, since the reply goes out when it is whole.
	maxReply = 8 << 20

	// maxStream is how long a response of unknown length may take.
	maxStream = 30 * time.Second
)

// carryOut calls handle for the event and returns the reply.
func (e *event) carryOut(ctx context.Context, handle func(context.Context, *http1.Exchange)) []byte {
	if e.err != nil {
		return e.refuse(statusOf(e.err), e.err.Error())
	}
	s := &replySink{id: e.id, method: e.request.Method}
	handle(ctx, http1.NewSinkExchange(e.request, s))
	switch {
	case s.cannot != nil:
		return e.refuse(s.cannot.Status, s.cannot.Detail)
	case s.whole:
		return s.reply.encode(s.body)
	case s.reply == nil:
		return e.refuse(500, "the handler gave no answer")
	}
	return e.refuse(502, "the handler's answer broke off")
}

// refuse is the reply to an event that a sender gets in place of the handler's.
func (e *event) refuse(status int, detail string) []byte {
	r := e.request
	if r == nil {
		r = &http1.Request{}
	}
	s := &replySink{id: e.id, method: r.Method}
	http1.NewSinkExchange(r, s).Text(status, detail)
	return s.reply.encode(s.body)
}

// statusOf is the answer that a message deserves which cannot be read.
func statusOf(err error) int {
	if e, ok := err.(*http1.Error); ok && e.Status >= 400 {
		return e.Status
	}
	return 400
}

// replySink keeps a response until it is whole.
type replySink struct {
	id     string
	method []byte // of the request
	reply  *replyObject
	body   []byte
	length int64 // -1 when not known
	began  time.Time
	whole  bool
	cannot *http1.Error // why the reply cannot carry the response
}

var _ http1.Sink = (*replySink)(nil)

// Head keeps the head of the final response.
func (s *replySink) Head(res *http1.Response, length int64) error {
	switch {
	case res.Status < 200:
		return nil
	case length > maxReply:
		return s.tooLong()
	case length != 0 && hasType(res, "text/event-stream"):
		s.cannot = &http1.Error{Status: 501, Detail: "the dialect comet cannot carry a stream of events: the answer has to be whole before it is sent"}
		return s.cannot
	}
	s.reply, s.length, s.began = newReply(s.id, res, s.method), length, time.Now()
	return nil
}

// Body keeps a piece of the body.
func (s *replySink) Body(p []byte) error {
	if len(s.body)+len(p) > maxReply {
		return s.tooLong()
	}
	if s.length < 0 && time.Since(s.began) > maxStream {
		s.cannot = &http1.Error{Status: 501, Detail: fmt.Sprintf("the dialect comet cannot carry an endless answer: it was not whole after %s", maxStream)}
		return s.cannot
	}
	s.body = append(s.body, p...)
	return nil
}

func (s *replySink) tooLong() error {
	s.cannot = &http1.Error{Status: 502, Detail: fmt.Sprintf("the answer is longer than the %d MiB that the dialect comet can carry", maxReply>>20)}
	return s.cannot
}

// Flush does nothing: a part of a reply cannot be sent.
func (s *replySink) Flush() error { return nil }

// End says that the response is whole. There is no place for its trailer.
func (s *replySink) End(*http1.Head) error {
	s.whole = true
	return nil
}
