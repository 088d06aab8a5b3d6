package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"homehook/routes"
)

// pairs lists the keys of an entry that are set, in the order of its fields.
func pairs(v reflect.Value) yaml.MapSlice {
	var list yaml.MapSlice
	for i := range v.NumField() {
		key, field := keyName(v.Type().Field(i)), v.Field(i)
		if key == "" || field.IsZero() {
			continue
		}
		list = append(list, yaml.MapItem{Key: key, Value: plain(field)})
	}
	return list
}

// plain turns the value of a field into what a file has for it. Names of a map
// are in the order of the alphabet, so that the same entry gives the same text.
func plain(v reflect.Value) any {
	switch value := v.Interface().(type) {
	case Size:
		return value.String()
	case routes.Duration:
		return value.String()
	case map[string]string:
		var list yaml.MapSlice
		for _, name := range slices.Sorted(maps.Keys(value)) {
			list = append(list, yaml.MapItem{Key: name, Value: value[name]})
		}
		return list
	}
	switch {
	case v.Kind() == reflect.Pointer:
		return pairs(v.Elem())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		list := make([]yaml.MapSlice, v.Len())
		for i := range list {
			list[i] = pairs(v.Index(i))
		}
		return list
	}
	return v.Interface()
}

// block writes an entry of a list, one key a line behind a dash, or in braces
// where it has a text that lines cannot hold, such as one with a carriage return.
func block(entry any, indent int, newline string) ([]byte, error) {
	text, err := yaml.Marshal(pairs(reflect.ValueOf(entry)))
	if err == nil && !readsBack(text, entry) {
		text, err = flow(entry)
	}
	if err != nil {
		return nil, fmt.Errorf("write entry: %w", err)
	}
	var b bytes.Buffer
	mark := "- "
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, `"off": `); ok {
			line = "off: " + rest // a word of YAML's first versions, which it is not here
		}
		b.WriteString(strings.Repeat(" ", indent) + mark + strings.TrimRight(line, "\n") + newline)
		mark = "  "
	}
	return b.Bytes(), nil
}

// readsBack reports whether the text of an entry says what the entry does.
func readsBack(text []byte, entry any) bool {
	const name = "entry"
	doc, problem := read(name, text)
	if problem != nil || doc.root == nil {
		return false
	}
	back := reflect.New(reflect.TypeOf(entry)).Elem()
	d := newDecoder(name, doc)
	d.value(doc.root, back, "")
	return len(d.problems) == 0 && reflect.DeepEqual(back.Interface(), entry)
}

// flow writes an entry in braces. It is JSON, because the file around it may be.
func flow(entry any) ([]byte, error) {
	var b bytes.Buffer
	err := braces(&b, pairs(reflect.ValueOf(entry)))
	return b.Bytes(), err
}

func braces(b *bytes.Buffer, list yaml.MapSlice) error {
	b.WriteByte('{')
	for i, p := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "%q: ", p.Key)
		switch inner := p.Value.(type) {
		case yaml.MapSlice:
			if err := braces(b, inner); err != nil {
				return err
			}
			continue
		case []yaml.MapSlice:
			if err := brackets(b, inner); err != nil {
				return err
			}
			continue
		}
		value, err := json.Marshal(p.Value)
		if err != nil {
			return fmt.Errorf("write entry: %w", err)
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return nil
}

func brackets(b *bytes.Buffer, entries []yaml.MapSlice) error {
	b.WriteByte('[')
	for i, entry := range entries {
		if i > 0 {
			b.WriteString(", ")
		}
		if err := braces(b, entry); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}
