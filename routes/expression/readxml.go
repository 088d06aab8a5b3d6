package expression

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

func (in *Input) xml() reading {
	return in.body(readXML, "the body is not XML")
}

var errNotXML = errors.New("not XML")

// element is an XML element that is being read.
type element struct {
	name string
	object
	text strings.Builder
}

// xmlReader reads a document: an element with nothing but text is that text,
// another one an object with its attributes as "-name", its text as "#text",
// and its elements by their names, in a list where there are several.
type xmlReader struct {
	open  []*element
	root  object
	parts int
}

// readXML reads a whole document. Entities that it declares itself are errors.
func readXML(text []byte) (any, error) {
	if len(text) > maxBody {
		return nil, errLarge
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '<' {
		return nil, errNotXML
	}
	r := &xmlReader{root: newObject()}
	in := &sparing{left: text}
	d := xml.NewDecoder(in)
	for {
		in.assigned = 0
		t, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return r.whole()
		case isLimit(err):
			return nil, err
		case err != nil:
			return nil, errNotXML
		}
		if err := r.token(t); err != nil {
			return nil, err
		}
	}
}

func (r *xmlReader) whole() (any, error) {
	if len(r.root.names) != 1 || len(r.open) > 0 {
		return nil, errNotXML
	}
	return r.root, nil
}

// sparing is a document that ends with an error when a single tag has more
// attributes than a document may have parts: the decoder would collect them all.
type sparing struct {
	left     []byte
	assigned int // equals signs since the last token
}

var _ io.ByteReader = (*sparing)(nil)

func (s *sparing) ReadByte() (byte, error) {
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	c := s.left[0]
	s.left = s.left[1:]
	if c == '=' {
		if s.assigned++; s.assigned > maxFields {
			return 0, errMany
		}
	}
	return c, nil
}

// Read is there for the decoder's sake, which reads by bytes.
func (s *sparing) Read(p []byte) (int, error) {
	n := copy(p, s.left)
	s.left = s.left[n:]
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *xmlReader) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		r.end()
	case xml.CharData:
		if len(r.open) > 0 {
			r.open[len(r.open)-1].text.Write(t)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return errNotXML
		}
	}
	return nil
}

func (r *xmlReader) start(t xml.StartElement) error {
	if r.parts += 1 + len(t.Attr); r.parts > maxFields {
		return errMany
	}
	if len(r.open) == maxDepth {
		return errDeep
	}
	if len(r.open) == 0 && len(r.root.names) > 0 {
		return errNotXML // a second root
	}
	e := &element{name: t.Name.Local, object: newObject()}
	for _, a := range t.Attr {
		e.set("-"+a.Name.Local, a.Value)
	}
	r.open = append(r.open, e)
	return nil
}

func (r *xmlReader) end() {
	e := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	text := strings.TrimSpace(e.text.String())
	var v any = e.object
	switch {
	case len(e.names) == 0:
		v = text
	case text != "":
		e.set("#text", text)
	}
	parent := r.root
	if n := len(r.open); n > 0 {
		parent = r.open[n-1].object
	}
	// Elements of one name make a list. An element itself is never one.
	switch before := parent.get(e.name).(type) {
	case nil:
		parent.set(e.name, v)
	case []any:
		parent.set(e.name, append(before, v))
	default:
		parent.set(e.name, []any{before, v})
	}
}
