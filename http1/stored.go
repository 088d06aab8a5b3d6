package http1

import (
	"bytes"
	"io"
)

// ParseRequest makes a request of a stored head, with or without its blank
// line, and a body of n bytes (-1 when that is not known). The limits let pass what
// the defaults have let in and a relay has added to ([GrownFields]).
func ParseRequest(head []byte, body io.Reader, n int64) (*Request, error) {
	head = bytes.TrimSuffix(head, crlf)
	if !bytes.HasSuffix(head, crlf) {
		head = append(bytes.Clone(head), crlf...)
	}
	r := &Request{Body: &Body{}}
	full := append(bytes.Clone(head), crlf...)
	if end, _, err := endOfHead(full, 0, true); err != nil {
		return nil, err
	} else if end != len(full) {
		return nil, bad("the stored head has a blank line in it")
	}
	r.loadStrict(full)
	lim := grownLimits
	if len(r.raw) > lim.Head {
		return nil, badf(431, "the head is longer than %d bytes", lim.Head)
	}
	if err := r.parse(&lim); err != nil {
		return nil, err
	}
	r.Body.store(body, n)
	return r, nil
}
