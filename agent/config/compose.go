package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
)

// errUnwritable is about a text that YAML has no way to write.
var errUnwritable = errors.New("a value has characters that a YAML file cannot hold; leave them out")

// ordered puts the keys of values into the order of the fields of t; others follow
// in the order of the alphabet.
func ordered(v any, t reflect.Type) any {
	switch v := v.(type) {
	case map[string]any:
		list := yaml.MapSlice{}
		for _, key := range ordering(v, nil, t) {
			list = append(list, yaml.MapItem{Key: key, Value: ordered(v[key], keyType(t, key))})
		}
		return list
	case []any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = ordered(inner, itemType(t))
		}
		return list
	}
	return v
}

// composed writes values as lines of YAML, without their ends, or in braces where
// lines cannot hold them.
func composed(v any, t reflect.Type) ([]string, error) {
	text, err := yaml.Marshal(ordered(v, t))
	if err == nil {
		if rest, ok := bytes.CutPrefix(text, []byte(`"off": `)); ok {
			text = append([]byte("off: "), rest...) // a word of YAML's first versions, which it is not here
		}
		text = bytes.ReplaceAll(text, []byte("\n\"off\": "), []byte("\noff: "))
	}
	if err != nil || !says(text, v, t) {
		var b bytes.Buffer
		if err := inBraces(&b, ordered(v, t)); err != nil {
			return nil, err
		}
		text = b.Bytes()
		if !says(text, v, t) {
			return nil, errUnwritable
		}
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), nil
}

// composedFlow writes values on one line.
func composedFlow(v any, t reflect.Type) (string, error) {
	var b bytes.Buffer
	if err := inBraces(&b, ordered(v, t)); err != nil {
		return "", err
	}
	return b.String(), nil
}

// says reports whether a text says what values do.
func says(text []byte, v any, t reflect.Type) bool {
	doc, problem := read("", text)
	if problem != nil || doc.root == nil {
		return problem == nil && v == nil
	}
	return alike((&plainReader{anchors: doc.anchors}).value(doc.root, t), v)
}

// inBraces writes values as JSON, because the file around them may be.
func inBraces(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case yaml.MapSlice:
		b.WriteByte('{')
		for i, item := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			if err := inBraces(b, item.Key); err != nil {
				return err
			}
			b.WriteString(": ")
			if err := inBraces(b, item.Value); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			if err := inBraces(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write value: %w", err)
	}
	b.Truncate(b.Len() - 1) // its line end
	return nil
}
