package config

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// field is a key of a mapping and its value.
type field struct {
	name  string
	key   *token.Token
	value ast.Node
}

// fieldsIn lists the keys of a mapping that stand there themselves, each once.
func fieldsIn(n ast.MapNode) (list []field) {
	for it := n.MapRange(); it.Next(); {
		name, ok := keyText(it.Key())
		twice := slices.ContainsFunc(list, func(f field) bool { return f.name == name })
		if ok && !twice && !it.Key().IsMergeKey() {
			list = append(list, field{name, first(it.Key()), it.Value()})
		}
	}
	return list
}

// mappingPatch changes the keys of one mapping. Those that stay in it keep their
// lines, and their comments.
type mappingPatch struct {
	*patch
	node ast.Node
	t    reflect.Type
	have []field
	// stays says which of them do, in their order.
	stays []bool
	// top: it is the document, whose comments belong to the file.
	top bool
}

// mapping has a mapping say what want does.
func (p *patch) mapping(n ast.Node, want map[string]any, t reflect.Type, top bool) {
	m := &mappingPatch{patch: p, node: n, t: t, have: fieldsIn(n.(ast.MapNode)), top: top}
	said, _ := p.value(n, t).(map[string]any)
	kept := 0
	for _, f := range m.have {
		_, stays := want[f.name]
		stays = stays || said[f.name] == nil
		m.stays = append(m.stays, stays)
		if stays {
			kept++
		}
	}
	if kept == 0 {
		m.whole(want)
		return
	}
	for i, f := range m.have {
		if value, given := want[f.name]; given && !alike(said[f.name], value) {
			m.set(i, value)
		}
	}
	m.removeOthers()
	m.add(want, said)
}

// whole writes the mapping anew, of which nothing stays.
func (m *mappingPatch) whole(want map[string]any) {
	if from, to, ok := m.rangeOf(m.node); ok {
		m.putFlow(from, to, want, m.t)
		return
	}
	if len(m.have) == 0 {
		m.lost()
		return
	}
	lines, err := composed(want, m.t)
	from, ok := m.locate(m.have[0].key)
	if err != nil || !ok {
		m.fail(cmp.Or(err, errLayout))
		return
	}
	_, end := m.extent(len(m.have) - 1)
	indent := m.have[0].key.Position.Column - 1
	m.cut(from, m.lineAt(end), strings.TrimLeft(indented(lines, indent), " "))
}

// putFlow puts values into a range within braces or brackets.
func (p *patch) putFlow(from, to int, v any, t reflect.Type) {
	text, err := composedFlow(v, t, p.isJSON())
	if err != nil {
		p.fail(err)
	}
	p.cut(from, to, text)
}

// set changes the value of key i.
func (m *mappingPatch) set(i int, want any) {
	f, t := m.have[i], keyType(m.t, m.have[i].name)
	if m.within(unanchored(f.value), want, t) {
		return
	}
	from, to, ok := m.rangeOf(f.value)
	if inFlow(m.node) {
		if !ok {
			m.lost()
		} else {
			m.putFlow(from, to, want, t)
		}
		return
	}
	lines, err := m.composedKey(f.name, want)
	if err != nil {
		m.fail(err)
		return
	}
	if _, text, single := strings.Cut(lines[0], ": "); ok && single && len(lines) == 1 {
		m.cut(from, to, text)
		return
	}
	m.replaceValue(i, lines)
}

// composedKey writes a key and its value as lines.
func (m *mappingPatch) composedKey(name string, v any) ([]string, error) {
	return composed(map[string]any{name: v}, m.t)
}

// within changes a mapping or list in its place, if that can be.
func (p *patch) within(n ast.Node, want any, t reflect.Type) bool {
	switch want := want.(type) {
	case map[string]any:
		if m, ok := n.(ast.MapNode); ok && len(want) > 0 && len(fieldsIn(m)) > 0 {
			p.mapping(n, want, t, false)
			return true
		}
	case []any:
		if seq, ok := n.(*ast.SequenceNode); ok && len(want) > 0 && len(seq.Values) > 0 {
			p.sequence(seq, want, t)
			return true
		}
	}
	return false
}

// replaceValue writes the lines of key i anew, behind the key; a comment that
// stands there stays.
func (m *mappingPatch) replaceValue(i int, lines []string) {
	f := m.have[i]
	key, ok := m.locate(f.key)
	if !ok {
		m.lost()
		return
	}
	from := key + len(strings.TrimSpace(f.key.Origin))
	colon := strings.IndexByte(string(m.doc.text[from:m.lineAt(f.key.Position.Line)]), ':')
	if colon < 0 {
		m.lost()
		return
	}
	from += colon + 1
	_, end := m.extent(i)
	behind := from
	if _, to, ok := m.rangeOf(f.value); ok {
		behind = to
	}
	comment, isComment := m.restOfLine(behind)
	_, value, _ := strings.Cut(lines[0], ":")
	if isComment && !strings.HasPrefix(value, " |") && !strings.HasPrefix(value, " >") {
		value += comment
	}
	text := value + "\n" + indented(lines[1:], f.key.Position.Column-1)
	to := m.lineAt(end)
	if to == len(m.doc.text) && to > 0 && m.doc.text[to-1] != '\n' {
		text = strings.TrimSuffix(text, "\n")
	}
	m.cut(from, to, text)
}

// extent gives the lines of key i of a mapping that stands in lines, counted from
// 0, the last one not included.
func (m *mappingPatch) extent(i int) (from, end int) {
	f := m.have[i]
	indent, lines := f.key.Position.Column-1, m.lines()
	seq, _ := unanchored(f.value).(*ast.SequenceNode)
	from = f.key.Position.Line - 1
	end = min(max(f.key.Position.Line, lastLine(f.value)), len(lines))
	for n := end; n < len(lines); n++ {
		line, deep := lines[n], indentOf(lines[n])
		dash := strings.HasPrefix(strings.TrimLeft(string(line), " "), "-") && seq != nil && !seq.IsFlowStyle && deep == indent
		switch {
		case isBlank(line), isComment(line) && deep <= indent && !dash:
			continue
		case deep <= indent && !dash:
			return from, end
		}
		end = n + 1
	}
	return from, end
}
