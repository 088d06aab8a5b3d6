package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
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
		quoted, err := composedFlow(v, t, true)
		if err != nil {
			return nil, err
		}
		if text = []byte(quoted); !says(text, v, t) {
			return nil, errUnwritable
		}
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), nil
}

// composedFlow writes values on one line, as JSON or, if quoted is not set, without
// the quotes that they do not need.
func composedFlow(v any, t reflect.Type, quoted bool) (string, error) {
	var b bytes.Buffer
	w := flowWriter{&b, quoted}
	if err := w.write(ordered(v, t)); err != nil {
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

// flowWriter writes values in braces and brackets.
type flowWriter struct {
	*bytes.Buffer
	// quoted has all text in quotes, because the file around it is JSON.
	quoted bool
}

func (w flowWriter) write(v any) error {
	switch v := v.(type) {
	case yaml.MapSlice:
		return w.all("{}", len(v), func(i int) error {
			if err := w.write(v[i].Key); err != nil {
				return err
			}
			w.WriteString(": ")
			return w.write(v[i].Value)
		})
	case []any:
		return w.all("[]", len(v), func(i int) error { return w.write(v[i]) })
	case string:
		if !w.quoted && simple(v) {
			w.WriteString(v)
			return nil
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write value: %w", err)
	}
	w.Truncate(w.Len() - 1) // its line end
	return nil
}

// all writes items between two brackets.
func (w flowWriter) all(brackets string, n int, item func(i int) error) error {
	w.WriteByte(brackets[0])
	for i := range n {
		if i > 0 {
			w.WriteString(", ")
		}
		if err := item(i); err != nil {
			return err
		}
	}
	w.WriteByte(brackets[1])
	return nil
}

// reserved are words that YAML takes, or took once, for something other than text.
var reserved = []string{"null", "true", "false", "yes", "no", "on", "y", "n"}

// simple reports whether a text stands for itself without quotes.
func simple(s string) bool {
	if s == "" || !strings.ContainsRune("/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", rune(s[0])) {
		return false
	}
	return onlyOf(strings.ToLower(s), "_./-") && !slices.Contains(reserved, strings.ToLower(s))
}
