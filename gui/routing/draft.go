package routing

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// kinds are the handlers that a route may have, in the order in which they are offered.
var kinds = [...]string{"forward", "script", "save", "notify", "respond", "cgi", "fastcgi"}

// draft is a route as the form changes it: the keys of the file with their values as
// JSON has them. Keys that the form does not know stay in it. A field is named by the
// keys that lead to it, with dots between.
type draft struct {
	values map[string]any
	// aside are the handlers and the check that were there before another was
	// chosen, so that choosing the first again brings it back.
	aside map[string]any
}

func newDraft(values map[string]any) *draft {
	d := &draft{values: map[string]any{}, aside: map[string]any{}}
	if values != nil {
		d.values, _ = clone(values).(map[string]any)
	}
	return d
}

// clone copies a value as JSON has them.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, of := range v {
			out[key] = clone(of)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, of := range v {
			out[i] = clone(of)
		}
		return out
	}
	return v
}

// get returns what a field has, nil where it is not there.
func (d *draft) get(path string) any {
	var v any = d.values
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// set gives a field a value; nil takes it away. A block below the handler or the
// check is made where it is missing, and goes where nothing is left in it.
func (d *draft) set(path string, value any) {
	keys := strings.Split(path, ".")
	m, above := d.values, []map[string]any{}
	for _, key := range keys[:len(keys)-1] {
		in, ok := m[key].(map[string]any)
		if !ok {
			if value == nil {
				return
			}
			in = map[string]any{}
			m[key] = in
		}
		above = append(above, m)
		m = in
	}
	last := keys[len(keys)-1]
	if value != nil {
		m[last] = value
		return
	}
	delete(m, last)
	// The outermost block stays, though empty: "respond: {}" is a handler.
	for i := len(above) - 1; i > 0 && len(m) == 0; i-- {
		delete(above[i], keys[i])
		m = above[i]
	}
}

// text is a field as one line of text.
func (d *draft) text(path string) string { return textOf(d.get(path)) }

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// setText gives a field a text; an empty one takes it away, and one that says the
// same as before leaves the value of its kind.
func (d *draft) setText(path, text string) {
	switch {
	case text == d.text(path):
	case text == "":
		d.set(path, nil)
	default:
		d.set(path, text)
	}
}

// setNumber is setText for a field that is a number, if it is one.
func (d *draft) setNumber(path, text string) {
	if n, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
		d.set(path, n)
		return
	}
	d.setText(path, text)
}

func (d *draft) flag(path string) bool { on, _ := d.get(path).(bool); return on }

// setFlag leaves out what is false, as that is the default of all of them.
func (d *draft) setFlag(path string, on bool) {
	if on {
		d.set(path, true)
		return
	}
	d.set(path, nil)
}

// list is a field that is a list of texts; ok is false for anything else.
func (d *draft) list(path string) (texts []string, ok bool) {
	switch v := d.get(path).(type) {
	case nil:
		return nil, true
	case string:
		return []string{v}, true
	case []any:
		for _, of := range v {
			switch of.(type) {
			case map[string]any, []any, nil:
				return nil, false
			}
			texts = append(texts, textOf(of))
		}
		return texts, true
	}
	return nil, false
}

func (d *draft) setList(path string, texts []string) {
	if old, ok := d.list(path); ok && slices.Equal(old, texts) {
		return
	}
	if len(texts) == 0 {
		d.set(path, nil)
		return
	}
	out := make([]any, len(texts))
	for i, text := range texts {
		out[i] = text
	}
	d.set(path, out)
}

// pairs are names with a value each, a line of each, by name; ok is false where
// lines cannot say them.
func (d *draft) pairs(path, between string) (text string, ok bool) {
	v := d.get(path)
	m, isMap := v.(map[string]any)
	if v != nil && !isMap {
		return "", false
	}
	lines := make([]string, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		switch m[name].(type) {
		case map[string]any, []any:
			return "", false
		}
		value := textOf(m[name])
		if strings.ContainsAny(name+value, "\r\n") || strings.TrimSpace(value) != value || strings.Contains(name, strings.TrimSpace(between)) {
			return "", false
		}
		lines = append(lines, name+between+value)
	}
	return strings.Join(lines, "\n"), true
}

func (d *draft) setPairs(path, text, between string) {
	old, _ := d.get(path).(map[string]any)
	out := map[string]any{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), strings.TrimSpace(between))
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch was, known := old[name]; {
		case name == "":
		case known && textOf(was) == value:
			out[name] = was // a number stays one
		default:
			out[name] = value
		}
	}
	if len(out) == 0 {
		d.set(path, nil)
		return
	}
	d.set(path, out)
}

// arguments are those of a command, a line of each; ok is false where lines cannot
// say them.
func (d *draft) arguments(path string) (text string, ok bool) {
	command, ok := d.list(path)
	if !ok || len(command) < 2 {
		return "", ok
	}
	for i, argument := range command[1:] {
		if strings.ContainsAny(argument, "\r\n") || argument == "" && i == len(command)-2 {
			return "", false
		}
	}
	return strings.Join(command[1:], "\n"), true
}

// setCommand has a program with its arguments, a line of each.
func (d *draft) setCommand(path, program, arguments string) {
	command := []string{}
	if arguments = strings.TrimRight(arguments, "\n"); arguments != "" {
		command = strings.Split(arguments, "\n")
	}
	if program != "" || len(command) > 0 {
		command = append([]string{program}, command...)
	}
	d.setList(path, command)
}

// program is the first of a command.
func (d *draft) program(path string) string {
	if command, ok := d.list(path); ok && len(command) > 0 {
		return command[0]
	}
	return ""
}

// kind is the handler that the route has; empty for none.
func (d *draft) kind() string {
	for _, kind := range kinds {
		if _, ok := d.values[kind]; ok {
			return kind
		}
	}
	return ""
}

// setKind gives the route another handler.
func (d *draft) setKind(kind string) {
	was := d.kind()
	if kind == was {
		return
	}
	if was != "" {
		d.aside[was] = d.values[was]
		delete(d.values, was)
	}
	d.values[kind] = map[string]any{}
	if old, ok := d.aside[kind]; ok {
		d.values[kind] = old
	}
}

// scheme is the way in which senders are checked; empty for none.
func (d *draft) scheme() string { return d.text("verify.scheme") }

// setScheme checks senders so; with "" it says that nobody does. What a scheme alone
// has a use for goes when another is chosen.
func (d *draft) setScheme(scheme string) {
	was := d.scheme()
	if scheme == was && (scheme != "" || d.flag("unverified")) {
		return
	}
	if v, ok := d.values["verify"]; ok {
		d.aside["verify "+was] = v
	}
	if scheme == "" {
		delete(d.values, "verify")
		d.values["unverified"] = true
		return
	}
	delete(d.values, "unverified")
	if old, ok := d.aside["verify "+scheme]; ok {
		d.values["verify"] = old
		return
	}
	check := map[string]any{"scheme": scheme}
	for _, key := range []string{"secret", "secrets", "from", "tolerance"} {
		if v := d.get("verify." + key); v != nil {
			check[key] = v
		}
	}
	d.values["verify"] = check
}

// method and path are the parts of match.
func (d *draft) method() string { method, _ := splitMatch(d.text("match")); return method }
func (d *draft) path() string   { _, path := splitMatch(d.text("match")); return path }

// setMatch has the route take this method, "" for any, and this path.
func (d *draft) setMatch(method, path string) {
	if method != "" {
		path = method + " " + path
	}
	d.setText("match", path)
}

// splitMatch takes a pattern apart.
func splitMatch(match string) (method, path string) {
	method, path, found := strings.Cut(match, " ")
	if !found {
		if strings.HasPrefix(match, "/") || match == "" {
			return "", match
		}
		return match, ""
	}
	return method, strings.TrimLeft(path, " \t")
}
