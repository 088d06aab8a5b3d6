package config

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// insert writes the content before entry i of its list.
func (ch *changer) insert(i int) {
	seq := ch.p.list(ch.Part)
	switch {
	case seq == nil || len(seq.Values) == 0:
		ch.firstEntry()
	case seq.IsFlowStyle:
		ch.insertFlow(seq, i)
	default:
		text, err := ch.c.entry(dashIndent(seq))
		if err != nil {
			ch.p.fail(err)
			return
		}
		n := ch.p.endOf(seq, len(seq.Values)-1)
		if i < len(seq.Values) {
			n = ch.p.startOf(seq, i)
		}
		ch.at(n, dashIndent(seq))
		gap := ch.gap(seq)
		if i < len(seq.Values) {
			ch.p.insertLines(n, text+gap)
		} else {
			ch.line += len(gap)
			ch.p.insertLines(n, gap+text)
		}
	}
}

// at notes where the content comes to stand.
func (ch *changer) at(line, dash int) { ch.line, ch.indent = line, dash+2-ch.c.shift }

// insertFlow is insert for a list in brackets.
func (ch *changer) insertFlow(seq *ast.SequenceNode, i int) {
	ch.line = -1
	if ch.c.problem != nil {
		return
	}
	text, err := composedFlow(ch.c.values, ch.c.t, ch.p.isJSON())
	if err != nil {
		ch.p.fail(err)
		return
	}
	ch.p.insertFlow(seq, i, text)
}

// gap is an empty line if there are some between the entries of a list.
func (ch *changer) gap(seq *ast.SequenceNode) string {
	lines := ch.p.lines()
	for i := 1; i < len(seq.Values); i++ {
		if n := ch.p.startOf(seq, i); n == 0 || !isBlank(lines[n-1]) {
			return ""
		}
	}
	if len(seq.Values) < 2 {
		return ""
	}
	return "\n"
}

// firstEntry writes the content into a list that has nothing in it yet.
func (ch *changer) firstEntry() {
	m, i := ch.p.topField(partKey(ch.Part))
	if i < 0 {
		if m == nil && ch.p.doc.root != nil {
			ch.p.lost()
			return
		}
		ch.newKey(m, true)
		return
	}
	f := m.have[i]
	from, to, ok := ch.p.rangeOf(f.value)
	seq, isList := f.value.(*ast.SequenceNode)
	if inFlow(m.node) {
		if isList && ok {
			ch.insertFlow(seq, 0)
		} else {
			ch.p.lost()
		}
		return
	}
	if !isList && f.value.Type() != ast.NullType || isList && !ok {
		ch.p.lost()
		return
	}
	if ok {
		for from > 0 && ch.p.doc.text[from-1] == ' ' {
			from--
		}
		ch.p.cut(from, to, "")
	}
	_, end := m.extent(i)
	text, err := ch.c.entry(f.key.Position.Column + 1)
	if err != nil {
		ch.p.fail(err)
	}
	ch.at(end, f.key.Position.Column+1)
	ch.p.insertLines(end, text)
}

// newKey writes a key with the content under it at the end of the document.
func (ch *changer) newKey(m *mappingPatch, list bool) {
	key := partKey(ch.Part)
	if m != nil && inFlow(m.node) {
		ch.line = -1
		var value any = ch.c.values
		if list {
			value = []any{ch.c.values}
		}
		ch.newFlowKey(m, key, value)
		return
	}
	_, indent := ch.p.find("")
	n := len(ch.p.lines())
	ch.at(n+1, indent)
	text, err := "", error(nil)
	if list {
		ch.at(n+1, indent+2)
		text, err = ch.c.entry(indent + 2)
		text = strings.Repeat(" ", indent) + key + ":\n" + text
	} else {
		var lines []string
		lines, err = ch.c.text()
		text = indented(sectionLines(key, lines), indent)
	}
	if err != nil {
		ch.p.fail(err)
		return
	}
	ch.p.insertLines(n, text)
}

// newFlowKey writes a key into a document in braces.
func (ch *changer) newFlowKey(m *mappingPatch, key string, value any) {
	if ch.c.problem != nil {
		return
	}
	if len(m.have) > 0 {
		m.insertFlowKey(len(m.have)-1, key, value)
		return
	}
	from, to, ok := ch.p.rangeOf(m.node)
	if !ok {
		ch.p.lost()
		return
	}
	ch.p.putFlow(from, to, map[string]any{key: value}, m.t)
}

// setEntry puts the content in the place of entry i.
func (ch *changer) setEntry(i int) {
	seq := ch.p.list(ch.Part)
	n := unanchored(seq.Values[i])
	m, isMap := n.(ast.MapNode)
	ch.line = -1
	if ch.c.lines == nil || seq.IsFlowStyle {
		if ch.c.problem != nil {
			return
		}
		if isMap && len(fieldsIn(m)) > 0 {
			ch.p.mapping(n, ch.c.values, ch.c.t, false)
		} else {
			ch.p.setItem(seq, i, ch.c.values, partType(ch.Part))
		}
		return
	}
	text, err := ch.c.entry(dashIndent(seq))
	if err != nil {
		ch.p.fail(err)
		return
	}
	if ch.p.entryText(seq, i) == joined(ch.c.lines) {
		return
	}
	from := ch.p.startOf(seq, i)
	ch.at(from, dashIndent(seq))
	ch.p.replaceLines(from, ch.p.endOf(seq, i), text)
}

// removeEntry takes entry i out, and an empty line beside it.
func (ch *changer) removeEntry(i int) {
	seq := ch.p.list(ch.Part)
	if seq.IsFlowStyle {
		ch.p.removeItems(seq, i, i+1)
		return
	}
	from, end := ch.p.withGap(seq, i)
	ch.p.cut(ch.p.lineAt(from), ch.p.lineAt(end), "")
}

// withGap gives the lines of an entry and of the empty one beside it, if there is
// one on both sides or behind it the list ends.
func (p *patch) withGap(seq *ast.SequenceNode, i int) (from, end int) {
	lines := p.lines()
	from, end = p.startOf(seq, i), p.endOf(seq, i)
	before := from > 0 && isBlank(lines[from-1])
	behind := end < len(lines) && isBlank(lines[end])
	switch {
	case before && behind, i == 0 && behind && len(seq.Values) > 1:
		end++
	case before && end == len(lines) && i > 0:
		from--
	}
	return from, end
}

// moveEntry puts entry i before another, or at the end.
func (ch *changer) moveEntry(i int) ([]byte, error) {
	to := len(ch.have)
	if ch.Before != "" {
		if to = indexNamed(ch.have, ch.Before); to < 0 {
			return nil, ch.absent(ch.Before)
		}
	}
	if to == i || to == i+1 {
		return ch.text, nil
	}
	seq := ch.p.list(ch.Part)
	change := func() { ch.moveLines(seq, i, to) }
	if seq.IsFlowStyle {
		change = func() { ch.moveFlow(seq, i, to) }
	}
	return ch.finish(change, func(list any) any {
		all, _ := list.([]any)
		item := all[i]
		if i < to {
			return with(with(all, to, to, item), i, i+1)
		}
		return with(with(all, i, i+1), to, to, item)
	})
}

func (ch *changer) moveLines(seq *ast.SequenceNode, i, to int) {
	p := ch.p
	text := string(p.doc.text[p.lineAt(p.startOf(seq, i)):p.lineAt(p.endOf(seq, i))])
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	from, end := p.withGap(seq, i)
	p.cut(p.lineAt(from), p.lineAt(end), "")
	gap := ch.gap(seq)
	if to < len(seq.Values) {
		p.insertLines(p.startOf(seq, to), text+gap)
	} else {
		p.insertLines(p.endOf(seq, len(seq.Values)-1), gap+text)
	}
}

func (ch *changer) moveFlow(seq *ast.SequenceNode, i, to int) {
	from, end, ok := ch.p.rangeOf(seq.Values[i])
	if !ok {
		ch.p.lost()
		return
	}
	text := string(ch.p.doc.text[from:end])
	ch.p.removeItems(seq, i, i+1)
	ch.p.insertFlow(seq, to, text)
}

// joined is lines as one text.
func joined(lines []string) string { return strings.Join(lines, "\n") + "\n" }

// sectionLines are a key and the lines under it, or behind it if they are one in
// braces.
func sectionLines(key string, lines []string) []string {
	if len(lines) == 1 && strings.HasPrefix(lines[0], "{") && strings.HasSuffix(lines[0], "}") {
		return []string{key + ": " + lines[0]}
	}
	return append([]string{key + ":"}, strings.Split(strings.TrimSuffix(indented(lines, 2), "\n"), "\n")...)
}
