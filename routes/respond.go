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

// responder gives an answer that is configured.
type responder struct {
	status int
	fields []header
	body   text
	fixed  []byte // the body, where it is
	typed  bool   // the fields have a Content-Type
}

var _ handler = (*responder)(nil)

func (c *compiler) respond(path string, s *RespondSpec, route *Route) *responder {
	r := &responder{status: s.Status, body: c.text(path+".body", s.Body, route)}
	r.fixed = []byte(r.body.fixed)
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.status < 200 || r.status > 599 {
		c.report(path+".status", fmt.Sprintf("%d cannot be the status of an answer", r.status), "use one from 200 to 599")
	}
	if s.Body != "" && isBare(r.status) {
		c.report(path+".body", fmt.Sprintf("an answer with status %d has no body", r.status), "leave the body out, or use another status")
	}
	r.fields = c.checkHeaders(path+".headers", s.Headers, route)
	r.typed = hasContentType(r.fields)
	if len(r.fixed) > 0 && !r.typed {
		r.fields = append(r.fields, header{name: "Content-Type", value: contentType(r.fixed)})
		r.typed = true
	}
	return r
}

// isBare reports whether answers with a status have no body.
func isBare(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// noSniff is the field that keeps browsers from taking a body for something else
// than its Content-Type says.
const noSniff = "X-Content-Type-Options"

// withNoSniff adds it to the fields of an answer with a body, unless they are
// configured to have another.
func withNoSniff(fields []header, size int) []header {
	if size == 0 || slices.ContainsFunc(fields, func(h header) bool { return strings.EqualFold(h.name, noSniff) }) {
		return fields
	}
	return append(slices.Clip(fields), header{name: noSniff, value: "nosniff"})
}

func hasContentType(fields []header) bool {
	return slices.ContainsFunc(fields, func(h header) bool { return strings.EqualFold(h.name, "Content-Type") })
}

// fill returns the fields and the body of the answer to a delivery.
func (r *responder) fill(d *Delivery) (fields []header, body []byte, why *fault) {
	if fields, why = fillHeaders(r.fields, d); why != nil || r.body.template == nil {
		return withNoSniff(fields, len(r.fixed)), r.fixed, why
	}
	text, _, err := r.body.fill(d)
	if err != nil {
		return nil, nil, unfit("the body of the answer cannot be filled in: %w", err)
	}
	if body = []byte(text); len(body) > 0 && !r.typed {
		fields = append(slices.Clip(fields), header{name: "Content-Type", value: contentType(body)})
	}
	return withNoSniff(fields, len(body)), body, nil
}

func (r *responder) close() {}

func (r *responder) serve(_ context.Context, d *Delivery, x *http1.Exchange) Result {
	if err := consume(d.Request.Body, consumeMax); err != nil {
		return failBody(x, err)
	}
	fields, body, why := r.fill(d)
	if why != nil {
		return why.reply(x)
	}
	x.Start(r.status, nil)
	for _, h := range fields {
		x.Field(h.name, h.value)
	}
	if isBare(r.status) {
		x.EndEmpty()
	} else {
		x.EndLength(int64(len(body)))
	}
	x.Write(body)
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
