package routes

import (
	"net/url"
	"strings"
	"unicode"
)

// pattern is a parsed Match: the syntax of net/http's ServeMux without hosts.
// It differs from ServeMux in that paths are matched as they came: nothing is
// cleaned or redirected, so "/%2e%2e/" and "//" are segments like any other.
type pattern struct {
	method   string // empty for any
	segments []segment
	captures int
}

// segment is one part of a pattern's path.
type segment struct {
	kind segmentKind
	text string // of a literal, percent-decoded; else the name
}

type segmentKind uint8

const (
	literal segmentKind = iota
	single              // {name}
	rest                // {name...}, or a slash at the end, which has no name
	end                 // {$}: a slash at the end and nothing behind it
)

// parsePattern reads "[METHOD ]/path".
func parsePattern(s string) (pattern, error) {
	var p pattern
	path := s
	if i := strings.IndexAny(s, " \t"); i >= 0 && s[0] != '/' {
		p.method, path = s[:i], strings.TrimLeft(s[i+1:], " \t")
		if !isMethod(p.method) {
			return p, mistaken("methods are in upper case, such as POST", "%q is not a method", p.method)
		}
	}
	if err := checkPath(path); err != nil {
		return p, err
	}
	err := p.parseSegments(path)
	return p, err
}

// checkPath refuses what can never be in the path of a request.
func checkPath(path string) error {
	slash := strings.IndexByte(path, '/')
	switch {
	case path == "":
		return mistaken("the shortest one is /", "there is no path")
	case slash < 0 && isMethod(path):
		return mistaken("the shortest one is /", "there is no path behind the method")
	case slash < 0:
		return mistaken("write it like /hook", "a path begins with a slash")
	case slash > 0:
		return mistaken("leave it out: the claim decides which host a route serves", "a host cannot stand in a pattern")
	}
	for i := range len(path) {
		switch c := path[i]; {
		case c == '?' || c == '#':
			return mistaken("leave out everything from there on", "a pattern holds a path only, without %q", c)
		case c <= ' ' || c == 0x7f:
			return mistaken("write a space as %20", "a path has no spaces or control characters")
		}
	}
	return nil
}

func (p *pattern) parseSegments(path string) error {
	for path != "" {
		text, more := cutSegment(path)
		s, err := parseSegment(text, more == "")
		if err != nil {
			return err
		}
		if s.kind == single || s.kind == rest && s.text != "" {
			if p.has(s.text) {
				return mistaken("rename one of them", "the name {%s} is used twice", s.text)
			}
			p.captures++
		}
		p.segments = append(p.segments, s)
		path = more
	}
	return nil
}

// cutSegment takes the first segment off a path that begins with a slash.
func cutSegment(path string) (text, more string) {
	if i := strings.IndexByte(path[1:], '/'); i >= 0 {
		return path[1 : 1+i], path[1+i:]
	}
	return path[1:], ""
}

func parseSegment(s string, last bool) (segment, error) {
	if s == "" && last {
		return segment{kind: rest}, nil
	}
	open := strings.IndexByte(s, '{')
	if open < 0 {
		text, err := url.PathUnescape(s)
		if err != nil {
			return segment{}, mistaken("write the sign itself as %25", "%q has a percent sign without two hexadecimal digits behind it", s)
		}
		return segment{kind: literal, text: text}, nil
	}
	if open > 0 || s[len(s)-1] != '}' {
		return segment{}, mistaken("a wildcard takes a whole segment, as in /files/{name}", "%q mixes text and {…}", s)
	}
	name := s[1 : len(s)-1]
	if name == "$" {
		if !last {
			return segment{}, mistaken("remove what stands behind it", "{$} stands at the end only")
		}
		return segment{kind: end}, nil
	}
	kind := single
	if before, ok := strings.CutSuffix(name, "..."); ok {
		if name, kind = before, rest; !last {
			return segment{}, mistaken("remove what stands behind it, or the dots", "{%s...} stands at the end only", name)
		}
	}
	if !isName(name) {
		return segment{}, mistaken("put a name of letters, digits and _ in the brackets", "%q is not a wildcard", s)
	}
	return segment{kind: kind, text: name}, nil
}

func (p *pattern) has(name string) bool {
	for _, s := range p.segments {
		if s.kind != literal && s.text == name {
			return true
		}
	}
	return false
}

// match reports whether a request fits. A pattern for GET takes HEAD as well.
func (p *pattern) match(method, path []byte) bool {
	if p.method != "" && string(method) != p.method && (p.method != "GET" || string(method) != "HEAD") {
		return false
	}
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	for _, s := range p.segments {
		switch s.kind {
		case rest:
			return len(path) > 0
		case end:
			return len(path) == 1
		}
		if len(path) == 0 {
			return false
		}
		text, more := firstSegment(path)
		if s.kind == single && len(text) == 0 || s.kind == literal && !equalDecoded(text, s.text) {
			return false
		}
		path = more
	}
	return len(path) == 0
}

// firstSegment takes the first segment off a path that begins with a slash.
func firstSegment(path []byte) (text, more []byte) {
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			return path[1:i], path[i:]
		}
	}
	return path[1:], nil
}

// capture returns the values of the wildcards in a path that matches.
func (p *pattern) capture(path []byte) Params {
	if p.captures == 0 {
		return nil
	}
	params := make(Params, 0, p.captures)
	for _, s := range p.segments {
		if s.kind == rest {
			if s.text != "" {
				params = append(params, Param{s.text, decode(path[1:])})
			}
			break
		}
		text, more := firstSegment(path)
		if s.kind == single {
			params = append(params, Param{s.text, decode(text)})
		}
		path = more
	}
	return params
}

// decode resolves percent escapes; a malformed one leaves the text as it is.
func decode(raw []byte) string {
	s := string(raw)
	if d, err := url.PathUnescape(s); err == nil {
		return d
	}
	return s
}

// equalDecoded compares a raw segment with a decoded literal, in place.
func equalDecoded(raw []byte, text string) bool {
	n := 0
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' {
			if i+2 >= len(raw) || unhex(raw[i+1]) < 0 || unhex(raw[i+2]) < 0 {
				return string(raw) == text
			}
			c = byte(unhex(raw[i+1])<<4 | unhex(raw[i+2]))
			i += 2
		}
		if n == len(text) || text[n] != c {
			return false
		}
		n++
	}
	return n == len(text)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// isMethod reports whether s is a token without lower-case letters.
func isMethod(s string) bool {
	return isToken(s) && strings.ToUpper(s) == s
}

func isName(s string) bool {
	for i, c := range s {
		if !unicode.IsLetter(c) && c != '_' && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return s != ""
}
