package config

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a file. The parser calls itself per nested value and per sibling
// key, and takes time in the square of the latter, so both are bounded before
// it sees the text.
const (
	maxFile  = 1 << 20 // bytes
	maxDepth = 64      // brackets, or dashes on one line, inside one another
	maxKeys  = 10_000  // keys in the whole file
)

var bom = []byte("\ufeff")

// document is a parsed file.
type document struct {
	// text is the file without a byte order mark.
	text []byte
	// root is the mapping at the top, nil when the file says nothing.
	root ast.Node
	// anchors are the values that aliases may name.
	anchors map[string]ast.Node
}

// read parses text as one YAML document. The parser stops at the first thing
// it cannot read, so there is one problem at most.
func read(path string, data []byte) (doc *document, problem *Problem) {
	defer func() {
		// The parser is meant to return errors, but it walks input that anyone
		// may have written: a panic in it must not end the agent.
		if r := recover(); r != nil {
			doc, problem = nil, &Problem{File: path, Message: "this file cannot be read as YAML", Remedy: syntaxRemedy}
		}
	}()
	if len(data) > maxFile {
		return nil, &Problem{File: path, Message: "the file is larger than 1 MiB", Remedy: "keep scripts and bodies in files of their own"}
	}
	text := bytes.TrimPrefix(data, bom)
	if p := checkText(path, text); p != nil {
		return nil, p
	}
	tokens := lexer.Tokenize(string(text))
	if p := checkTokens(path, tokens); p != nil {
		return nil, p
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxProblem(path, string(text), err)
	}
	doc = &document{text: text}
	if p := doc.take(path, parsed); p != nil {
		return nil, p
	}
	return doc, nil
}

// checkText refuses bytes that are not UTF-8 text.
func checkText(path string, text []byte) *Problem {
	line, column := 1, 1
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		control := r < ' ' && r != '\t' && r != '\n' && r != '\r'
		if r == utf8.RuneError && n == 1 || control {
			return &Problem{
				File: path, Line: line, Column: column,
				Message: fmt.Sprintf("byte 0x%02x is not text", text[i]),
				Remedy:  "save the file as UTF-8",
			}
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		i += n
	}
	return nil
}

// checkTokens refuses what would make the parser run deep or long.
func checkTokens(path string, tokens token.Tokens) *Problem {
	depth, keys, dashes := 0, 0, 0
	for i, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.MappingValueType:
			keys++
		}
		if t.Type == token.SequenceEntryType && i > 0 && tokens[i-1].Type == t.Type {
			dashes++
		} else {
			dashes = 0
		}
		if depth > maxDepth || dashes > maxDepth {
			return at(path, t, "values are nested too deep", "take brackets or dashes out")
		}
		if keys > maxKeys {
			return at(path, t, fmt.Sprintf("more than %d keys in one file", maxKeys), "remove what is not needed")
		}
	}
	return nil
}

// take keeps the one document of the file and the anchors in it.
func (d *document) take(path string, parsed *ast.File) *Problem {
	for _, doc := range parsed.Docs {
		body := doc.Body
		if body == nil || body.Type() == ast.CommentType {
			continue
		}
		if d.root != nil {
			return at(path, first(body), "a second document begins here", "put everything into one document, without a line of three dashes between")
		}
		d.root = body
	}
	if d.root == nil {
		return nil
	}
	w := anchorWalk{path: path, found: map[string]ast.Node{}}
	ast.Walk(&w, d.root)
	d.anchors = w.found
	return w.problem
}

// anchorWalk gathers the anchors of a document.
type anchorWalk struct {
	path    string
	found   map[string]ast.Node
	problem *Problem
}

var _ ast.Visitor = (*anchorWalk)(nil)

// Visit implements ast.Visitor.
func (w *anchorWalk) Visit(n ast.Node) ast.Visitor {
	a, ok := n.(*ast.AnchorNode)
	if !ok {
		return w
	}
	name := a.Name.GetToken().Value
	if _, twice := w.found[name]; twice && w.problem == nil {
		w.problem = at(w.path, a.Start, fmt.Sprintf("anchor %q is defined twice", name), "rename one of them")
	}
	w.found[name] = a.Value
	return w
}

// at places a problem at a token.
func at(path string, t *token.Token, message, remedy string) *Problem {
	p := &Problem{File: path, Message: message, Remedy: remedy}
	if t != nil && t.Position != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	return p
}

// first is the token at which a person sees a value begin. The parser's own
// answer for a mapping is the colon behind its first key.
func first(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return first(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return first(n.Key)
	}
	return n.GetToken()
}
