package signature

import (
	"iter"
	"strings"
	"time"
)

// DefaultTolerance is how far a signed time may lie from the time of receipt
// unless a route says otherwise.
const DefaultTolerance = 5 * time.Minute

// Lookup returns the values of a header field, by a name in any case, in the
// order in which they came. The Values method of a request of http1 is one.
type Lookup = func(name string) iter.Seq[[]byte]

// Message is a request as its sender made it.
type Message struct {
	Method string
	// URL is the public URL that the sender used. Schemes that sign it need
	// it; others ignore it.
	URL string
	// Header looks fields up; nil is a request without any.
	Header Lookup
	// Remote is the address of the sender, with or without a port. Schemes with
	// ranges of addresses need it.
	Remote string
	// Body is the raw body, byte for byte.
	Body []byte
	// Received is when the relay received the request. The age of a signature
	// is measured against it, so that a delivery that waited at the relay is
	// as good as one that came at once.
	Received time.Time

	work *int // counts what reading and checking it costs, where that is bounded
}

// spend counts what a step has cost, as bytes that could have been hashed.
func (m *Message) spend(n int) {
	if m.work != nil {
		*m.work += n
	}
}

// parsing is how many bytes could be hashed in the time in which one is read
// that is part of a form or of JSON.
const parsing = 16

// Header is one header field.
type Header struct{ Name, Value string }

// Fields makes a Lookup of a list of fields.
func Fields(list []Header) Lookup {
	return func(name string) iter.Seq[[]byte] {
		return func(yield func([]byte) bool) {
			for _, h := range list {
				if strings.EqualFold(h.Name, name) && !yield([]byte(h.Value)) {
					return
				}
			}
		}
	}
}

// values returns what a field of the message holds.
func (m *Message) values(name string) (list []string) {
	if m.Header == nil || name == "" {
		return nil
	}
	for v := range m.Header(name) {
		list = append(list, strings.Trim(string(v), " \t"))
	}
	return list
}

// has reports whether the message has a field.
func (m *Message) has(name string) bool { return len(m.values(name)) > 0 }

// one returns the only value of a field.
func (m *Message) one(name, what string) (string, error) {
	list := m.values(name)
	switch {
	case len(list) > 1:
		return "", failf(StepHeader, "more than one %s header: %s is there %d times", what, name, len(list))
	case len(list) == 0:
		return "", failf(StepHeader, "there is no %s header", name)
	case list[0] == "":
		return "", failf(StepHeader, "the header %s is empty", name)
	}
	return list[0], nil
}
