package expression

import (
	"errors"
	"fmt"
	"strings"
)

// Template is a text with expressions in it, safe for concurrent use.
type Template struct{ pieces []piece }

// piece is a piece of a template: its own text, or a program.
type piece struct {
	text string
	*program
}

// Piece is a piece of a filled-in template.
type Piece struct {
	Text  string
	Value bool // it came out of an expression
}

// CompileTemplate compiles a template. A brace that a letter follows begins an
// expression; {{ stands for such a brace, and then }} for the one that closes
// it. The error is an [*Error].
func CompileTemplate(text string, o Options) (*Template, error) {
	found, err := scan(text)
	if err != nil {
		return nil, err
	}
	if err := tooLarge(text, found); err != nil {
		return nil, err
	}
	t := &Template{}
	for _, f := range found {
		if !f.expression {
			t.pieces = append(t.pieces, piece{text: f.text})
			continue
		}
		p, err := compileValue(f.text, o)
		if e, ok := errors.AsType[*Error](err); ok {
			e.Offset += f.at
			if e.Remedy == "" {
				e.Remedy = "write {{ and }} for braces that stand for themselves"
			}
			return nil, e
		}
		t.pieces = append(t.pieces, piece{program: p})
	}
	return t, nil
}

// What a template with expressions may be. Without any it may be as long as it
// likes.
const (
	maxTemplate    = 64 << 10 // bytes
	maxExpressions = 200
)

func tooLarge(text string, found []scanned) error {
	expressions := 0
	for _, f := range found {
		if f.expression {
			expressions++
		}
	}
	switch {
	case expressions > maxExpressions:
		return &Error{Message: fmt.Sprintf("there are %d expressions; %d are the most", expressions, maxExpressions), Remedy: "have a script do what is that long"}
	case expressions > 0 && len(text) > maxTemplate:
		return &Error{Message: fmt.Sprintf("a text with expressions has %d bytes at most, this one has %d", maxTemplate, len(text)), Remedy: "have a script do what is that long"}
	}
	return nil
}

func compileValue(text string, o Options) (*program, error) {
	if err := tooLong(text); err != nil {
		return nil, err
	}
	node, err := checked(text, o, true)
	if err != nil {
		return nil, err
	}
	return compile(node, false)
}

// Literal returns the text if there is no expression in it.
func (t *Template) Literal() (string, bool) {
	switch {
	case len(t.pieces) == 0:
		return "", true
	case len(t.pieces) == 1 && t.pieces[0].program == nil:
		return t.pieces[0].text, true
	}
	return "", false
}

// BeginsWithValue reports whether an expression stands at the beginning.
func (t *Template) BeginsWithValue() bool { return len(t.pieces) > 0 && t.pieces[0].program != nil }

// NeedsBody reports whether an expression looks into the body.
func (t *Template) NeedsBody() bool {
	for _, p := range t.pieces {
		if p.program != nil && p.needsBody() {
			return true
		}
	}
	return false
}

// Text fills the template in. missing says that it is one expression and nothing
// else, and that this came to nothing: what it asks for is not there, and the
// text is empty. The error says why it cannot be filled in; it tells nothing of
// the delivery's values.
func (t *Template) Text(in *Input) (text string, missing bool, err error) {
	if literal, ok := t.Literal(); ok {
		return literal, false, nil
	}
	s := newState(in)
	defer s.done()
	if len(t.pieces) == 1 {
		return t.pieces[0].fill(s)
	}
	var b strings.Builder
	for _, p := range t.pieces {
		text, _, err := p.fill(s)
		if err == nil {
			err = s.make(len(text))
		}
		if err != nil {
			return "", false, err
		}
		b.WriteString(text)
	}
	return b.String(), false, nil
}

// fill returns what the piece comes to.
func (p *piece) fill(s *state) (text string, missing bool, err error) {
	if p.program == nil {
		return p.text, false, nil
	}
	v, err := p.value(s)
	if err != nil {
		return "", false, err
	}
	text, err = s.rendered(v)
	return text, v == nil, err
}

// value returns what the expression comes to. Where the body demands too much to
// be looked into, nothing is there, but there may well be.
func (p *piece) value(s *state) (any, error) {
	v, err := p.run(s)
	if err == nil {
		err = s.unfit
	}
	return v, err
}

// JSON fills the template in as a JSON value: one expression and nothing else is
// the value that it comes to, with its type and its digits; all else is text.
// missing and the error are as for [Template.Text].
func (t *Template) JSON(in *Input) (value []byte, missing bool, err error) {
	s := newState(in)
	defer s.done()
	if len(t.pieces) != 1 || t.pieces[0].program == nil {
		text, _, err := t.Text(in) // an evaluation of its own, before this one
		if err != nil {
			return nil, false, err
		}
		written, err := s.written(text)
		return []byte(written), false, err
	}
	v, err := t.pieces[0].value(s)
	if err != nil {
		return nil, false, err
	}
	written, err := s.written(v)
	return []byte(written), v == nil, err
}

// Parts returns the pieces of the template, filled in: those of its own text and
// those that a value stands for.
func (t *Template) Parts(in *Input) ([]Piece, error) {
	s := newState(in)
	defer s.done()
	pieces := make([]Piece, len(t.pieces))
	for i, p := range t.pieces {
		text, _, err := p.fill(s)
		if err == nil {
			err = s.make(len(text))
		}
		if err != nil {
			return nil, err
		}
		pieces[i] = Piece{text, p.program != nil}
	}
	return pieces, nil
}
