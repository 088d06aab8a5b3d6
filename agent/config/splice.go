package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// editor changes the text of a document. It goes by the places that the
// parser found and copies every other byte, so comments and layout stay.
type editor struct {
	doc *document
	// split are the lines of the document, and begins where they do.
	split  [][]byte
	begins []int
	// out is the text after the change.
	out []byte
}

// add puts value at the end of the list under key.
func (e *editor) add(key string, value any) error {
	list, top := e.find(key)
	switch list := list.(type) {
	case *ast.SequenceNode:
		if list.IsFlowStyle {
			return e.addFlow(list.End, len(list.Values) > 0, value)
		}
		return e.addLines(e.endOf(list, len(list.Values)-1), list.Start.Position.Column-1, value)
	case *ast.NullNode:
		return e.addLines(list.GetToken().Position.Line, top+2, value)
	}
	if root, ok := e.doc.root.(*ast.MappingNode); ok && root.IsFlowStyle {
		return e.addFlowKey(root, key, value)
	}
	return e.addKey(key, value)
}

// remove takes entry i out of the list under key.
func (e *editor) remove(key string, i int) error {
	list, _ := e.find(key)
	seq, ok := list.(*ast.SequenceNode)
	if !ok || i >= len(seq.Values) {
		return fmt.Errorf("%s has no list of entries to remove from", key)
	}
	if seq.IsFlowStyle {
		e.removeFlow(seq, i)
		return nil
	}
	lines := e.lines()
	from, to := e.startOf(seq, i), e.endOf(seq, i)
	e.out = bytes.Join(slices.Delete(slices.Clone(lines), from, to), nil)
	return nil
}

// find gives the value under a key at the top, nil when there is none, and the
// indentation of the keys there.
func (e *editor) find(key string) (value ast.Node, indent int) {
	m, ok := e.doc.root.(ast.MapNode)
	if !ok {
		return nil, 0
	}
	for it := m.MapRange(); it.Next(); {
		name, _ := keyText(it.Key())
		indent = first(it.Key()).Position.Column - 1
		if name != key {
			continue
		}
		value = it.Value()
		if a, ok := value.(*ast.AnchorNode); ok {
			value = a.Value
		}
		return value, indent
	}
	return nil, indent
}

// addLines writes value as an entry of a block list behind the first after
// lines.
func (e *editor) addLines(after, indent int, value any) error {
	item, err := block(value, indent, e.newline())
	if err != nil {
		return err
	}
	lines := slices.Clone(e.lines())
	after = min(after, len(lines))
	if after > 0 && !bytes.HasSuffix(lines[after-1], []byte("\n")) {
		lines[after-1] = append(slices.Clip(lines[after-1]), e.newline()...)
	}
	e.out = bytes.Join(slices.Insert(lines, after, item), nil)
	return nil
}

// addKey writes a new list with value in it at the end of the document.
func (e *editor) addKey(key string, value any) error {
	_, indent := e.find("")
	nl := e.newline()
	item, err := block(value, indent+2, nl)
	if err != nil {
		return err
	}
	text := slices.Clone(e.doc.text)
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, nl...)
	}
	text = append(text, strings.Repeat(" ", indent)+key+":"+nl...)
	e.out = append(text, item...)
	return nil
}

// addFlow writes value before the closing bracket of a list in brackets.
func (e *editor) addFlow(end *token.Token, comma bool, value any) error {
	item, err := flow(value)
	if err != nil {
		return err
	}
	if comma && !commaBefore(end) {
		item = append([]byte(", "), item...)
	}
	e.insert(e.offset(end), item)
	return nil
}

// addFlowKey writes a new list with value in it into a document in braces.
func (e *editor) addFlowKey(root *ast.MappingNode, key string, value any) error {
	item, err := flow(value)
	if err != nil {
		return err
	}
	item = fmt.Appendf(nil, "%q: [%s]", key, item)
	if len(root.Values) > 0 && !commaBefore(root.End) {
		item = append([]byte(", "), item...)
	}
	e.insert(e.offset(root.End), item)
	return nil
}

// removeFlow cuts an entry and one comma out of a list in brackets.
func (e *editor) removeFlow(seq *ast.SequenceNode, i int) {
	from, to := e.offset(first(seq.Values[i])), e.offset(seq.End)
	switch {
	case i+1 < len(seq.Values):
		to = e.offset(first(seq.Values[i+1]))
	case i > 0:
		// The last entry goes with the comma before it.
		if t := first(seq.Values[i]).Prev; t != nil && t.Type == token.CollectEntryType {
			from = e.offset(t)
		}
	}
	e.out = slices.Delete(slices.Clone(e.doc.text), from, to)
}

// startOf is the number of lines before entry i of a block list and the
// comment that stands right above it.
func (e *editor) startOf(seq *ast.SequenceNode, i int) int {
	lines, indent := e.lines(), seq.Start.Position.Column-1
	from := e.dash(seq, i) - 1
	for from > 0 && isComment(lines[from-1]) && indentOf(lines[from-1]) == indent {
		from--
	}
	return from
}

// endOf is the number of the last line of entry i of a block list.
func (e *editor) endOf(seq *ast.SequenceNode, i int) int {
	return e.endFrom(e.dash(seq, i), seq.Start.Position.Column-1)
}

// endFrom is the number of the last line that belongs to what ends at line end or
// behind it, indented deeper than that.
func (e *editor) endFrom(end, indent int) int {
	lines := e.lines()
	for n := end; n < len(lines); n++ {
		if line := lines[n]; isBlank(line) || isComment(line) && indentOf(line) <= indent {
			continue
		} else if indentOf(line) <= indent {
			break
		}
		end = n + 1
	}
	return end
}

// dash is the line of the dash of entry i: the one of its first value, or
// above it.
func (e *editor) dash(seq *ast.SequenceNode, i int) int {
	lines, indent := e.lines(), seq.Start.Position.Column-1
	n := min(first(seq.Values[i]).Position.Line, len(lines))
	for n > 1 && !(indentOf(lines[n-1]) == indent && bytes.HasPrefix(bytes.TrimLeft(lines[n-1], " "), []byte("-"))) {
		n--
	}
	return n
}

// insert puts item into the text at offset.
func (e *editor) insert(offset int, item []byte) {
	e.out = slices.Insert(slices.Clone(e.doc.text), offset, item...)
}

// offset is where in the text a token begins. The parser counts characters.
func (e *editor) offset(t *token.Token) int {
	starts := e.starts()
	n := starts[min(t.Position.Line-1, len(starts)-1)]
	for range t.Position.Column - 1 {
		_, size := utf8.DecodeRune(e.doc.text[n:])
		n += size
	}
	return n
}

// lines splits the text into lines that keep their ends. The list is not to be
// changed.
func (e *editor) lines() [][]byte {
	if e.split == nil {
		e.split = bytes.SplitAfter(e.doc.text, []byte("\n"))
		if last := len(e.split) - 1; len(e.split[last]) == 0 {
			e.split = e.split[:last]
		}
	}
	return e.split
}

// starts are the places at which the lines begin, and the end of the text.
func (e *editor) starts() []int {
	if e.begins == nil {
		n := 0
		for _, line := range e.lines() {
			e.begins = append(e.begins, n)
			n += len(line)
		}
		e.begins = append(e.begins, n)
	}
	return e.begins
}

// newline is how the lines of the text end.
func (e *editor) newline() string {
	if bytes.Contains(e.doc.text, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// commaBefore says whether the last thing before a closing bracket is a comma.
func commaBefore(end *token.Token) bool {
	t := end.Prev
	for t != nil && t.Type == token.CommentType {
		t = t.Prev
	}
	return t != nil && t.Type == token.CollectEntryType
}

func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

func isComment(line []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) }

// indentOf counts the spaces that a line begins with.
func indentOf(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }
