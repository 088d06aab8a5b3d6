package export

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// maxJSONDepth is how deep objects and lists may lie in each other.
const maxJSONDepth = 512

// redactBody takes the secrets out of a body: members of JSON and of forms. A
// body of another kind, or one that is encoded, stays as it is.
func redactBody(body []byte, h *head) []byte {
	if len(body) == 0 {
		return body
	}
	kind := h.get("Content-Type")
	// Programs send JSON under every name, most of all under that of a form.
	if out, ok := redactJSON(body, isJSON(kind)); ok {
		return out
	}
	if isForm(kind) {
		return []byte(redactQuery(string(body)))
	}
	return body
}

// isJSON reports whether a content type says that it is JSON, or lines of it.
func isJSON(contentType string) bool {
	t, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	t = strings.TrimSpace(t)
	return strings.HasSuffix(t, "json") || strings.HasSuffix(t, "jsonl") || strings.HasSuffix(t, "ndjson")
}

// redactJSON takes the values of members with secret names out of a text of
// JSON, at any depth, and leaves everything else byte for byte. The text may be
// cut off. Of one that is broken, nobody knows what the rest is: if it is named
// JSON the rest is taken out, else each line counts by itself. ok says that
// something in it is JSON, which a text of other than objects and lists is not.
func redactJSON(text []byte, named bool) (out []byte, ok bool) {
	s := &jsonScan{in: text}
	if c := s.peek(); c != '{' && c != '[' {
		return redactLines(text)
	}
	whole := true
	for whole && s.peek() != 0 { // JSON lines are several values
		whole = s.value(0)
	}
	switch {
	case whole || s.at == len(s.in):
		return append(s.out, s.in[s.copied:]...), true
	case named:
		return append(append(s.out, s.in[s.copied:s.at]...), hidden...), true
	}
	return redactLines(text)
}

// redactLines does the same with lines that are objects or lists each, as
// programs log them, between others.
func redactLines(text []byte) (out []byte, ok bool) {
	for line := range bytes.Lines(text) {
		s := &jsonScan{in: line}
		if c := s.peek(); (c == '{' || c == '[') && s.value(0) && s.peek() == 0 {
			ok = true
			line = append(s.out, s.in[s.copied:]...)
		}
		out = append(out, line...)
	}
	return out, ok
}

// jsonScan goes through a text of JSON. Its methods return false where that ends
// or is none.
type jsonScan struct {
	in     []byte
	at     int
	out    []byte
	copied int // in[:copied] is in out, or was taken out
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *jsonScan) peek() byte {
	const bom = "\ufeff"
	if s.at == 0 && bytes.HasPrefix(s.in, []byte(bom)) {
		s.at = len(bom)
	}
	for ; s.at < len(s.in); s.at++ {
		if c := s.in[s.at]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
	return 0
}

// value goes through a value.
func (s *jsonScan) value(depth int) bool {
	switch c := s.peek(); {
	case depth > maxJSONDepth:
		return false
	case c == '{':
		return s.members('}', depth, s.member)
	case c == '[':
		return s.members(']', depth, s.value)
	case c == '"':
		return s.string(depth)
	}
	return s.literal()
}

// members goes through an object or a list.
func (s *jsonScan) members(end byte, depth int, each func(depth int) bool) bool {
	s.at++
	if s.peek() == end {
		s.at++
		return true
	}
	for {
		if !each(depth + 1) {
			return false
		}
		c := s.peek()
		s.at = min(s.at+1, len(s.in))
		if c != ',' {
			return c == end
		}
	}
}

// member goes through a name and its value, and takes the value out if the name
// is that of a secret.
func (s *jsonScan) member(depth int) bool {
	if s.peek() != '"' {
		return false
	}
	from := s.at
	if !s.text() {
		return false
	}
	var name string
	if json.Unmarshal(s.in[from:s.at], &name) != nil {
		name = string(s.in[from:s.at]) // its parts are those of a name all the same
	}
	if s.peek() != ':' {
		return false
	}
	s.at++
	if !isSecret(name, true) {
		return s.value(depth)
	}
	return s.takeOut(depth)
}

// takeOut goes through a value and puts the mark in its place. null, true, false
// and what is empty tell nothing and stay.
func (s *jsonScan) takeOut(depth int) bool {
	s.peek()
	from, copied, kept := s.at, s.copied, len(s.out)
	ok := s.value(depth)
	s.out, s.copied = s.out[:kept], copied // whatever was taken out within it
	if !ok {
		s.at = len(s.in) // its end is not known
	}
	if ok && slices.Contains(harmless, string(s.in[from:s.at])) {
		return true
	}
	s.out = append(append(s.out, s.in[s.copied:from]...), `"`+hidden+`"`...)
	s.copied = s.at
	return ok
}

// harmless are values that tell no secret.
var harmless = []string{"null", "true", "false", `""`, "[]", "{}"}

// string goes through a string. Some senders put JSON, or a URL with its query,
// into one.
func (s *jsonScan) string(depth int) bool {
	from := s.at
	if !s.text() {
		return false
	}
	raw := s.in[from:s.at]
	if !bytes.ContainsAny(raw, "{[?#=") || depth > maxJSONDepth/2 {
		return true
	}
	var meant string
	if json.Unmarshal(raw, &meant) != nil {
		return true
	}
	clean := meant
	if inner, ok := redactJSON([]byte(meant), false); ok {
		clean = string(inner)
	} else if strings.Contains(meant, "://") {
		clean = string(redactTarget([]byte(meant)))
	}
	if clean == meant {
		return true
	}
	s.out = append(append(s.out, s.in[s.copied:from]...), encoded(clean)...)
	s.copied = s.at
	return true
}

// encoded writes a string as JSON.
func encoded(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return []byte(`"` + hidden + `"`)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// text goes through a string without a look at it.
func (s *jsonScan) text() bool {
	for s.at++; s.at < len(s.in); s.at++ {
		switch s.in[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		}
	}
	s.at = len(s.in)
	return false
}

// literal goes through a number, true, false or null.
func (s *jsonScan) literal() bool {
	from := s.at
	for ; s.at < len(s.in); s.at++ {
		c := s.in[s.at]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'E' {
			break
		}
	}
	return s.at > from
}
