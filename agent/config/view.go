package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// View is a configuration file and what is in it, whether it loads or not.
type View struct {
	Path, Text string
	// Digest is the SHA-256 of the file in hex.
	Digest string
	// Problems are why the file does not load. Warnings are what is risky in it, and
	// faults of programs and folders that it names.
	Problems, Warnings Problems
	// Relays, Claims and Routes are the entries in the order of the file. They and
	// the sections are empty where the file cannot be read as YAML.
	Relays, Claims, Routes []Entry
	History, Updates       Entry
}

// Entry is one entry of a list of the file, or one section.
type Entry struct {
	Name string
	// YAML is its text with comments, indented by nothing.
	YAML string
	// Values are the same as JSON has it, by the keys of the file.
	Values map[string]any
	// Line is where it begins, counted from 1.
	Line int
}

// Look reads the file at path as the agent does. A file that is not there is one
// that says nothing. The error is about a file that cannot be read at all.
func Look(path string) (*View, error) {
	data, err := readFile(path, true)
	return viewOf(path, data, err)
}

// viewOf is the view of what reading the file came to.
func viewOf(path string, data []byte, err error) (*View, error) {
	if ps, ok := errors.AsType[Problems](err); ok {
		return &View{Path: path, Digest: digestOf(nil), Problems: ps}, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte(header), nil
	}
	if err != nil {
		return nil, err
	}
	return view(path, data), nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// view looks at a text.
func view(path string, data []byte) *View {
	v := &View{Path: path, Text: string(data), Digest: digestOf(data)}
	cfg, err := Parse(path, data)
	if err == nil {
		cfg.Table.Close()
		v.Warnings = append(lint(path, data), cfg.Faults...).sorted()
	}
	ps, _ := errors.AsType[Problems](err)
	for _, p := range ps {
		if p.Passing {
			v.Warnings = append(v.Warnings, p)
		} else {
			v.Problems = append(v.Problems, p)
		}
	}
	if doc, problem := read(path, bare(data)); problem == nil {
		v.entries(newPatch(doc))
	}
	return v
}

// entries lists what is in a document.
func (v *View) entries(p *patch) {
	v.Relays, v.Claims, v.Routes = p.entriesOf(PartRelay), p.entriesOf(PartClaim), p.entriesOf(PartRoute)
	v.History, v.Updates = p.section(PartHistory), p.section(PartUpdates)
}

// partType is what the file wants under the key of a part.
func partType(part string) reflect.Type {
	return keyType(reflect.TypeFor[file](), partKey(part))
}

// list is the list of a part, nil for none.
func (p *patch) list(part string) *ast.SequenceNode {
	n, _ := p.find(partKey(part))
	seq, _ := n.(*ast.SequenceNode)
	return seq
}

// entriesOf are the entries of the list of a part.
func (p *patch) entriesOf(part string) (list []Entry) {
	seq := p.list(part)
	if seq == nil {
		return nil
	}
	for i, n := range seq.Values {
		values, _ := p.value(n, itemType(partType(part))).(map[string]any)
		e := Entry{Name: entryName(part, values), Values: values, Line: first(n).Position.Line}
		if seq.IsFlowStyle {
			if from, to, ok := p.rangeOf(n); ok {
				e.YAML = string(p.doc.text[from:to])
			}
		} else {
			start := p.startOf(seq, i)
			e.YAML, e.Line = p.entryText(seq, i), start+1
		}
		list = append(list, e)
	}
	return list
}

// entryName is what an entry with those values is called.
func entryName(part string, values map[string]any) string {
	name, _ := values["name"].(string)
	if name == "" && part == PartRoute {
		name, _ = values["match"].(string)
	}
	return name
}

// entryText is the text of entry i of a list in lines, with the comments above it.
func (p *patch) entryText(seq *ast.SequenceNode, i int) string {
	lines := p.lines()
	start, dash, end := p.startOf(seq, i), p.dash(seq, i)-1, p.endOf(seq, i)
	var out []string
	for _, line := range lines[start:dash] {
		out = append(out, strings.TrimSpace(string(line)))
	}
	indent := dashIndent(seq)
	behind := strings.TrimRight(string(lines[dash][min(indent+1, len(lines[dash])):]), " \n")
	column := indent + 1 + len(behind) - len(strings.TrimLeft(behind, " "))
	if t := first(seq.Values[i]); t.Position.Line-1 > dash {
		column = t.Position.Column - 1
	}
	if behind = strings.TrimLeft(behind, " "); behind != "" {
		out = append(out, behind)
	}
	for _, line := range lines[min(dash+1, end):end] {
		out = append(out, outdented(string(line), column))
	}
	return strings.Join(out, "\n") + "\n"
}

// outdented is a line without its end and up to so many blanks before it.
func outdented(line string, by int) string {
	line = strings.TrimRight(line, "\r\n")
	return line[min(by, indentOf([]byte(line))):]
}

// section is what stands under the key of a part.
func (p *patch) section(part string) Entry {
	m, i := p.topField(partKey(part))
	if m == nil || i < 0 {
		return Entry{}
	}
	f := m.have[i]
	values, _ := p.value(f.value, partType(part)).(map[string]any)
	e := Entry{Values: values, Line: f.key.Position.Line}
	if from, to, ok := p.rangeOf(f.value); ok {
		e.YAML = string(p.doc.text[from:to]) + "\n"
		return e
	}
	if inFlow(m.node) || len(values) == 0 {
		return e
	}
	from, end := m.extent(i)
	column := first(unanchored(f.value)).Position.Column - 1
	for _, line := range p.lines()[min(from+1, end):end] {
		e.YAML += outdented(string(line), column) + "\n"
	}
	return e
}

// topField finds a key of the document; m is nil for one that says nothing, i is
// -1 for a key that is not there.
func (p *patch) topField(key string) (m *mappingPatch, i int) {
	root, ok := p.doc.root.(ast.MapNode)
	if !ok {
		return nil, -1
	}
	m = &mappingPatch{patch: p, node: p.doc.root, t: reflect.TypeFor[file](), have: fieldsIn(root), top: true}
	return m, slices.IndexFunc(m.have, func(f field) bool { return f.name == key })
}
