package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// entry is one key of a mapping.
type entry struct {
	name  string
	key   *token.Token
	value ast.Node
}

// entries gives the keys of a mapping in order, those that a merge key brings
// in last. It reports a key given twice. ok is false when n is no mapping.
func (d *decoder) entries(n ast.Node, path string) (list []entry, ok bool) {
	m, ok := n.(ast.MapNode)
	if !ok {
		return nil, false
	}
	seen := map[string]*token.Token{}
	var merged []ast.Node
	for it := m.MapRange(); it.Next(); {
		key := it.Key()
		if key.IsMergeKey() {
			merged = append(merged, it.Value())
			continue
		}
		name, plain := keyText(key)
		if !plain {
			d.reportAt(path, first(key), "a key must be plain text", "write it as one word without brackets")
			continue
		}
		if before, twice := seen[name]; twice {
			d.reportAt(join(path, name), first(key), fmt.Sprintf("key %q is given twice (first at line %d)", name, before.Position.Line), "remove one of them")
			continue
		}
		seen[name] = first(key)
		list = append(list, entry{name, first(key), it.Value()})
	}
	for _, n := range merged {
		for _, e := range d.merge(n, path) {
			if _, given := seen[e.name]; !given {
				seen[e.name] = e.key
				list = append(list, e)
			}
		}
	}
	return list, true
}

// merge gives the entries behind a merge key of the mapping at path: of one
// mapping or of a list.
func (d *decoder) merge(n ast.Node, path string) []entry {
	n, leave := d.resolve(n, path)
	defer leave()
	if n == nil {
		d.broken[path] = true
		return nil
	}
	if seq, ok := n.(*ast.SequenceNode); ok {
		var all []entry
		for _, item := range seq.Values {
			all = append(all, d.merge(item, path)...)
		}
		return all
	}
	list, ok := d.entries(n, path)
	if !ok {
		d.broken[path] = true
		d.reportAt(path, first(n), "<< wants a mapping or a list of mappings, not "+kindName(n), "name an anchor behind it: <<: *name")
	}
	return list
}

// keyText is the text of a plain key.
func keyText(n ast.Node) (string, bool) {
	if k, ok := n.(*ast.MappingKeyNode); ok {
		return keyText(k.Value)
	}
	switch n.Type() {
	case ast.StringType, ast.IntegerType, ast.FloatType, ast.BoolType:
		return scalarText(n)
	}
	return "", false
}

// scalarText is the text of a single value as it was written, so that `- 010`
// in a command stays 010. ok is false for lists and mappings.
func scalarText(n ast.Node) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.NullNode:
		return "", true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// kindName names the kind of a value for a person.
func kindName(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "keys"
	case ast.SequenceType:
		return "a list"
	case ast.IntegerType:
		return "a number like this"
	case ast.FloatType, ast.InfinityType, ast.NanType:
		return "a fraction"
	case ast.BoolType:
		return "true or false"
	case ast.NullType:
		return "nothing"
	}
	return "text"
}

// fieldsOf maps the keys of a struct's YAML form to the numbers of its fields.
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		if name := keyName(t.Field(i)); name != "" {
			fields[name] = i
		}
	}
	return fields
}

// keysOf lists the keys of a struct's YAML form in the order of its fields.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if name := keyName(t.Field(i)); name != "" {
			keys = append(keys, name)
		}
	}
	return keys
}

// keyName is the key of a field, empty for one that a file cannot set.
func keyName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if !f.IsExported() || name == "-" {
		return ""
	}
	return name
}

// join adds a key to a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// leaf is the last key of a path: "command" of "routes[0].script.command[1]".
func leaf(path string) string {
	for strings.HasSuffix(path, "]") {
		path = path[:strings.LastIndexByte(path, '[')]
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}
