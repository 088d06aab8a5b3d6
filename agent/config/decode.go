package config

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// maxAliased bounds how many values may be read through aliases, so that a
// small file cannot stand for a huge one.
const maxAliased = 10_000

// decoder fills Go values from a document by their yaml tags. It goes on after
// a problem, and remembers where each value stands for the checks that follow.
type decoder struct {
	path     string
	doc      *document
	problems Problems
	// about has the path of the value that each of the problems is about.
	about []string
	// unreadable: the text is no YAML, so nothing was decoded.
	unreadable bool
	// places has the token of each value read, by its path: "claims[1].relay".
	places map[string]*token.Token
	// broken has the paths of values that have a problem already, so that the
	// checks that follow do not complain of its consequences.
	broken map[string]bool
	// through counts the aliases around the value being read, aliased the
	// values read inside of any.
	through, aliased int
}

func newDecoder(path string, doc *document) *decoder {
	return &decoder{path: path, doc: doc, places: map[string]*token.Token{}, broken: map[string]bool{}}
}

// place is where the value of that path stands or, when the file leaves it
// out, the nearest thing around it.
func (d *decoder) place(path string) *token.Token {
	for path != "" {
		if t, ok := d.places[path]; ok {
			return t
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return nil
}

// given says whether the file has a value of that path, which may be zero.
func (d *decoder) given(path string) bool {
	t, ok := d.places[path]
	return ok && t.Type != token.NullType && t.Type != token.ImplicitNullType
}

// line is the line on which the value of that path stands.
func (d *decoder) line(path string) int {
	if t := d.place(path); t != nil {
		return t.Position.Line
	}
	return 0
}

// isBroken says whether the value of that path or one around it has a problem.
func (d *decoder) isBroken(path string) bool {
	for path != "" {
		if d.broken[path] {
			return true
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return false
}

// report notes a problem with the value of that path.
func (d *decoder) report(path, message, remedy string) {
	d.broken[path] = true
	d.reportAt(path, d.place(path), message, remedy)
}

// reportAt notes a problem of the value at path, which shows at a token.
func (d *decoder) reportAt(path string, t *token.Token, message, remedy string) {
	d.problems = append(d.problems, *at(d.path, t, message, remedy))
	d.about = append(d.about, path)
}

// value reads n into v. An empty value leaves v as it is.
func (d *decoder) value(n ast.Node, v reflect.Value, path string) {
	n, leave := d.resolve(n, path)
	defer leave()
	if n == nil {
		d.broken[path] = true
		return
	}
	d.places[path] = first(n)
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, u, path)
		return
	}
	if n.Type() == ast.NullType && v.Kind() != reflect.Pointer {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		d.pointer(n, v, path)
	case reflect.Struct:
		d.object(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.table(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

// resolve follows anchors and aliases to a plain value. It returns nil, with
// the problem reported, for what cannot be followed. leave must be called when
// the value has been read.
func (d *decoder) resolve(n ast.Node, path string) (plain ast.Node, leave func()) {
	entered := 0
	leave = func() { d.through -= entered }
	for {
		if d.through > 0 {
			if d.aliased++; d.aliased > maxAliased {
				// One report is enough: everything after it is dropped too.
				if d.aliased == maxAliased+1 {
					d.reportAt(path, first(n), "aliases repeat too much of this file", "write some of the values out")
				}
				return nil, leave
			}
		}
		switch t := n.(type) {
		case *ast.AnchorNode:
			n = t.Value
		case *ast.AliasNode:
			name := t.Value.GetToken().Value
			target, ok := d.doc.anchors[name]
			if !ok {
				d.reportAt(path, t.GetToken(), fmt.Sprintf("alias %q has no anchor", name), fmt.Sprintf("write &%s before the value that is meant", name))
				return nil, leave
			}
			d.through++
			entered++
			n = target
		case *ast.TagNode:
			message, remedy := tagProblem(path, t.GetToken().Value)
			d.reportAt(path, t.GetToken(), message, remedy)
			if v := t.Value; v != nil && first(v).Position.Line > t.GetToken().Position.Line {
				// It took the next key for its value, of whose absence nobody is told.
				d.broken[path[:max(strings.LastIndexAny(path, ".["), 0)]] = true
			}
			return nil, leave
		default:
			return n, leave
		}
		if n == nil {
			return nil, leave
		}
	}
}

// pointer reads an optional value. Written without a value, a block of keys is
// more likely unfinished than meant.
func (d *decoder) pointer(n ast.Node, v reflect.Value, path string) {
	if n.Type() == ast.NullType {
		if v.Type().Elem().Kind() == reflect.Struct {
			d.report(path, fmt.Sprintf("%q is empty", leaf(path)), "give it keys: "+strings.Join(keysOf(v.Type().Elem()), ", "))
			v.Set(reflect.New(v.Type().Elem()))
		}
		return
	}
	v.Set(reflect.New(v.Type().Elem()))
	d.value(n, v.Elem(), path)
}

// object reads a mapping into a struct.
func (d *decoder) object(n ast.Node, v reflect.Value, path string) {
	entries, ok := d.entries(n, path)
	if !ok {
		d.wrongKind(n, path, "keys ("+strings.Join(keysOf(v.Type()), ", ")+")")
		return
	}
	fields := fieldsOf(v.Type())
	var open entry // a block without keys, whose keys stand beside it
	for i, e := range entries {
		if f, known := fields[e.name]; known {
			if v := v.Field(f); unindented(e, entries[i+1:], v.Type(), fields) {
				open = e
				v.Set(reflect.New(v.Type().Elem()))
				d.broken[join(path, e.name)] = true
				continue
			}
			d.value(e.value, v.Field(f), join(path, e.name))
			continue
		}
		if open.name != "" && slices.Contains(keysOf(v.Field(fields[open.name]).Type().Elem()), e.name) {
			d.reportAt(join(path, e.name), e.key, fmt.Sprintf("%q stands beside %q, to which it belongs", e.name, open.name), "indent it below "+open.name+":")
			continue
		}
		message, remedy, meant := unknownKey(e.name, path, v.Type())
		d.reportAt(join(path, e.name), e.key, message, remedy)
		d.broken[join(path, meant)] = true
	}
}

// unindented reports whether a block of a type is empty because its keys are not
// indented below it: the next one is a key of its own, and not of what is around.
func unindented(e entry, next []entry, t reflect.Type, around map[string]int) bool {
	if len(next) == 0 || e.value.Type() != ast.NullType || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return false
	}
	_, known := around[next[0].name]
	return !known && slices.Contains(keysOf(t.Elem()), next[0].name)
}

// list reads a sequence into a slice.
func (d *decoder) list(n ast.Node, v reflect.Value, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrongKind(n, path, wantList)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	for i, item := range seq.Values {
		itemPath := path + "[" + strconv.Itoa(i) + "]"
		d.value(item, v.Index(i), itemPath)
		if item.Type() == ast.NullType && v.Type().Elem().Kind() == reflect.Struct {
			d.report(itemPath, "this entry is empty", "remove the dash or fill the entry in")
		}
	}
}

// table reads a mapping into a map of text by name.
func (d *decoder) table(n ast.Node, v reflect.Value, path string) {
	entries, ok := d.entries(n, path)
	if !ok {
		d.wrongKind(n, path, wantMap)
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(entries)))
	for _, e := range entries {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(e.value, item, join(path, e.name))
		v.SetMapIndex(reflect.ValueOf(e.name), item)
	}
}

// text reads a scalar by the type's own rules.
func (d *decoder) text(n ast.Node, u encoding.TextUnmarshaler, path string) {
	s, ok := scalarText(n)
	if !ok {
		d.wrongKind(n, path, wantValue)
		return
	}
	if n.Type() == ast.NullType {
		return
	}
	if err := u.UnmarshalText([]byte(s)); err != nil {
		// The value in the message is quoted, but may have a semicolon.
		message, remedy := err.Error(), example(path, wantValue)
		if i := strings.LastIndex(message, "; "); i > 0 {
			message, remedy = message[:i], message[i+2:]
		}
		d.report(path, fmt.Sprintf("%q: %s", leaf(path), message), remedy)
	}
}

// scalar reads text, a whole number or true and false.
func (d *decoder) scalar(n ast.Node, v reflect.Value, path string) {
	s, ok := scalarText(n)
	switch v.Kind() {
	case reflect.String:
		if !ok {
			d.wrongKind(n, path, wantText)
			return
		}
		v.SetString(s)
	case reflect.Bool:
		b, isBool := n.(*ast.BoolNode)
		if !isBool {
			d.wrongKind(n, path, wantFlag)
			return
		}
		v.SetBool(b.Value)
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n.Type() != ast.IntegerType || i > math.MaxInt32 || i < math.MinInt32 {
			d.wrongKind(n, path, wantNumber)
			return
		}
		v.SetInt(i)
	default:
		// A test holds that no type of the file needs another kind.
		d.report(path, fmt.Sprintf("%q cannot be set in a file", leaf(path)), "leave it out")
	}
}

// wrongKind reports a value of another kind than wanted. It does not repeat
// the value: it may be a secret in the wrong place.
func (d *decoder) wrongKind(n ast.Node, path, want string) {
	what := "this file"
	if strings.HasSuffix(path, "]") {
		what = "an entry of " + strconv.Quote(leaf(path))
	} else if path != "" {
		what = strconv.Quote(leaf(path))
	}
	d.broken[path] = true
	d.reportAt(path, first(n), fmt.Sprintf("%s wants %s, not %s", what, want, kindName(n)), example(path, want))
}
