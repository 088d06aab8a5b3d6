package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"homehook/routes"
)

// Approved is a program whose digest Approve has written down.
type Approved struct {
	Program string `json:"program"`
	SHA256  string `json:"sha256"`
	Before  string `json:"before"` // the digest that was there; empty for none
}

// ErrNoScript: a route has no program to approve.
var ErrNoScript = errors.New("runs no script")

// Approve writes the digests of the programs of a route's scripts, as they are
// now, into the file at path. The error wraps ErrNotFound when there is no such
// route; it is [Problems] when the file would not load.
func Approve(path, route string) (list []Approved, err error) {
	places, err := scriptsOf(path, route)
	if err != nil {
		return nil, err
	}
	for _, also := range places {
		var done Approved
		err := edit(path, func(f *file, e *editor) (err error) {
			done, err = approve(f, e, route, also)
			return err
		})
		if err != nil {
			return list, err
		}
		list = append(list, done)
	}
	return list, nil
}

// scriptsOf returns where a route has scripts: -1 for its main handler, else the
// place under also.
func scriptsOf(path, route string) (places []int, err error) {
	c, err := Load(path)
	if err != nil {
		return nil, err
	}
	defer c.Table.Close()
	i := indexOf(c.Routes, route)
	if i < 0 {
		return nil, fmt.Errorf("route %q %w", route, ErrNotFound)
	}
	if c.Routes[i].Script != nil {
		places = append(places, -1)
	}
	for k, also := range c.Routes[i].Also {
		if also.Script != nil {
			places = append(places, k)
		}
	}
	if len(places) == 0 {
		return nil, fmt.Errorf("route %q %w", route, ErrNoScript)
	}
	return places, nil
}

func indexOf(specs []routes.Spec, route string) int {
	return slices.IndexFunc(specs, func(s routes.Spec) bool { return nameOf(&s) == route })
}

// approve makes the change for one script of a route.
func approve(f *file, e *editor, route string, also int) (Approved, error) {
	i := indexOf(f.Routes, route)
	if i < 0 {
		return Approved{}, fmt.Errorf("route %q %w", route, ErrNotFound)
	}
	node, spec := e.entry("routes", i), f.Routes[i].Script
	if also >= 0 {
		node = e.item(e.under(node, "also"), also)
		spec = f.Routes[i].Also[also].Script
	}
	digest, err := routes.Digest(spec.Command[0])
	if err != nil {
		return Approved{}, fmt.Errorf("read program: %w", err)
	}
	done := Approved{spec.Command[0], digest, spec.SHA256}
	spec.SHA256 = digest
	return done, e.set(e.under(node, "script"), "sha256", digest)
}

// entry gives entry i of the list under a key at the top, nil for none.
func (e *editor) entry(key string, i int) ast.Node {
	list, _ := e.find(key)
	return e.item(list, i)
}

// item gives entry i of a list, nil for none.
func (e *editor) item(list ast.Node, i int) ast.Node {
	seq, ok := list.(*ast.SequenceNode)
	if !ok || i >= len(seq.Values) {
		return nil
	}
	return seq.Values[i]
}

// under gives the value under a key of a mapping, nil for none.
func (e *editor) under(n ast.Node, key string) ast.Node {
	m, ok := n.(ast.MapNode)
	if !ok {
		return nil
	}
	for it := m.MapRange(); it.Next(); {
		if name, _ := keyText(it.Key()); name == key {
			return it.Value()
		}
	}
	return nil
}

// set writes a text under a key of a mapping, in the place of what is there.
func (e *editor) set(n ast.Node, key, value string) error {
	quoted := strconv.Quote(value)
	m, flow := n.(*ast.MappingNode)
	flow = flow && m.IsFlowStyle
	old := e.under(n, key)
	switch {
	case old != nil && old.Type() != ast.NullType:
		e.replace(first(old), quoted)
	case old != nil:
		return fmt.Errorf("the key %s has no value; remove it", key)
	case flow && len(m.Values) == 0:
		e.insert(e.seek(m.Start)+1, []byte(key+": "+quoted))
	case flow:
		e.insert(e.seek(m.Start)+1, []byte(key+": "+quoted+", "))
	case n != nil && n.Type() != ast.NullType:
		e.insertLine(first(n), key+": "+quoted)
	default:
		e.out = e.doc.text // which does not read back as it should
	}
	return nil
}

// replace writes text in the place of a scalar.
func (e *editor) replace(t *token.Token, text string) {
	from := e.seek(t)
	rest := e.doc.text[from:]
	to := bytes.IndexAny(rest, " \t\r\n,}]")
	if to < 0 {
		to = len(rest)
	}
	if quote := rest[0]; quote == '"' || quote == '\'' {
		if end := bytes.IndexByte(rest[1:], quote); end >= 0 {
			to = end + 2
		}
	}
	e.out = slices.Concat(e.doc.text[:from], []byte(text), rest[to:])
}

// insertLine writes a line before that of the first key of a block mapping.
func (e *editor) insertLine(key *token.Token, line string) {
	indent := key.Position.Column - 1
	at := e.seek(key) - indent
	e.insert(at, []byte(strings.Repeat(" ", indent)+line+e.newline()))
}

// seek is offset for a token that may stand further up than the parser says: it
// counts a line twice that ends a comment with CRLF.
func (e *editor) seek(t *token.Token) int {
	want := strings.TrimSpace(t.Origin)
	for at := *t.Position; at.Line > 0; at.Line-- {
		n := e.offset(&token.Token{Position: &at})
		if n <= len(e.doc.text) && bytes.HasPrefix(e.doc.text[n:], []byte(want)) {
			return n
		}
	}
	return e.offset(t)
}
