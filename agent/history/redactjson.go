package history

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// jsonDepth is how deep objects and lists may lie in each other.
const jsonDepth = 512

// jsonSpace is what may stand before a value.
const jsonSpace = " \t\r\n\ufeff"

// looksLikeJSON says that a text begins as an object or a list does.
func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(b, jsonSpace)
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

// scanJSON takes the values at some paths out of a text of JSON, which may be
// cut off, and leaves everything else byte by byte. A name in a path stands for
// a member or an entry of a list by number, "*" for all; lists that a path does
// not mention are gone through, and so is JSON that a string holds, from the
// beginning of the paths. What comes after something that is not JSON is taken
// out as a whole: nobody knows what it is. clean says that there was none.
func scanJSON(text []byte, paths [][]string, t *taken) (out []byte, changed, clean bool) {
	s := newScan(text, paths, t)
	for ok := true; ok; { // JSON lines are several values
		if s.space(); s.at == len(s.in) {
			break
		}
		ok = s.value(paths, 0)
	}
	s.out = append(s.out, s.in[s.copied:s.at]...)
	if clean = s.at == len(s.in); !clean {
		t.add(s.in[s.at:])
		s.out, s.changed = append(s.out, redacted...), true
	}
	if !s.changed {
		return text, false, clean
	}
	return s.out, true, clean
}

// jsonScan goes through a text of JSON. Its methods return false where that ends
// or is none.
type jsonScan struct {
	in      []byte
	at      int
	out     []byte
	copied  int // in[:copied] is dealt with
	changed bool
	taken   *taken
	root    [][]string // the paths, for JSON in strings; none within what is taken out
	nested  int        // how many strings it lies in
}

func newScan(text []byte, paths [][]string, t *taken) *jsonScan {
	return &jsonScan{in: text, root: paths, taken: t}
}

func (s *jsonScan) space() {
	for s.at < len(s.in) && (s.in[s.at] <= ' ' || bytes.HasPrefix(s.in[s.at:], []byte("\ufeff"))) {
		if s.in[s.at] > ' ' {
			s.at += 2
		}
		s.at++
	}
}

func (s *jsonScan) peek() byte {
	if s.space(); s.at < len(s.in) {
		return s.in[s.at]
	}
	return 0
}

// value goes through a value; paths are what is left of those that lead to it or
// into it.
func (s *jsonScan) value(paths [][]string, depth int) bool {
	for _, p := range paths {
		if len(p) == 0 {
			return s.takeOut(depth)
		}
	}
	switch c := s.peek(); {
	case depth > jsonDepth:
		return false
	case c == '{':
		return s.object(paths, depth)
	case c == '[':
		return s.list(paths, depth)
	case c == '"':
		return s.string()
	}
	return s.literal()
}

// takeOut goes through a value and leaves it out.
func (s *jsonScan) takeOut(depth int) bool {
	s.space()
	from, root := s.at, s.root
	s.root = nil
	ok := s.value(nil, depth)
	s.root = root
	s.out = append(append(s.out, s.in[s.copied:from]...), `"`+redacted+`"`...)
	s.changed = true
	if !ok {
		s.at = len(s.in) // its end is not known
	}
	s.taken.addJSON(s.in[from:s.at])
	s.copied = s.at
	return ok
}

// stringsDepth is how deep JSON may lie in strings of JSON.
const stringsDepth = 4

// string goes through a string, and through the JSON in it if it holds some.
func (s *jsonScan) string() bool {
	from := s.at
	text, ok := s.text()
	if len(s.root) == 0 {
		return ok
	}
	var inner []byte
	switch {
	case !ok:
		// Of JSON that is cut off within a string it is not known where it ends.
		if rest := s.in[min(from+1, s.at):s.at]; !looksLikeJSON(rest) {
			return false
		}
		s.taken.add(s.in[from:s.at])
		inner = []byte(redacted)
	case !looksLikeJSON([]byte(text)) || !json.Valid([]byte(text)):
		return true
	case s.nested == stringsDepth:
		s.taken.add([]byte(text))
		inner = []byte(redacted)
	default:
		n := newScan([]byte(text), s.root, s.taken)
		n.nested = s.nested + 1
		n.value(s.root, 0)
		if n.at < len(bytes.TrimRight([]byte(text), jsonSpace)) { // too deep
			n.out, n.copied, n.changed = []byte(redacted), len(n.in), true
		}
		if !n.changed {
			return true
		}
		inner = append(n.out, n.in[n.copied:]...)
	}
	quoted, _ := json.Marshal(string(inner)) // a string cannot fail
	s.out = append(append(s.out, s.in[s.copied:from]...), quoted...)
	s.copied, s.changed = s.at, true
	return ok
}

func (s *jsonScan) object(paths [][]string, depth int) bool {
	s.at++
	if s.peek() == '}' {
		s.at++
		return true
	}
	for {
		if s.peek() != '"' {
			return false
		}
		name, ok := s.text()
		if !ok || s.peek() != ':' {
			return false
		}
		s.at++
		if !s.value(below(paths, name), depth+1) {
			return false
		}
		if done, ok := s.comma('}'); done || !ok {
			return ok
		}
	}
}

func (s *jsonScan) list(paths [][]string, depth int) bool {
	s.at++
	if s.peek() == ']' {
		s.at++
		return true
	}
	for i := 0; ; i++ {
		// A path may go through a list without saying so.
		if !s.value(union(below(paths, strconv.Itoa(i)), paths), depth+1) {
			return false
		}
		if done, ok := s.comma(']'); done || !ok {
			return ok
		}
	}
}

// comma goes on to the next entry, or ends the object or list.
func (s *jsonScan) comma(end byte) (done, ok bool) {
	switch s.peek() {
	case ',':
		s.at++
		return false, true
	case end:
		s.at++
		return true, true
	}
	return false, false
}

// below returns what is left of the paths that lead into an entry.
func below(paths [][]string, name string) (left [][]string) {
	for _, p := range paths {
		if len(p) > 0 && (p[0] == name || p[0] == "*") {
			left = append(left, p[1:])
		}
	}
	return left
}

// union adds the paths of more that are not among paths. Both hold ends of the
// same few paths, so that there are never many.
func union(paths, more [][]string) [][]string {
	for _, m := range more {
		if !slices.ContainsFunc(paths, func(p []string) bool { return slices.Equal(p, m) }) {
			paths = append(paths, m)
		}
	}
	return paths
}

// text goes through a string and returns what it means.
func (s *jsonScan) text() (meaning string, ok bool) {
	from := s.at
	escaped := false
	for s.at++; s.at < len(s.in); s.at++ {
		switch s.in[s.at] {
		case '\\':
			escaped = true
			s.at++
		case '"':
			s.at++
			raw := s.in[from:s.at]
			if !escaped {
				return string(raw[1 : len(raw)-1]), true
			}
			err := json.Unmarshal(raw, &meaning)
			return meaning, err == nil
		}
	}
	s.at = len(s.in)
	return "", false
}

// literal goes through a number, true, false or null. One that the end of the
// text cuts off is taken for whole.
func (s *jsonScan) literal() bool {
	from := s.at
	for s.at < len(s.in) {
		switch c := s.in[s.at]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '+', c == '.', c == 'E':
			s.at++
			continue
		}
		break
	}
	return s.at > from
}
