package relay

import (
	"net/http"

	"homehook/http1"
)

// maxAccepted bounds an answer "accepted", fields and body, in bytes.
const maxAccepted = 4 << 10

// acceptedJSON is the answer to a sender whose delivery is in the queue.
type acceptedJSON struct {
	Status  int        `json:"status,omitempty"`  // 200 to 299; 0 for 202
	Headers [][]string `json:"headers,omitempty"` // pairs
	Body    string     `json:"body,omitempty"`
}

// check refuses answers that could not be sent, or that would reach further than
// the claim.
func (a *acceptedJSON) check() *refusal {
	if a == nil {
		return nil
	}
	if a.Status != 0 && (a.Status < 200 || a.Status > 299) {
		return refuse(400, "the status of the answer \"accepted\" is not between 200 and 299")
	}
	if (a.Status == 204 || a.Status == 205) && a.Body != "" {
		return refuse(400, "an answer with that status has no body")
	}
	size := len(a.Body)
	var fields []http1.Field
	for _, h := range a.Headers {
		if len(h) != 2 {
			return refuse(400, "a field of the answer \"accepted\" is not a pair of name and value")
		}
		size += len(h[0]) + len(h[1])
		fields = append(fields, http1.Field{Name: h[0], Value: h[1]})
	}
	if size > maxAccepted {
		return refuse(400, "the answer \"accepted\" is longer than 4 KiB")
	}
	res, err := http1.BuildResponse(http.StatusAccepted, "", fields, nil, 0)
	if err != nil {
		return refuse(400, "the answer \"accepted\" has a field that cannot be sent")
	}
	if res.Len() != len(fields) {
		return refuse(400, "the answer \"accepted\" has a field of the connection")
	}
	for i := range res.Len() {
		if name, _, kind := res.At(i); kind != http1.Other || foldedEqual(name, setCookie) {
			return refuse(400, "the answer \"accepted\" may not have the field "+string(name))
		}
	}
	return nil
}

// accepted is such an answer in the form in which it is sent.
type accepted struct {
	status int
	fields []http1.Field
	body   []byte

	typed, document bool // what browsers take it for
}

var usualAccepted = &accepted{
	status: http.StatusAccepted, body: []byte("accepted\n"), typed: true,
	fields: []http1.Field{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}, {Name: "Cache-Control", Value: "no-store"}},
}

func newAccepted(j *acceptedJSON) *accepted {
	if j == nil || j.Status == 0 && j.Headers == nil && j.Body == "" {
		return usualAccepted
	}
	a := &accepted{status: j.Status, body: []byte(j.Body)}
	if a.status == 0 {
		a.status = http.StatusAccepted
	}
	for _, h := range j.Headers {
		a.fields = append(a.fields, http1.Field{Name: h[0], Value: h[1]})
		if foldedEqual([]byte(h[0]), contentType) {
			a.typed, a.document = true, isDocument([]byte(h[1]))
		}
	}
	return a
}

// accept answers a sender whose delivery is in the queue.
func (v *visitor) accept(a *accepted) {
	x := v.x
	x.Start(a.status, nil)
	for _, f := range a.fields {
		x.Field(f.Name, f.Value)
	}
	if v.place.prefix != nil && (a.document || !a.typed && len(a.body) > 0) {
		writeSandbox(x.Writer)
	}
	x.EndLength(int64(len(a.body)))
	x.Write(a.body)
	x.Finish()
}
