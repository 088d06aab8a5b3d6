package config

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// removeOthers takes the keys out that do not stay.
func (m *mappingPatch) removeOthers() {
	if inFlow(m.node) {
		m.removeFlowKeys()
		return
	}
	next := 0
	if !m.stays[0] && m.behindDash() {
		m.removeFirst()
		next = slices.Index(m.stays, true)
	}
	for i := next; i < len(m.have); i++ {
		if !m.stays[i] {
			m.removeKey(i)
		}
	}
}

// behindDash reports whether the first key shares its line with the dash of the
// entry.
func (m *mappingPatch) behindDash() bool {
	key, ok := m.locate(m.have[0].key)
	if !ok {
		m.lost()
		return false
	}
	return strings.TrimSpace(string(m.doc.text[m.lineAt(m.have[0].key.Position.Line-1):key])) != ""
}

// removeFirst takes out the keys before the first that stays, which moves up to
// the dash unless a comment stands above it.
func (m *mappingPatch) removeFirst() {
	stays := slices.Index(m.stays, true)
	from, ok := m.locate(m.have[0].key)
	to, there := m.locate(m.have[stays].key)
	if !ok || !there {
		m.lost()
		return
	}
	if above := m.above(stays); above < m.have[stays].key.Position.Line-1 {
		for from > 0 && m.doc.text[from-1] == ' ' {
			from--
		}
		m.cut(from, m.lineAt(above), "\n")
		return
	}
	m.cut(from, to, "")
}

// above is the line at which the comments right above key i begin.
func (m *mappingPatch) above(i int) int {
	lines, indent := m.lines(), m.have[i].key.Position.Column-1
	from := m.have[i].key.Position.Line - 1
	for from > 0 && isComment(lines[from-1]) && indentOf(lines[from-1]) == indent {
		from--
	}
	return from
}

// removeKey takes the lines of key i out, with the comments right above it.
func (m *mappingPatch) removeKey(i int) {
	if _, ok := m.locate(m.have[i].key); !ok {
		m.lost()
		return
	}
	from, end := m.extent(i)
	if !m.top {
		from = m.above(i)
	}
	lines := m.lines()
	if from > 0 && isBlank(lines[from-1]) && end < len(lines) && isBlank(lines[end]) {
		end++ // one empty line is enough
	}
	m.cut(m.lineAt(from), m.lineAt(end), "")
}

// removeFlowKeys takes keys out of braces, each with a comma.
func (m *mappingPatch) removeFlowKeys() {
	last := len(m.have) - 1
	kept := last
	for kept >= 0 && !m.stays[kept] {
		kept--
	}
	for i := range kept {
		if m.stays[i] {
			continue
		}
		from, ok := m.locate(m.have[i].key)
		to, there := m.locate(m.have[i+1].key)
		if !ok || !there {
			m.lost()
			return
		}
		m.cut(from, to, "")
	}
	if kept == last {
		return
	}
	_, from, ok := m.rangeOf(m.have[kept].value)
	_, to, there := m.rangeOf(m.have[last].value)
	if !ok || !there {
		m.lost()
		return
	}
	m.cut(from, to, "")
}

// add writes keys that are new, each behind the nearest that stays of those that
// the writer has before it.
func (m *mappingPatch) add(want, said map[string]any) {
	isThere := func(name string) bool {
		return slices.ContainsFunc(m.have, func(f field) bool { return f.name == name })
	}
	rank := map[string]int{}
	for i, f := range ordering(want, said, m.t) {
		rank[f] = i
	}
	for _, name := range ordering(want, said, m.t) {
		value, wanted := want[name]
		if !wanted || isThere(name) || alike(said[name], value) {
			continue
		}
		behind := -1
		for i, f := range m.have {
			if m.stays[i] && rank[f.name] < rank[name] && (behind < 0 || rank[f.name] > rank[m.have[behind].name]) {
				behind = i
			}
		}
		if behind < 0 {
			behind = slices.Index(m.stays, true)
		}
		m.insertKey(behind, name, value)
	}
}

// insertKey writes a key behind key i.
func (m *mappingPatch) insertKey(i int, name string, value any) {
	f := m.have[i]
	if inFlow(m.node) {
		m.insertFlowKey(i, name, value)
		return
	}
	lines, err := m.composedKey(name, value)
	_, ok := m.locate(f.key)
	if err != nil || !ok {
		m.fail(cmp.Or(err, errLayout))
		return
	}
	_, end := m.extent(i)
	m.insertLines(end, indented(lines, f.key.Position.Column-1))
}

// insertFlowKey is insertKey within braces.
func (m *mappingPatch) insertFlowKey(i int, name string, value any) {
	_, at, ok := m.rangeOf(m.have[i].value)
	if !ok {
		m.lost()
		return
	}
	text, err := composedFlow(map[string]any{name: value}, m.t, m.isJSON())
	if err != nil {
		m.fail(err)
		return
	}
	m.cut(at, at, ", "+text[1:len(text)-1])
}

// sequence has a list say what want does, neither of them empty. Entries at its
// begin and at its end that say the same keep their lines.
func (p *patch) sequence(seq *ast.SequenceNode, want []any, t reflect.Type) {
	have := make([]any, len(seq.Values))
	for i, n := range seq.Values {
		have[i] = p.value(n, itemType(t))
	}
	a := 0
	for a < len(have) && a < len(want) && alike(have[a], want[a]) {
		a++
	}
	end, wantEnd := len(have), len(want)
	for end > a && wantEnd > a && alike(have[end-1], want[wantEnd-1]) {
		end, wantEnd = end-1, wantEnd-1
	}
	for a < end && a < wantEnd {
		p.setItem(seq, a, want[a], t)
		a++
	}
	switch {
	case a < end:
		p.removeItems(seq, a, end)
	case a < wantEnd:
		p.insertItems(seq, a, want[a:wantEnd], t)
	}
}
