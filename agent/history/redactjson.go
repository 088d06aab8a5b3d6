package history

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// jsonDepth is how deep objects and lists may lie in each other.
const jsonDepth = 512

// looksLikeJSON says that a text begins as an object or a list does.
func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n\ufeff")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

// redactJSON takes the values at some paths out of a text of JSON, which may be
// cut off, and leaves everything else byte by byte. A name in a path stands for
// a member or an entry of a list by number, "*" for all; lists that a path does
// not mention are gone through. What comes after something that is not JSON is
// taken out as a whole: nobody knows what it is.
func redactJSON(text []byte, paths [][]string) (out []byte, changed bool) {
	s := &jsonScan{in: text}
	for ok := true; ok; { // JSON lines are several values
		if s.space(); s.at == len(s.in) {
			break
		}
		ok = s.value(paths, 0)
	}
	s.out = append(s.out, s.in[s.copied:s.at]...)
	if s.at < len(s.in) {
		s.out, s.changed = append(s.out, redacted...), true
	}
	if !s.changed {
		return text, false
	}
	return s.out, true
}

// jsonScan goes through a text of JSON. Its methods return false where that ends
// or is none.
type jsonScan struct {
	in      []byte
	at      int
	out     []byte
	copied  int // in[:copied] is dealt with
	changed bool
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
		_, ok := s.text()
		return ok
	}
	return s.literal()
}

// takeOut goes through a value and leaves it out.
func (s *jsonScan) takeOut(depth int) bool {
	s.space()
	from := s.at
	ok := s.value(nil, depth)
	s.out = append(append(s.out, s.in[s.copied:from]...), `"`+redacted+`"`...)
	s.changed = true
	if !ok {
		s.at = len(s.in) // its end is not known
	}
	s.copied = s.at
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
