package routes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"homehook/http1"
)

// responder gives a fixed answer.
type responder struct {
	status int
	fields []header
	body   []byte
}

var _ handler = (*responder)(nil)

func (c *compiler) respond(path string, s *RespondSpec, route *Route) *responder {
	r := &responder{status: s.Status, body: []byte(s.Body)}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.status < 200 || r.status > 599 {
		c.report(path+".status", fmt.Sprintf("%d cannot be the status of an answer", r.status), "use one from 200 to 599")
	}
	if len(r.body) > 0 && (r.status == 204 || r.status == 304) {
		c.report(path+".body", fmt.Sprintf("an answer with status %d has no body", r.status), "leave the body out, or use another status")
	}
	r.fields = c.checkHeaders(path+".headers", s.Headers)
	typed := slices.ContainsFunc(r.fields, func(h header) bool { return strings.EqualFold(h.name, "Content-Type") })
	if len(r.body) > 0 && !typed {
		r.fields = append(r.fields, header{"Content-Type", contentType(r.body)})
	}
	return r
}

func (r *responder) close() {}

func (r *responder) serve(_ context.Context, d *Delivery, x *http1.Exchange) Result {
	if err := consume(d.Request.Body, consumeMax); err != nil {
		return failBody(x, err)
	}
	x.Start(r.status, nil)
	for _, h := range r.fields {
		x.Field(h.name, h.value)
	}
	if r.status == 204 || r.status == 304 {
		x.EndEmpty()
	} else {
		x.EndLength(int64(len(r.body)))
	}
	x.Write(r.body)
	if err := x.Finish(); err != nil {
		return Result{Exit: -1, Err: fmt.Errorf("write response: %w", err), Failure: FailedAnswer}
	}
	if r.status >= http.StatusBadRequest {
		return Result{Exit: -1, Failure: FailedStatus}
	}
	return Result{Exit: -1}
}

// contentType tells JSON from text.
func contentType(body []byte) string {
	b := bytes.TrimLeft(body, " \t\r\n")
	if len(b) > 0 && (b[0] == '{' || b[0] == '[') && json.Valid(b) {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// consumeMax is how much of a body is read for the history's sake when the
// handler has no use for it.
const consumeMax = 1 << 20

// consume reads up to max bytes of a body, so that its tap sees them. Only an
// error of the body itself is returned.
func consume(b *http1.Body, max int64) error {
	if b.Empty() {
		return nil
	}
	if n := b.Length(); n >= 0 && n <= maxWhole {
		if whole, err := b.Fill(maxWhole); whole || err != nil {
			return cmp.Or(err, b.Discard(len(b.Peek())))
		}
	}
	buf := make([]byte, 32<<10)
	for n := int64(0); n < max; {
		m, err := b.Read(buf)
		if n += int64(m); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}
