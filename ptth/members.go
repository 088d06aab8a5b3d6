package ptth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"homehook/http1"
)

// members are those of a JSON object. The first that is not as it should be
// sets err. Members that nobody knows are ignored.
type members struct {
	of  map[string]json.RawMessage
	err error
}

// maxMembers is the most members of an object, known or not.
const maxMembers = 64

func malformed(detail string) *http1.Error { return &http1.Error{Status: 400, Detail: detail} }

var errNoObject = malformed("the body is not a single JSON object")

// readMembers reads a JSON object strictly: it is UTF-8, names count in their
// exact case and stand once, and nothing follows. Nothing at all is taken for
// an empty object.
func readMembers(b []byte) (*members, error) {
	m := &members{of: map[string]json.RawMessage{}}
	if len(b) == 0 {
		return m, nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') || !utf8.Valid(b) {
		return nil, errNoObject
	}
	for d.More() {
		if len(m.of) == maxMembers {
			return nil, malformed("the object has too many members")
		}
		name, err := d.Token()
		key, ok := name.(string)
		if err != nil || !ok {
			return nil, errNoObject
		}
		if _, twice := m.of[key]; twice {
			return nil, malformed("the object has a member twice")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNoObject
		}
		m.of[key] = value
	}
	if _, err := d.Token(); err != nil { // the brace that ends it
		return nil, errNoObject
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errNoObject
	}
	return m, nil
}

// empty reports whether there is no member.
func (m *members) empty() bool { return len(m.of) == 0 }

// decode reads a member, which must not be null, and reports whether it is
// there.
func (m *members) decode(name, kind string, to any) bool {
	raw, ok := m.of[name]
	if ok && (string(raw) == "null" || json.Unmarshal(raw, to) != nil) {
		m.fail(name + " is not " + kind)
	}
	return ok
}

func (m *members) fail(detail string) {
	if m.err == nil {
		m.err = malformed(detail)
	}
}

// text reads a string that must be there.
func (m *members) text(name string) (s string) {
	if !m.decode(name, "a string", &s) {
		m.fail(name + " is missing")
	}
	return s
}

// id reads the message-id, before anything else.
func (m *members) id() (string, error) {
	id := m.text("message-id")
	if m.err == nil && (id == "" || len(id) > maxMessageID) {
		m.fail("message-id is empty or too long")
	}
	return id, m.err
}

// version accepts the versions of all that is said to speak this.
func (m *members) version() {
	var v string
	if m.decode("http-version", "a string", &v) && !strings.HasPrefix(v, "PTTH/") && !strings.HasPrefix(v, "HTTP/1.") {
		m.fail("http-version is neither PTTH nor HTTP/1")
	}
}

// status reads the status of a final response.
func (m *members) status() (n int) {
	switch {
	case !m.decode("status", "an integer", &n):
		m.fail("status is missing")
	case n < 200 || n > 999:
		m.fail("status is not that of a final response")
	}
	return n
}

// reason reads the reason phrase, which may be absent.
func (m *members) reason() (s string) {
	m.decode("reason", "a string", &s)
	return s
}

// fields reads the headers, which may be absent. What may stand in a name and
// in a value is for the reader of messages to say.
func (m *members) fields() []http1.Field {
	var list [][]*string
	m.decode("headers", "a list of pairs of strings", &list)
	fields := make([]http1.Field, 0, len(list))
	for _, pair := range list {
		if len(pair) != 2 || pair[0] == nil || pair[1] == nil {
			m.fail("headers is not a list of pairs of strings")
			return nil
		}
		fields = append(fields, http1.Field{Name: *pair[0], Value: *pair[1]})
	}
	return fields
}

// body reads the body, which may be absent.
func (m *members) body() []byte {
	var s, encoding string
	m.decode("body", "a string", &s)
	if !m.decode("body-encoding", "a string", &encoding) {
		return []byte(s)
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if encoding != "base64" || err != nil {
		m.fail("body is not in base64, the only body-encoding there is")
	}
	return b
}
