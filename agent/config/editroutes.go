package config

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"homehook/routes"
)

// AddRoutes adds routes to the file at path, all of them or none, as AddRelay
// adds a relay. They go behind the others, or before the first of those that
// would leave them nothing to take, such as one that matches everything. A
// route that names no claim gets the only one. The error wraps ErrExists when a
// name is taken.
func AddRoutes(path string, specs []routes.Spec) error {
	return rewrite(path, func(old []byte) ([]byte, error) { return withRoutes(path, old, specs) })
}

// withRoutes gives the text of a file with routes added; path is for its errors.
func withRoutes(path string, old []byte, specs []routes.Spec) ([]byte, error) {
	cfg, err := Parse(path, old)
	if err != nil {
		return nil, err
	}
	cfg.Table.Close()
	specs = slices.Clone(specs)
	for i := range specs {
		if specs[i].Claim == "" && len(cfg.Claims) == 1 {
			specs[i].Claim = cfg.Claims[0].Name
		}
		name := nameOf(&specs[i])
		if slices.ContainsFunc(cfg.Routes, func(have routes.Spec) bool { return have.Name == name }) {
			return nil, fmt.Errorf("route %q %w", name, ErrExists)
		}
	}
	at := placeFor(cfg.Routes, specs)
	text := old
	for i := range specs {
		text, err = inserted(path, text, at+i, &specs[i])
		if err != nil {
			return nil, err
		}
	}
	cfg, err = Parse(path, text)
	if err != nil {
		return nil, withoutPlaces(err)
	}
	cfg.Table.Close()
	return text, nil
}

// nameOf is what a route is called.
func nameOf(s *routes.Spec) string {
	if s.Name != "" {
		return s.Name
	}
	return s.Match
}

// placeFor finds the last place at which routes can be added and are reached.
func placeFor(have, add []routes.Spec) int {
	for at := len(have); at >= 0; at-- {
		if table, _ := routes.CompileToRun(slices.Insert(slices.Clone(have), at, add...)); table != nil {
			table.Close()
			return at
		}
	}
	return len(have) // what is wrong there is said when it is read back
}

// inserted gives the text of a file with a route at a place of its list.
func inserted(path string, old []byte, at int, s *routes.Spec) ([]byte, error) {
	want, d := decode(path, old)
	if d.unreadable {
		return nil, d.problems
	}
	want.Routes = slices.Insert(want.Routes, at, *s)
	e := &editor{doc: d.doc}
	if err := e.insertAt("routes", at, *s); err != nil {
		return nil, err
	}
	text := e.out
	if bytes.HasPrefix(old, bom) {
		text = append(slices.Clone(bom), text...)
	}
	if got, d := decode(path, text); d.unreadable || !got.same(want) {
		return nil, fmt.Errorf("%s is laid out in a way that cannot be edited from here; change it by hand", path)
	}
	return text, nil
}

// insertAt puts value before entry i of the list under key, or at its end.
func (e *editor) insertAt(key string, i int, value any) error {
	list, _ := e.find(key)
	seq, ok := list.(*ast.SequenceNode)
	if !ok || i >= len(seq.Values) {
		return e.add(key, value)
	}
	if !seq.IsFlowStyle {
		return e.addLines(e.startOf(seq, i), seq.Start.Position.Column-1, value)
	}
	item, err := flow(value)
	if err != nil {
		return err
	}
	e.insert(e.offset(first(seq.Values[i])), append(item, ", "...))
	return nil
}

// RouteText writes a route as an entry of the file's list.
func RouteText(s routes.Spec) (string, error) {
	text, err := block(s, 0, "\n")
	return string(text), err
}
