package expression

import (
	"bytes"
	"errors"
)

// The largest body that is looked into.
const (
	maxBody   = 8 << 20
	maxDepth  = 200
	maxFields = 100_000
	maxDigits = 1000 // of a number: what reads them takes longer than its share
)

// What a body is not looked into for.
var (
	errLarge = errors.New("the body is too large to look into")
	errDeep  = errors.New("the body is nested too deeply to look into")
	errMany  = errors.New("the body has too many parts to look into")
	errLong  = errors.New("the body has a number that is too long to look into")
)

// isLimit reports whether a body is not looked into for what it demands, and
// not for what it is.
func isLimit(err error) bool {
	return errors.Is(err, errLarge) || errors.Is(err, errDeep) || errors.Is(err, errMany) || errors.Is(err, errLong)
}

// errNotJSON is enough of a reason: nobody asked for its place.
var errNotJSON = errors.New("not JSON")

// jsonReader reads one JSON text (RFC 8259). Of members of the same name the
// last one counts.
type jsonReader struct {
	in    []byte
	at    int
	depth int
	parts int // values so far
}

// readJSON reads a whole text.
func readJSON(text []byte) (any, error) {
	if len(text) > maxBody {
		return nil, errLarge
	}
	r := jsonReader{in: bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))}
	v, err := r.value()
	if err != nil {
		return nil, err
	}
	if r.next() != 0 || r.at < len(r.in) {
		return nil, errNotJSON
	}
	return v, nil
}

// next returns the first byte that is no white space, 0 at the end.
func (r *jsonReader) next() byte {
	for ; r.at < len(r.in); r.at++ {
		switch c := r.in[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (r *jsonReader) value() (any, error) {
	if r.parts++; r.parts > maxFields {
		return nil, errMany
	}
	switch c := r.next(); c {
	case '{', '[':
		if r.depth++; r.depth > maxDepth {
			return nil, errDeep
		}
		defer func() { r.depth-- }()
		r.at++
		if c == '[' {
			return r.list()
		}
		return r.object()
	case '"':
		return r.text()
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	}
	return r.number()
}

func (r *jsonReader) word(w string) error {
	if !bytes.HasPrefix(r.in[r.at:], []byte(w)) {
		return errNotJSON
	}
	r.at += len(w)
	return nil
}

func (r *jsonReader) list() (any, error) {
	list := []any{}
	if r.next() == ']' {
		r.at++
		return list, nil
	}
	for {
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		switch r.next() {
		case ',':
			r.at++
		case ']':
			r.at++
			return list, nil
		default:
			return nil, errNotJSON
		}
	}
}

func (r *jsonReader) object() (any, error) {
	o := newObject()
	if r.next() == '}' {
		r.at++
		return o, nil
	}
	for {
		if r.next() != '"' {
			return nil, errNotJSON
		}
		name, err := r.text()
		if err != nil {
			return nil, err
		}
		if r.next() != ':' {
			return nil, errNotJSON
		}
		r.at++
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		o.set(name, v)
		switch r.next() {
		case ',':
			r.at++
		case '}':
			r.at++
			return o, nil
		default:
			return nil, errNotJSON
		}
	}
}

func (r *jsonReader) number() (any, error) {
	from := r.at
	r.skip("-")
	whole := r.digits()
	if whole == 0 || whole > 1 && r.in[r.at-whole] == '0' {
		return nil, errNotJSON
	}
	if r.skip(".") && r.digits() == 0 {
		return nil, errNotJSON
	}
	if r.skip("eE") {
		r.skip("+-")
		if r.digits() == 0 {
			return nil, errNotJSON
		}
	}
	if r.at-from > maxDigits {
		return nil, errLong
	}
	return number(r.in[from:r.at]), nil
}

// skip passes over one of the bytes, if it is there.
func (r *jsonReader) skip(one string) bool {
	if r.at < len(r.in) && bytes.IndexByte([]byte(one), r.in[r.at]) >= 0 {
		r.at++
		return true
	}
	return false
}

func (r *jsonReader) digits() (n int) {
	for r.at < len(r.in) && r.in[r.at]-'0' <= 9 {
		r.at++
		n++
	}
	return n
}
