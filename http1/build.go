package http1

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
)

// Field is one field of a message that did not come as HTTP/1.1.
type Field struct{ Name, Value string }

// headerFields lists the fields of a header of net/http in the order of their
// names.
func headerFields(h http.Header) []Field {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	var list []Field
	for _, name := range names {
		for _, v := range h[name] {
			list = append(list, Field{name, v})
		}
	}
	return list
}

// grownLimits let pass what the default limits have let in somewhere and
// intermediaries have added to.
var grownLimits = Limits{Target: GrownTarget, Head: GrownHead, Fields: GrownFields}.withDefaults()

// BuildRequest makes a request in HTTP/1.1 of parts, by the rules that a
// request on a connection is held to. Fields of the connection and those that
// frame the body are left out. The body has n bytes, -1 when that is not
// known. The error is an [*Error].
func BuildRequest(method, target string, fields []Field, body io.Reader, n int64) (*Request, error) {
	r, err := buildRequest(method, target, endToEnd(fields), &grownLimits)
	if err != nil {
		return nil, err
	}
	r.Body.store(body, n)
	return r, nil
}

// HeadRequest returns the request whose head write writes, start line and
// fields, as if it had come on a connection with the given limits. It has no
// body; [Writer.EndEmpty] is left to HeadRequest. The error is an [*Error].
func HeadRequest(write func(*Writer), lim Limits) (*Request, error) {
	w := Writer{dst: io.Discard}
	write(&w)
	w.EndEmpty()
	lim = lim.withDefaults()
	r := &Request{Body: &Body{}}
	r.loadStrict(w.buf)
	w.buf = w.buf[:0]
	w.release()
	if len(r.raw) > lim.Head {
		return nil, badf(431, "the head is longer than %d bytes", lim.Head)
	}
	return r, r.parse(&lim)
}

func buildRequest(method, target string, fields []Field, lim *Limits) (*Request, error) {
	if !all([]byte(method), isToken) || method == "" || !all([]byte(target), isTarget) || target == "" {
		return nil, bad("the method or the target has a character that is not allowed")
	}
	raw, err := appendFields([]byte(method+" "+target+" HTTP/1.1\r\n"), fields)
	if err != nil {
		return nil, err
	}
	switch {
	case len(target) > lim.Target:
		return nil, badf(414, "the request target is longer than %d bytes", lim.Target)
	case len(raw) > lim.Head:
		return nil, badf(431, "the head is longer than %d bytes", lim.Head)
	}
	r := &Request{Body: &Body{}}
	r.loadStrict(append(raw, crlf...))
	return r, r.parse(lim)
}

// BuildResponse makes a response in HTTP/1.1 of parts, by the rules that a
// response on a connection is held to. Fields of the connection are left out;
// Content-Length stays, as a response to HEAD needs it. The body has n bytes,
// -1 when that is not known. The error is an [*Error].
func BuildResponse(status int, reason string, fields []Field, body io.Reader, n int64) (*Response, error) {
	if status < 100 || status > 999 || !all([]byte(reason), isValue) {
		return nil, badf(502, "the status line is malformed")
	}
	raw, err := appendFields([]byte("HTTP/1.1 "+strconv.Itoa(status)+" "+reason+"\r\n"), endToEnd(fields))
	if err != nil {
		return nil, err
	}
	return ParseResponse(raw, body, n)
}

// ParseResponse makes a response of a head, with or without its blank line,
// and a body of n bytes (-1 when that is not known). What the head itself says
// of the body's length and coding does not count. The error is an [*Error].
func ParseResponse(head []byte, body io.Reader, n int64) (*Response, error) {
	lim := grownLimits
	head = bytes.TrimSuffix(bytes.TrimSuffix(head, []byte{'\n'}), []byte{'\r'})
	if !bytes.HasSuffix(head, []byte{'\n'}) {
		head = append(bytes.Clone(head), crlf...)
	}
	if len(head) > lim.Head {
		return nil, badf(502, "the head is longer than %d bytes", lim.Head)
	}
	full := append(bytes.Clone(head), crlf...)
	if end, _, err := endOfHead(full, 0, false); err != nil || end != len(full) {
		return nil, badf(502, "the head has a blank line in it")
	}
	r := &Response{Body: &Body{}}
	r.load(full)
	if err := r.parse(&lim); err != nil {
		return nil, err
	}
	r.Body.store(body, n)
	return r, nil
}

// endToEnd leaves out what belongs to one connection, and what Connection
// names as such. Content-Length stays where it stands once.
func endToEnd(fields []Field) []Field {
	named := map[string]bool{}
	lengths := 0
	for _, f := range fields {
		switch kindOf([]byte(f.Name)) {
		case Connection:
			for option := range bytes.SplitSeq([]byte(f.Value), []byte{','}) {
				named[string(bytes.ToLower(trimSpace(option)))] = true
			}
		case ContentLength:
			lengths++
		}
	}
	return slices.DeleteFunc(slices.Clone(fields), func(f Field) bool {
		kind := kindOf([]byte(f.Name))
		if kind == ContentLength {
			return lengths > 1
		}
		return HopByHop.Has(kind) || named[string(bytes.ToLower([]byte(f.Name)))]
	})
}

// appendFields writes field lines, none of which can hold a second one.
func appendFields(raw []byte, fields []Field) ([]byte, error) {
	for _, f := range fields {
		if f.Name == "" || !all([]byte(f.Name), isToken) {
			return nil, bad("a field name has a character that is not allowed")
		}
		if !all([]byte(f.Value), isValue) {
			return nil, bad("a field value has a control character")
		}
		raw = append(append(raw, f.Name...), ": "...)
		raw = append(append(raw, f.Value...), crlf...)
	}
	return raw, nil
}
