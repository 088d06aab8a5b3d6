package imports

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// expr is an expression of the routes' language. How it is joined says where
// it needs parentheses.
type expr struct {
	text string
	join string // "&&", "||", or empty for one that binds tighter
}

// The conditions that need no request.
var (
	always = expr{text: "true"}
	never  = expr{text: "false"}
)

// all joins conditions of which each has to be met.
func all(list ...expr) expr { return join("&&", always, never, list) }

// anyOf joins conditions of which one has to be met.
func anyOf(list ...expr) expr { return join("||", never, always, list) }

// join leaves out what changes nothing and what is there already. One that
// decides alone stands for all that is behind it.
func join(op string, neutral, decisive expr, list []expr) expr {
	var parts []string
	only := neutral
	for _, e := range list {
		text := e.text
		if e == decisive {
			return decisive
		}
		if e.join != "" && e.join != op {
			text = "(" + text + ")"
		}
		if e == neutral || slices.Contains(parts, text) {
			continue
		}
		parts, only = append(parts, text), e
	}
	if len(parts) < 2 {
		return only
	}
	return expr{strings.Join(parts, " "+op+" "), op}
}

// comparison is an expression that compares with "==", alone.
var comparison = regexp.MustCompile(`^(\w+(?:\.\w+|\["[^"\\]*"\]|\[\d+\])*|text\([^()"]*(?:\["[^"\\]*"\][^()"]*)*\)) == ("(?:[^"\\]|\\.)*")$`)

// not negates a condition.
func not(e expr) expr {
	switch inner, negated := strings.CutPrefix(e.text, "!"); {
	case e == always:
		return never
	case e == never:
		return always
	case e.join == "" && negated && !strings.Contains(inner, " "):
		return expr{text: inner}
	case e.join == "" && comparison.MatchString(e.text):
		return expr{text: comparison.ReplaceAllString(e.text, "$1 != $2")}
	case e.join == "" && !strings.Contains(e.text, " "):
		return expr{text: "!" + e.text}
	}
	return expr{text: "!(" + e.text + ")"}
}

// quoted writes a text as a literal of the language.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// identifier is a name that can stand behind a dot.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// index is the place of an element of a list.
var index = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)

// member is a member of something: one step of a path.
func member(of, name string) string {
	switch {
	case identifier.MatchString(name):
		return of + "." + name
	case index.MatchString(name):
		return of + "[" + name + "]"
	}
	return of + "[" + quoted(name) + "]"
}

// path follows a name with dots, as webhook writes it. What it starts from is
// no list.
func path(of, name string) string {
	first, rest, more := strings.Cut(name, ".")
	if identifier.MatchString(first) {
		of += "." + first
	} else {
		of += "[" + quoted(first) + "]"
	}
	if !more {
		return of
	}
	for step := range strings.SplitSeq(rest, ".") {
		of = member(of, step)
	}
	return of
}

// literal writes a text as a template that has no expression in it. Braces that
// templates leave alone stay as they are.
func literal(s string) string {
	var b strings.Builder
	doubled := 0 // braces that a doubled one closes
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '{' && i+1 < len(s) && (s[i+1] == '{' || s[i+1]|0x20 >= 'a' && s[i+1]|0x20 <= 'z'):
			b.WriteByte(c)
			doubled++
		case c == '}' && doubled > 0:
			b.WriteByte(c)
			doubled--
		}
		b.WriteByte(c)
	}
	return b.String()
}

// template writes an expression as a template.
func template(e string) string { return "{" + e + "}" }
