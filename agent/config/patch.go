package config

import (
	"bytes"
	"cmp"
	"errors"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// patch gathers changes to the text of a document whose lines end with LF, from
// what the parser says of where things stand. All else stays as it is.
type patch struct {
	*editor
	reader *plainReader
	cuts   []cut
	// err is why something could not be changed.
	err error
}

// cut puts a text in the place of the bytes of a range.
type cut struct {
	from, to int
	with     string
}

// errLayout says that a file is laid out in a way that the patch does not
// understand.
var errLayout = errors.New("the file is laid out in a way that cannot be edited from here; change it by hand")

func newPatch(doc *document) *patch {
	return &patch{editor: &editor{doc: doc}, reader: &plainReader{anchors: doc.anchors}}
}

// cut notes a change.
func (p *patch) cut(from, to int, with string) { p.cuts = append(p.cuts, cut{from, to, with}) }

// lost notes that something is not where the parser says.
func (p *patch) lost() { p.fail(errLayout) }

func (p *patch) fail(err error) { p.err = cmp.Or(p.err, err) }

// value is what a node says.
func (p *patch) value(n ast.Node, t reflect.Type) any {
	return (&plainReader{anchors: p.reader.anchors}).value(n, t)
}

// apply makes the changes in the text that the lines came from, whose ends are its
// own.
func (p *patch) apply(text []byte) ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	slices.SortStableFunc(p.cuts, func(a, b cut) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	newline := endOfLines(text)
	at := offsets(text)
	var out []byte
	done := 0
	for _, c := range p.cuts {
		if c.from < done || c.to < c.from || c.to > len(p.doc.text) {
			return nil, errLayout
		}
		out = append(out, text[at(done):at(c.from)]...)
		out = append(out, strings.ReplaceAll(c.with, "\n", newline)...)
		done = c.to
	}
	return append(out, text[at(done):]...), nil
}

func endOfLines(text []byte) string {
	if bytes.Contains(text, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// bare is a text without a byte order mark, whose lines end with LF: the parser's
// places are right in such a one.
func bare(text []byte) []byte {
	text = bytes.ReplaceAll(bytes.TrimPrefix(text, bom), []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\r"), []byte("\n")) // which is one for YAML too
}

// offsets tells where in a text a place in its bare form is; the first byte is
// that of the text, before a mark.
func offsets(text []byte) func(int) int {
	mark := len(text) - len(bytes.TrimPrefix(text, bom))
	var returns []int // places of the line ends that lost a byte
	for i := mark; i < len(text)-1; i++ {
		if text[i] == '\r' && text[i+1] == '\n' {
			returns = append(returns, i-mark-len(returns))
		}
	}
	return func(n int) int {
		if n == 0 {
			return 0
		}
		return mark + n + sort.SearchInts(returns, n)
	}
}

// lineAt is where line n begins, counted from 0.
func (p *patch) lineAt(n int) int {
	starts := p.starts()
	if n >= len(starts) {
		return len(p.doc.text)
	}
	return starts[n]
}

// isJSON reports whether the document is in braces as a whole, as JSON is.
func (p *patch) isJSON() bool { return inFlow(p.doc.root) }

// locate is where a token begins.
func (p *patch) locate(t *token.Token) (int, bool) {
	want := strings.TrimSpace(t.Origin)
	n := p.offset(t)
	ok := want != "" && n <= len(p.doc.text) && bytes.HasPrefix(p.doc.text[n:], []byte(want))
	return n, ok
}

// rangeOf is where a value stands that is in braces or brackets, in quotes, or on
// one line.
func (p *patch) rangeOf(n ast.Node) (from, to int, ok bool) {
	switch n := n.(type) {
	case *ast.AnchorNode, *ast.TagNode:
		return 0, 0, false
	case *ast.MappingNode:
		return p.between(n.Start, n.End, n.IsFlowStyle)
	case *ast.SequenceNode:
		return p.between(n.Start, n.End, n.IsFlowStyle)
	case *ast.AliasNode:
		from, ok = p.locate(n.Start)
		return from, from + 1 + len(n.Value.GetToken().Value), ok
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return p.scalarRange(n.GetToken())
	}
	return 0, 0, false
}

func (p *patch) between(open, end *token.Token, flow bool) (from, to int, ok bool) {
	if !flow || open == nil || end == nil {
		return 0, 0, false
	}
	from, ok = p.locate(open)
	to, closed := p.locate(end)
	return from, to + 1, ok && closed
}

func (p *patch) scalarRange(t *token.Token) (from, to int, ok bool) {
	from, ok = p.locate(t)
	to = from + len(strings.TrimSpace(t.Origin))
	return from, to, ok && !strings.Contains(strings.TrimSpace(t.Origin), "\n") && t.Type != token.ImplicitNullType
}

// lastLine is the number of the last line on which a value has brackets or a token.
func lastLine(n ast.Node) (last int) {
	switch n := n.(type) {
	case nil:
		return 0
	case *ast.AnchorNode:
		return lastLine(n.Value)
	case *ast.MappingNode:
		if n.IsFlowStyle && n.End != nil {
			return n.End.Position.Line
		}
		for _, v := range n.Values {
			last = max(last, lastLine(v.Value))
		}
		return last
	case *ast.MappingValueNode:
		return lastLine(n.Value)
	case *ast.SequenceNode:
		if n.IsFlowStyle && n.End != nil {
			return n.End.Position.Line
		}
		for _, v := range n.Values {
			last = max(last, lastLine(v))
		}
		return last
	case *ast.LiteralNode:
		return n.Start.Position.Line
	}
	return n.GetToken().Position.Line
}

// endOf is that of the editor, which does not know of brackets that close further
// left.
func (p *patch) endOf(seq *ast.SequenceNode, i int) int {
	end := max(p.dash(seq, i), min(lastLine(seq.Values[i]), len(p.lines())))
	return p.endFrom(end, dashIndent(seq))
}

// inFlow reports whether a mapping or list stands in braces or brackets.
func inFlow(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.IsFlowStyle
	case *ast.MappingValueNode:
		return n.IsFlowStyle
	case *ast.SequenceNode:
		return n.IsFlowStyle
	}
	return false
}

// unanchored is the value behind an anchor.
func unanchored(n ast.Node) ast.Node {
	if a, ok := n.(*ast.AnchorNode); ok {
		return a.Value
	}
	return n
}

// indented puts blanks before lines that are not empty, and joins them.
func indented(lines []string, indent int) string {
	var b strings.Builder
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			b.WriteString(strings.Repeat(" ", indent) + line)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// insertLines writes lines before line n, counted from 0.
func (p *patch) insertLines(n int, text string) {
	at := p.lineAt(n)
	if at > 0 && at == len(p.doc.text) && p.doc.text[at-1] != '\n' {
		text = "\n" + text
	}
	p.cut(at, at, text)
}

// replaceLines puts a text in the place of the lines from one to before another.
func (p *patch) replaceLines(from, to int, text string) {
	a, b := p.lineAt(from), p.lineAt(to)
	if b == len(p.doc.text) && b > 0 && p.doc.text[b-1] != '\n' {
		text = strings.TrimSuffix(text, "\n")
	}
	p.cut(a, b, text)
}

// restOfLine is what stands behind a place on its line, if that is a comment or
// nothing.
func (p *patch) restOfLine(from int) (string, bool) {
	line, _, _ := bytes.Cut(p.doc.text[from:], []byte("\n"))
	rest := strings.TrimRight(string(line), " ")
	trimmed := strings.TrimLeft(rest, " ")
	return rest, trimmed == "" || trimmed[0] == '#' && len(trimmed) < len(rest)
}
