package expression

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/file"
)

// Error is what is wrong with a text. It is made when the text is compiled.
type Error struct {
	Offset          int // in bytes, where in the text
	Message, Remedy string
}

var _ error = (*Error)(nil)

func (e *Error) Error() string { return e.Message }

// offset is where the character of that number begins, in bytes.
func offset(text string, character int) int {
	for i := range text {
		if character == 0 {
			return i
		}
		character--
	}
	return len(text)
}

// place is where in an expression something is wrong.
type place struct {
	text   string
	at     int      // in bytes
	params []string // the wildcards that there are
	within bool     // a template is around the expression
}

func (p *place) before() string { return strings.TrimRight(p.text[:p.at], " \t\n") }

// mistake says what the engine finds wrong at a place of an expression, which it
// moves to where a person would look.
func (p place) mistake(err error) error {
	e, ok := errors.AsType[*file.Error](err)
	if !ok {
		return &Error{Message: plain(err.Error())}
	}
	p.at = offset(p.text, e.From)
	message, remedy := p.say(e.Message)
	return &Error{p.at, message, remedy}
}

// say puts a message of the engine into words for people, with what to do.
func (p *place) say(said string) (message, remedy string) {
	said, _, _ = strings.Cut(said, "\n")
	if name, ok := strings.CutPrefix(said, "unknown name "); ok {
		return fmt.Sprintf("there is no name %q", name), p.unknownName(name)
	}
	if name, ok := strings.CutPrefix(said, "unknown field "); ok {
		return p.unknownMember(name)
	}
	if types, ok := strings.CutPrefix(said, "invalid operation: "); ok {
		if op, types, ok := strings.Cut(strings.TrimSuffix(types, ")"), " (mismatched types "); ok {
			return mismatch(op, types)
		}
	}
	if token, ok := strings.CutPrefix(said, "unexpected token "); ok && !strings.HasPrefix(token, "EOF") {
		kind, value, _ := strings.Cut(strings.TrimSuffix(token, ")"), "(")
		return p.unexpected(kind, value)
	}
	switch {
	case strings.HasPrefix(said, "unexpected token EOF"), strings.HasPrefix(said, "unexpected end"):
		return "this ends too early", "write what is missing, or close the bracket that is open"
	case strings.HasPrefix(said, "a map key must be"):
		if remedy := p.braces(); remedy != "" {
			return `"{" has no place here`, remedy
		}
	case strings.HasPrefix(said, "unrecognized character"):
		return p.unreadable(said)
	case said == "literal not terminated":
		return "a text is not closed", "end it with the quote that it begins with"
	case strings.HasPrefix(said, "bad number"):
		return "this is no number", "write the entries of a list in brackets: json.commits[0]"
	case strings.Contains(said, "coalesce expressions"):
		return "it is not clear how far ?? reaches", "put parentheses around a ?? b"
	case strings.Contains(said, "maximum allowed nodes"):
		return "this has too many parts", "have a script do what is that long"
	}
	return plain(said), ""
}

// mismatch says that an operator stands between values of two kinds that do not
// fit, which the engine names "string and int".
func mismatch(op, types string) (message, remedy string) {
	left, right, _ := strings.Cut(types, " and ")
	left, right = plain(left), plain(right)
	switch {
	case op == "and" || op == "or" || op == "&&" || op == "||":
		remedy = fmt.Sprintf(`on each side of %[1]s stands a condition of its own: json.a == "x" %[1]s json.a == "y"`, op)
	case left == aNumber.String() || right == aNumber.String():
		remedy = `text stands in quotes; int("5") makes a number of a text`
	}
	return fmt.Sprintf("%s cannot stand between %s and %s", op, left, right), remedy
}

// typeNames are what the engine calls types, with what people do. The longer
// names come first.
var typeNames = [...]struct{ its, ours string }{
	{"map[string]interface {}", "an object"},
	{"map[string]string", "an object"},
	{"[]interface {}", "a list"},
	{"interface {}", "anything"},
	{"[]string", "a list"},
	{"float64", "a number"},
	{"unknown", "anything"},
	{"builtin ", ""},
	{"string", "text"},
	{"array", "a list"},
	{"bool", "true or false"},
	{"nil", "nothing"},
	{"int", "a number"},
}

// plain is a message of the engine without the names of Go's types.
func plain(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	var b strings.Builder
	for i := 0; i < len(message); {
		its, ours := typeAt(message, i)
		if its == "" {
			b.WriteByte(message[i])
			i++
			continue
		}
		b.WriteString(ours)
		i += len(its)
	}
	return b.String()
}

// typeAt is the name of a type that stands at i as a word of its own.
func typeAt(message string, i int) (its, ours string) {
	if i > 0 && isWord(message[i-1]) && message[i] != '[' {
		return "", ""
	}
	for _, t := range typeNames {
		rest, ok := strings.CutPrefix(message[i:], t.its)
		if ok && (rest == "" || !isWord(rest[0]) || !isWord(t.its[len(t.its)-1])) {
			return t.its, t.ours
		}
	}
	return "", ""
}

func isWord(c byte) bool { return isLetter(c) || c == '_' || c-'0' < 10 }
