package expression

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
)

// splitter takes a condition apart, with the words in which it is written. The
// tree says what is joined with what, the tokens where that stands.
type splitter struct {
	text   string
	tokens []lexer.Token
	parts  int
}

func newSplitter(text string) (*splitter, error) {
	tokens, err := lexer.Lex(file.NewSource(text))
	if err != nil {
		return nil, place{text: text}.mistake(err)
	}
	for len(tokens) > 0 && tokens[len(tokens)-1].Is(lexer.EOF) {
		tokens = tokens[:len(tokens)-1]
	}
	return &splitter{text: text, tokens: tokens}, nil
}

// split takes apart a node that is written in the tokens from and up to a place.
func (s *splitter) split(n ast.Node, from, to int) (*branch, error) {
	for s.enclosed(from, to) {
		from, to = from+1, to-1
	}
	switch n := n.(type) {
	case *ast.BinaryNode:
		at := s.at(n, from, to)
		op := map[string]string{"&&": "&&", "and": "&&", "||": "||", "or": "||"}[n.Operator]
		if at < 0 || op == "" || !s.tokens[at].Is(lexer.Operator, n.Operator) {
			break
		}
		left, err := s.split(n.Left, from, at)
		if err != nil {
			return nil, err
		}
		right, err := s.split(n.Right, at+1, to)
		return &branch{op: op, left: left, right: right}, err
	case *ast.UnaryNode:
		if at := s.at(n, from, to); at == from && s.tokens[at].Is(lexer.Operator, n.Operator) && n.Operator != "-" && n.Operator != "+" {
			left, err := s.split(n.Node, from+1, to)
			return &branch{op: "!", left: left}, err
		}
	}
	p, err := compile(n, true)
	b := &branch{part: s.parts, text: s.words(from, to), program: p}
	s.parts++
	return b, err
}

// at is the token that a node stands for.
func (s *splitter) at(n ast.Node, from, to int) int {
	for i := from; i < to; i++ {
		if s.tokens[i].Location == n.Location() {
			return i
		}
	}
	return -1
}

// enclosed reports whether the first and the last token are the parentheses
// around all others.
func (s *splitter) enclosed(from, to int) bool {
	if to-from < 2 || !s.tokens[from].Is(lexer.Bracket, "(") {
		return false
	}
	depth := 0
	for i := from; i < to; i++ {
		if s.tokens[i].Kind != lexer.Bracket {
			continue
		}
		switch s.tokens[i].Value {
		case "(", "[", "{":
			depth++
		default:
			depth--
		}
		if depth == 0 {
			return i == to-1
		}
	}
	return false
}

// words returns what is written in the tokens from and up to a place.
func (s *splitter) words(from, to int) string {
	if from >= to {
		return ""
	}
	return s.text[offset(s.text, s.tokens[from].From):offset(s.text, s.tokens[to-1].To)]
}
