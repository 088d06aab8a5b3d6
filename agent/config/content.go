package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// content is what an edit puts into a file.
type content struct {
	t      reflect.Type
	values map[string]any
	// lines are those of the YAML, outdented; none where only values are given.
	lines []string
	doc   *document
	// problem is what is wrong with the YAML, with its place there; shift is by how
	// many columns it was outdented.
	problem *Problem
	shift   int
}

// contentOf reads what an edit puts into a file.
func (e *Edit) contentOf(path string) (*content, error) {
	c := &content{t: pointed(partType(e.Part))}
	if e.isEntry() {
		c.t = itemType(c.t)
	}
	if e.YAML != "" {
		c.parse(path, e.YAML)
		return c, nil
	}
	values, err := normal(e.Values, c.t, 0)
	if err != nil {
		return nil, err
	}
	c.values, _ = values.(map[string]any)
	return c, nil
}

// parse reads the YAML of an entry.
func (c *content) parse(path, text string) {
	if len(text) > maxFile {
		c.problem = &Problem{File: path, Message: "this entry is larger than 1 MiB", Remedy: "keep scripts and bodies in files of their own"}
		return
	}
	whole := string(bare([]byte(text)))
	text = strings.TrimRight(whole, " \n")
	c.lines = strings.Split(text, "\n")
	c.outdent()
	c.doc, c.problem = read(path, []byte(strings.Join(c.lines, "\n")+"\n"))
	if c.problem == nil && c.keepsEmptyLines(path, whole) {
		c.problem = &Problem{
			File: path, Line: len(c.lines), Column: 1, Message: "the entry ends with empty lines that belong to a text (|+ or >+), and the list could not tell them from those before the next entry",
			Remedy: `write that text in double quotes with \n for each line end, or put another key behind it`,
		}
	}
	if c.problem != nil {
		return
	}
	if c.doc.root == nil {
		c.problem = &Problem{File: path, Line: 1, Column: 1, Message: "there are no keys here", Remedy: "write each key on a line of its own, with a colon and a value behind it"}
	} else if _, ok := unanchored(c.doc.root).(ast.MapNode); !ok {
		c.problem = at(path, first(c.doc.root), "these are no keys with values, but "+kindName(c.doc.root), "write each key on a line of its own, with a colon and a value behind it")
	}
	if c.problem == nil {
		c.read(c.doc.anchors)
	}
}

// keepsEmptyLines reports whether the empty lines at the end of a text, which c has
// lost, are part of a value.
func (c *content) keepsEmptyLines(path, whole string) bool {
	if strings.Count(whole[len(strings.TrimRight(whole, " \n")):], "\n") < 2 {
		return false
	}
	lines := strings.Split(whole, "\n")
	for i, line := range lines {
		lines[i] = outdented(line, c.shift)
	}
	doc, problem := read(path, []byte(strings.Join(lines, "\n")))
	if problem != nil {
		return false
	}
	value := func(d *document) any { return (&plainReader{anchors: d.anchors}).value(d.root, c.t) }
	return !alike(value(doc), value(c.doc))
}

// read fills in what the YAML says; aliases are looked up among anchors.
func (c *content) read(anchors map[string]ast.Node) {
	if c.doc != nil {
		c.values, _ = (&plainReader{anchors: anchors}).value(c.doc.root, c.t).(map[string]any)
	}
}

// outdent takes the indentation of the first key from all lines.
func (c *content) outdent() {
	for _, line := range c.lines {
		if !isBlank([]byte(line)) && !isComment([]byte(line)) {
			c.shift = indentOf([]byte(line))
			break
		}
	}
	for i, line := range c.lines {
		c.lines[i] = outdented(line, c.shift)
	}
}

// complete adds a value that the file fills in where it has just one that fits.
func (c *content) complete(path, key string, all []Entry) error {
	if _, given := c.values[key]; given || len(all) != 1 || all[0].Name == "" || c.problem != nil {
		return nil
	}
	want := map[string]any{key: all[0].Name}
	for k, value := range c.values {
		want[k] = value
	}
	if c.doc == nil {
		c.values = want
		return nil
	}
	p := newPatch(c.doc)
	p.mapping(unanchored(c.doc.root), want, c.t, false)
	text, err := p.apply(c.doc.text)
	if err != nil {
		return err
	}
	c.parse(path, string(text))
	return nil
}

// entry is the text of the content as an entry of a list in lines, whose dash is
// indented.
func (c *content) entry(indent int) (string, error) {
	lines, err := c.text()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	mark := "- "
	for _, line := range lines {
		deep := mark
		if isBlank([]byte(line)) {
			deep = ""
		} else if mark == "- " && isComment([]byte(line)) {
			deep, line = "", strings.TrimLeft(line, " ")
			b.WriteString(strings.Repeat(" ", indent))
		} else {
			b.WriteString(strings.Repeat(" ", indent))
			mark = "  "
		}
		b.WriteString(deep + line + "\n")
	}
	return b.String(), nil
}

// text is the content in lines.
func (c *content) text() ([]string, error) {
	if c.lines != nil {
		return c.lines, nil
	}
	return composed(c.values, c.t)
}

// misplaced are the problems of an edit whose YAML cannot be read: it stands in the
// text from a line on, counted from 0, and indented.
func (c *content) misplaced(e *Edit, line, indent int) Problems {
	p := *c.problem
	p.Part, p.Name = e.Part, e.Name
	switch {
	case p.Line == 0:
	case line < 0:
		p.Message, p.Line, p.Column = fmt.Sprintf("line %d of the entry: %s", p.Line, p.Message), 0, 0
	default:
		p.Line, p.Column = p.Line+line, p.Column+indent
	}
	return Problems{p}
}

// trimmed is a file's values without empty parts.
func trimmed(root any) map[string]any {
	all := map[string]any{}
	values, _ := root.(map[string]any)
	for key, value := range values {
		switch v := value.(type) {
		case []any:
			if len(v) == 0 {
				continue
			}
		case map[string]any:
			if len(v) == 0 {
				continue
			}
		}
		all[key] = value
	}
	return all
}
