package http1

import (
	"bytes"
	"iter"
)

// Head is the head of a message as it came: one buffer, and where its fields
// lie. Its methods return slices of that buffer, valid until the connection
// reads its next message.
type Head struct {
	raw    []byte // start line and fields, each with its CRLF; no blank line
	first  int    // where the fields begin
	fields []field

	// Minor is the x of HTTP/1.x.
	Minor int

	length   int64 // Content-Length, -1 when absent
	chunked  bool
	hosts    int
	close    bool // Connection: close
	keep     bool // Connection: keep-alive
	upgrade  bool // Connection: upgrade
	nominate bool // Connection names something else
}

// field holds offsets rather than slices, so that a head costs little memory
// and its buffer may move.
type field struct {
	name, nameEnd   uint32
	value, valueEnd uint32
	end             uint32 // past the CRLF
	kind            Kind
}

func (h *Head) reset() {
	*h = Head{raw: h.raw[:0], fields: h.fields[:0], length: -1}
}

// Raw returns the start line and the fields with their line ends, without the
// blank line that ends a head.
func (h *Head) Raw() []byte { return h.raw }

// Len returns the number of fields.
func (h *Head) Len() int { return len(h.fields) }

// At returns the name, value and kind of field i. The value has no white
// space around it.
func (h *Head) At(i int) (name, value []byte, kind Kind) {
	f := &h.fields[i]
	return h.raw[f.name:f.nameEnd], h.raw[f.value:f.valueEnd], f.kind
}

// All yields names and values in their order on the wire.
func (h *Head) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for i := range h.fields {
			if name, value, _ := h.At(i); !yield(name, value) {
				return
			}
		}
	}
}

// Get returns the value of the first field called name, in any case, and
// whether there is one.
func (h *Head) Get(name string) ([]byte, bool) {
	for v := range h.Values(name) {
		return v, true
	}
	return nil, false
}

// Values yields the values of every field called name, in any case.
func (h *Head) Values(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range h.fields {
			n, v, _ := h.At(i)
			if bytesEqualFold(n, name) && !yield(v) {
				return
			}
		}
	}
}

// GetKind returns the value of the first field of a kind.
func (h *Head) GetKind(k Kind) ([]byte, bool) {
	for i := range h.fields {
		if h.fields[i].kind == k {
			_, v, _ := h.At(i)
			return v, true
		}
	}
	return nil, false
}

// Count returns how many fields are called name, in any case.
func (h *Head) Count(name string) int {
	n := 0
	for range h.Values(name) {
		n++
	}
	return n
}

// HasToken reports whether token is an element of the comma-separated lists
// in the fields called name; both compare without case.
func (h *Head) HasToken(name, token string) bool {
	for v := range h.Values(name) {
		for item := range bytes.SplitSeq(v, []byte{','}) {
			if bytesEqualFold(trimSpace(item), token) {
				return true
			}
		}
	}
	return false
}

// Remove takes the fields of the given kinds out of the head. It must not be
// given the kinds that the framing of a message depends on.
func (h *Head) Remove(kinds Kinds) {
	kept, at := h.fields[:0], uint32(h.first)
	for _, f := range h.fields {
		if kinds.Has(f.kind) {
			continue
		}
		shift := f.name - at
		copy(h.raw[at:], h.raw[f.name:f.end])
		f.name, f.nameEnd = f.name-shift, f.nameEnd-shift
		f.value, f.valueEnd, f.end = f.value-shift, f.valueEnd-shift, f.end-shift
		kept, at = append(kept, f), f.end
	}
	h.fields, h.raw = kept, h.raw[:at]
}

// ContentLength returns the announced length of the body, -1 when there is
// none.
func (h *Head) ContentLength() int64 { return h.length }

// Chunked reports whether the body comes in chunks.
func (h *Head) Chunked() bool { return h.chunked }

// keepsAlive reports whether the sender of the head wants the connection to
// go on (RFC 9112, section 9.3).
func (h *Head) keepsAlive() bool {
	if h.close {
		return false
	}
	return h.Minor >= 1 || h.keep
}

// markNominated marks the fields that Connection names beyond the known options,
// and reports whether one of them must not be lost.
func (h *Head) markNominated() bool {
	found := false
	for i := range h.fields {
		if h.fields[i].kind != Connection {
			continue
		}
		_, v, _ := h.At(i)
		for option := range bytes.SplitSeq(v, []byte{','}) {
			if h.mark(trimSpace(option)) {
				found = true
			}
		}
	}
	return found
}

func (h *Head) mark(option []byte) bool {
	found := false
	if len(option) == 0 || HopByHop.Has(kindOf(option)) {
		return false
	}
	for i := range h.fields {
		if n, _, _ := h.At(i); bytes.EqualFold(n, option) {
			found = found || isPrecious(h.fields[i].kind, n)
			h.fields[i].kind = Nominated
		}
	}
	return found
}

// precious are parts of the names of fields that a receiver's checks are made
// with. A sender who could have an intermediary remove one would decide what the
// receiver checks.
var precious = []string{
	"signature", "auth", "cookie", "token", "secret", "hmac", "digest", "key", "webhook", "hub-",
	"hook-", "event", "delivery", "timestamp", "content-", "origin", "referer", "idempot", "svix-",
	"x-request-", "topic",
}

// isPrecious reports whether a field must not be taken out because Connection
// names it.
func isPrecious(kind Kind, name []byte) bool {
	if kind != Other {
		return true // Host, Via, Forwarded and their like
	}
	low := bytes.ToLower(name)
	for _, part := range precious {
		if bytes.Contains(low, []byte(part)) {
			return true
		}
	}
	return false
}

// Request is the head of a request and its body.
type Request struct {
	Head
	Method []byte
	Target []byte // raw, as on the wire
	Body   *Body
}

// Path returns the raw path of the target, without the query; of an
// absolute-form target, what follows the authority ("/" if nothing does).
func (r *Request) Path() []byte {
	p, _ := r.PathQuery()
	return p
}

// PathQuery splits the target into raw path and raw query. The query has no
// question mark; it is nil when the target has none.
func (r *Request) PathQuery() (path, query []byte) {
	t := r.Target
	if _, rest, ok := r.absolute(); ok {
		t = rest
	}
	if i := bytes.IndexByte(t, '?'); i >= 0 {
		path, query = t[:i], t[i+1:]
	} else {
		path = t
	}
	if len(path) == 0 {
		path = []byte("/")
	}
	return path, query
}

// Host returns the authority that the request is for, without user
// information: that of an absolute-form target, else the Host field's value.
// It is empty when the request names none. Hosts tells how many Host fields
// there are; the reader refuses more than one.
func (r *Request) Host() []byte {
	if a, _, ok := r.absolute(); ok {
		return a
	}
	v, _ := r.GetKind(Host)
	return v
}

// HasHost reports whether the request has a Host field, be it empty.
func (r *Request) HasHost() bool { return r.hosts > 0 }

// Absolute reports whether the target is in absolute form, as sent to a
// forward proxy.
func (r *Request) Absolute() bool {
	_, _, ok := r.absolute()
	return ok
}

func (r *Request) absolute() (authority, rest []byte, ok bool) {
	if len(r.Target) == 0 || r.Target[0] == '/' {
		return nil, nil, false
	}
	i := bytes.Index(r.Target, []byte("://"))
	if i <= 0 || !all(r.Target[:i], isToken) { // what stands there is no scheme
		return nil, nil, false
	}
	rest = r.Target[i+3:]
	if end := bytes.IndexAny(rest, "/?"); end >= 0 {
		return rest[:end], rest[end:], true
	}
	return rest, nil, true
}

// IsMethod compares the method, whose case counts.
func (r *Request) IsMethod(m string) bool { return string(r.Method) == m }

// WantsUpgrade reports whether Connection has the option upgrade.
func (r *Request) WantsUpgrade() bool { return r.upgrade }

// Response is the head of a response and its body.
type Response struct {
	Head
	Status int
	Reason []byte
	Body   *Body
}

// Upgrades reports whether Connection has the option upgrade.
func (r *Response) Upgrades() bool { return r.upgrade }

// bytesEqualFold compares ASCII without case.
func bytesEqualFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if lower(b[i]) != lower(s[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func trimSpace(b []byte) []byte { return bytes.Trim(b, " \t") }
