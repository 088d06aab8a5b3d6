package config

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// ordering lists the keys of both in the order of the writer.
func ordering(a, b map[string]any, t reflect.Type) []string {
	all := maps.Clone(a)
	for key, value := range b {
		all[key] = value
	}
	t = pointed(t)
	var known []string
	if t != nil && t.Kind() == reflect.Struct {
		known = keysOf(t)
	}
	place := func(key string) int {
		if i := slices.Index(known, key); i >= 0 {
			return i
		}
		return len(known)
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b)) })
}

// setItem has entry i of a list say what want does.
func (p *patch) setItem(seq *ast.SequenceNode, i int, want any, t reflect.Type) {
	n := seq.Values[i]
	if p.within(unanchored(n), want, itemType(t)) {
		return
	}
	from, to, ok := p.rangeOf(n)
	if seq.IsFlowStyle {
		if !ok {
			p.lost()
		} else {
			p.putFlow(from, to, want, itemType(t))
		}
		return
	}
	lines, err := composed([]any{want}, t)
	if err != nil {
		p.fail(err)
		return
	}
	if text, single := strings.CutPrefix(lines[0], "- "); ok && single && len(lines) == 1 {
		p.cut(from, to, text)
		return
	}
	start := p.dash(seq, i) - 1
	p.replaceLines(start, p.endOf(seq, i), indented(lines, dashIndent(seq)))
}

// dashIndent is how deep the dashes of a list stand.
func dashIndent(seq *ast.SequenceNode) int { return seq.Start.Position.Column - 1 }

// removeItems takes the entries from a to before b out of a list, of which some
// stay.
func (p *patch) removeItems(seq *ast.SequenceNode, a, b int) {
	if !seq.IsFlowStyle {
		p.cut(p.lineAt(p.startOf(seq, a)), p.lineAt(p.endOf(seq, b-1)), "")
		return
	}
	var from, to int
	var ok, there bool
	switch {
	case b < len(seq.Values):
		from, _, ok = p.rangeOf(seq.Values[a])
		to, _, there = p.rangeOf(seq.Values[b])
	case a > 0:
		_, from, ok = p.rangeOf(seq.Values[a-1])
		_, to, there = p.rangeOf(seq.Values[b-1])
	default:
		from, _, ok = p.rangeOf(seq.Values[0])
		_, to, there = p.rangeOf(seq.Values[b-1])
		if last := seq.End.Prev; last != nil && commaBefore(seq.End) {
			to, there = p.offset(seq.End), true
		}
	}
	if !ok || !there {
		p.lost()
		return
	}
	p.cut(from, to, "")
}

// insertItems writes entries before entry i of a list.
func (p *patch) insertItems(seq *ast.SequenceNode, i int, items []any, t reflect.Type) {
	if !seq.IsFlowStyle {
		lines, err := composed(items, t)
		if err != nil {
			p.fail(err)
			return
		}
		if !strings.HasPrefix(lines[0], "- ") {
			p.fail(errUnwritable)
			return
		}
		p.insertEntry(seq, i, indented(lines, dashIndent(seq)))
		return
	}
	text, err := composedFlow(items, t, p.isJSON())
	if err != nil {
		p.fail(err)
		return
	}
	p.insertFlow(seq, i, text[1:len(text)-1])
}

// insertEntry writes the text of an entry before entry i of a list in lines.
func (p *patch) insertEntry(seq *ast.SequenceNode, i int, text string) {
	n := 0
	if i < len(seq.Values) {
		n = p.startOf(seq, i)
	} else {
		n = p.endOf(seq, i-1)
	}
	p.insertLines(n, text)
}

// insertFlow writes the text of entries before entry i of a list in brackets.
func (p *patch) insertFlow(seq *ast.SequenceNode, i int, text string) {
	switch {
	case len(seq.Values) == 0:
		at, ok := p.locate(seq.Start)
		if !ok {
			p.lost()
		}
		p.cut(at+1, at+1, text)
	case i < len(seq.Values):
		at, _, ok := p.rangeOf(seq.Values[i])
		if !ok {
			p.lost()
		}
		p.cut(at, at, text+", ")
	default:
		_, at, ok := p.rangeOf(seq.Values[len(seq.Values)-1])
		if !ok {
			p.lost()
		}
		p.cut(at, at, ", "+text)
	}
}
