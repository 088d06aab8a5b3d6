package expression

import (
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// match is a regular expression of a condition.
type match struct {
	*regexp.Regexp
	size int // of its program
}

// maxProgram is how large the program of a regular expression may be: each
// character of a text may have to pass all of it.
const maxProgram = 5000

// compileMatch compiles a regular expression in Go's syntax (RE2).
func compileMatch(text string) (*match, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if len(prog.Inst) > maxProgram {
		return nil, fmt.Errorf("it is too large")
	}
	re, err := regexp.Compile(text)
	return &match{re, len(prog.Inst)}, err
}

// atOnce is how many steps of a match are made without a look at the clock.
const atOnce = 1 << 22

// matches matches a text: text, match.
func matches(s *state, a []any) (any, error) {
	if a[0] == nil {
		return false, nil
	}
	text, ok := a[0].(string)
	if !ok {
		return nil, trouble("matches takes text, not " + kindOf(a[0]))
	}
	m := a[1].(*match)
	if len(text)*m.size <= atOnce {
		return m.MatchString(text), s.tick(len(text) * m.size / 256)
	}
	r := &clockedReader{s: s, left: text, cost: m.size/64 + 1}
	met := m.MatchReader(r)
	return met && r.err == nil, r.err
}

// clockedReader is a text that ends when the time is over.
type clockedReader struct {
	s    *state
	left string
	cost int // of a character, in steps
	err  error
}

var _ io.RuneReader = (*clockedReader)(nil)

func (r *clockedReader) ReadRune() (rune, int, error) {
	if r.err = r.s.tick(r.cost); r.err != nil || r.left == "" {
		return 0, 0, io.EOF
	}
	c, n := utf8.DecodeRuneInString(r.left)
	r.left = r.left[n:]
	return c, n, nil
}

// regexpMessage is what is wrong with a pattern.
func regexpMessage(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}
