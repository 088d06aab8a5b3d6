package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
)

// pairs lists the keys of an entry that are set, in the order of its fields.
func pairs(entry any) yaml.MapSlice {
	v := reflect.ValueOf(entry)
	var list yaml.MapSlice
	for i := range v.NumField() {
		key, field := keyName(v.Type().Field(i)), v.Field(i)
		if key == "" || field.IsZero() {
			continue
		}
		value := field.Interface()
		if size, ok := value.(Size); ok {
			value = size.String()
		}
		list = append(list, yaml.MapItem{Key: key, Value: value})
	}
	return list
}

// block writes an entry of a list, one key a line behind a dash.
func block(entry any, indent int, newline string) ([]byte, error) {
	text, err := yaml.Marshal(pairs(entry))
	if err != nil {
		return nil, fmt.Errorf("write entry: %w", err)
	}
	var b bytes.Buffer
	mark := "- "
	for line := range strings.Lines(string(text)) {
		b.WriteString(strings.Repeat(" ", indent) + mark + strings.TrimRight(line, "\n") + newline)
		mark = "  "
	}
	return b.Bytes(), nil
}

// flow writes an entry in braces. It is JSON, because the file around it may be.
func flow(entry any) ([]byte, error) {
	var b bytes.Buffer
	for i, p := range pairs(entry) {
		if i > 0 {
			b.WriteString(", ")
		}
		value, err := json.Marshal(p.Value)
		if err != nil {
			return nil, fmt.Errorf("write entry: %w", err)
		}
		fmt.Fprintf(&b, "%q: %s", p.Key, value)
	}
	return []byte("{" + b.String() + "}"), nil
}
