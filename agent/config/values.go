package config

import (
	"encoding"
	"errors"
	"math"
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// maxThrough bounds how many aliases may lead to each other: some lead back to
// where they are.
const maxThrough = 20

// plainReader turns nodes into what JSON has for them: objects, lists, text, whole
// numbers, true and false. What the file wants as text is text, however it is
// written, so that "- 010" in a command stays 010.
type plainReader struct {
	anchors map[string]ast.Node
	// through counts the aliases around the value being read, aliased the values
	// read inside of any.
	through, aliased int
}

// value reads n, of which t is what the file wants there, nil where nothing is
// known. Aliases stand for what they name.
func (r *plainReader) value(n ast.Node, t reflect.Type) any {
	n, leave := r.resolve(n)
	defer leave()
	if n == nil {
		return nil
	}
	switch n := n.(type) {
	case ast.MapNode:
		return r.object(n, t)
	case *ast.SequenceNode:
		list := make([]any, len(n.Values))
		for i, item := range n.Values {
			list[i] = r.value(item, itemType(t))
		}
		return list
	}
	return scalarValue(n, t)
}

// object reads the keys of a mapping, the first of those that are there twice.
func (r *plainReader) object(n ast.MapNode, t reflect.Type) map[string]any {
	all := map[string]any{}
	var merged []ast.Node
	for it := n.MapRange(); it.Next(); {
		if it.Key().IsMergeKey() {
			merged = append(merged, it.Value())
			continue
		}
		name, ok := keyText(it.Key())
		if _, twice := all[name]; ok && !twice {
			all[name] = r.value(it.Value(), keyType(t, name))
		}
	}
	for _, n := range merged {
		r.merge(all, n, t)
	}
	return all
}

// merge adds what a merge key brings in to the keys of a mapping.
func (r *plainReader) merge(all map[string]any, n ast.Node, t reflect.Type) {
	n, leave := r.resolve(n)
	defer leave()
	switch n := n.(type) {
	case ast.MapNode:
		for name, value := range r.object(n, t) {
			if _, given := all[name]; !given {
				all[name] = value
			}
		}
	case *ast.SequenceNode:
		for _, item := range n.Values {
			r.merge(all, item, t)
		}
	}
}

// resolve follows anchors and aliases; nil is what cannot be followed. leave must
// be called when the value has been read.
func (r *plainReader) resolve(n ast.Node) (plain ast.Node, leave func()) {
	entered := 0
	leave = func() { r.through -= entered }
	for n != nil {
		if r.through > 0 {
			if r.aliased++; r.aliased > maxAliased || r.through > maxThrough {
				return nil, leave
			}
		}
		switch t := n.(type) {
		case *ast.AnchorNode:
			n = t.Value
		case *ast.TagNode:
			n = t.Value
		case *ast.AliasNode:
			n = r.anchors[t.Value.GetToken().Value]
			r.through++
			entered++
		default:
			return n, leave
		}
	}
	return nil, leave
}

// scalarValue is a single value: nil for none.
func scalarValue(n ast.Node, t reflect.Type) any {
	text, ok := scalarText(n)
	if !ok || n.Type() == ast.NullType {
		return nil
	}
	if textual(t) {
		return text
	}
	switch n := n.(type) {
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode:
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i
		}
	case *ast.FloatNode:
		if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	}
	return text
}

// textual reports whether the file has text where t is wanted.
func textual(t reflect.Type) bool {
	return t != nil && (t.Kind() == reflect.String || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()))
}

// keyType is what the file wants under a key where it wants t.
func keyType(t reflect.Type, name string) reflect.Type {
	t = pointed(t)
	switch {
	case t == nil:
	case t.Kind() == reflect.Map:
		return t.Elem()
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); keyName(f) == name && name != "" {
				return pointed(f.Type)
			}
		}
	}
	return nil
}

// itemType is what the file wants in a list where it wants t.
func itemType(t reflect.Type) reflect.Type {
	if t = pointed(t); t == nil || t.Kind() != reflect.Slice {
		return nil
	}
	return pointed(t.Elem())
}

func pointed(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// errDeep is about values that no file could hold.
var errDeep = errors.New("values are nested too deep; leave some out")

// normal gives values that come from JSON as a plainReader gives those of a file.
// Keys without a value are left out.
func normal(v any, t reflect.Type, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	switch v := v.(type) {
	case map[string]any:
		all := make(map[string]any, len(v))
		for key, inner := range v {
			value, err := normal(inner, keyType(t, key), depth+1)
			if err != nil {
				return nil, err
			}
			if value != nil {
				all[key] = value
			}
		}
		return all, nil
	case []any:
		list := make([]any, len(v))
		for i, inner := range v {
			value, err := normal(inner, itemType(t), depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = value
		}
		return list, nil
	}
	return normalScalar(v, t), nil
}

func normalScalar(v any, t reflect.Type) any {
	switch n := v.(type) {
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			v = int64(n)
		}
	case int:
		v = int64(n)
	}
	if !textual(t) {
		return v
	}
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return v
}

// alike reports whether two values say the same; a key without a value says as much
// as none.
func alike(a, b any) bool { return reflect.DeepEqual(filled(a), filled(b)) }

// filled leaves out the keys without a value.
func filled(v any) any {
	switch v := v.(type) {
	case map[string]any:
		all := make(map[string]any, len(v))
		for key, inner := range v {
			if inner != nil {
				all[key] = filled(inner)
			}
		}
		return all
	case []any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = filled(inner)
		}
		return list
	}
	return v
}
