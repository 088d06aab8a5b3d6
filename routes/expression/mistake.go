package expression

import (
	"errors"
	"fmt"
	"regexp"
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

// mistake says what the engine finds wrong with a text.
func mistake(text string, err error) error {
	e, ok := errors.AsType[*file.Error](err)
	if !ok {
		return &Error{Message: plain(err.Error())}
	}
	at := offset(text, e.From)
	m := &Error{Offset: at, Message: plain(e.Message)}
	for _, k := range knownMistakes {
		if found := k.is.FindStringSubmatch(e.Message); found != nil {
			m.Message, m.Remedy = k.say(text[:at], found)
			break
		}
	}
	return m
}

var knownMistakes = []struct {
	is  *regexp.Regexp
	say func(before string, found []string) (message, remedy string)
}{
	{regexp.MustCompile(`^unknown name (.+)$`), func(before string, f []string) (string, string) {
		if strings.HasSuffix(strings.TrimRight(before, " "), "-") {
			return fmt.Sprintf("there is no name %q", f[1]), `write names with hyphens in brackets: header["X-Name"]`
		}
		return fmt.Sprintf("there is no name %q", f[1]), meant(f[1])
	}},
	{regexp.MustCompile(`^unknown field (.+)$`), func(before string, f []string) (string, string) {
		if strings.HasSuffix(strings.TrimRight(before, `["'. `), "params") {
			return fmt.Sprintf("the pattern of the route has no wildcard %q", f[1]), "put {" + f[1] + "} into match"
		}
		return fmt.Sprintf("there is no member %q", f[1]), "a file has name, type, size and text"
	}},
	{regexp.MustCompile(`^invalid operation: (\S+) \(mismatched types (.+) and (.+)\)$`), func(_ string, f []string) (string, string) {
		remedy := ""
		if l, r := plain(f[2]), plain(f[3]); l != r {
			remedy = `text stands in quotes; int("5") makes a number of a text`
		}
		return fmt.Sprintf("%s cannot stand between %s and %s", f[1], plain(f[2]), plain(f[3])), remedy
	}},
	{regexp.MustCompile(`^unexpected token EOF$|^unexpected end`), func(string, []string) (string, string) {
		return "this ends too early", ""
	}},
	{regexp.MustCompile(`^unexpected token Operator\("="\)$`), func(string, []string) (string, string) {
		return `"=" has no meaning here`, "compare with =="
	}},
	{regexp.MustCompile(`^unexpected token \w+\((.+)\)$`), func(_ string, f []string) (string, string) {
		return f[1] + " has no place here", ""
	}},
	{regexp.MustCompile(`coalesce expressions`), func(string, []string) (string, string) {
		return "it is not clear how far ?? reaches", "put parentheses around a ?? b"
	}},
	{regexp.MustCompile(`maximum allowed nodes`), func(string, []string) (string, string) {
		return "this has too many parts", "have a script do what is that long"
	}},
}

// goTypes are what the engine calls types.
var goTypes = strings.NewReplacer(
	"map[string]string", "an object", "map[string]interface {}", "an object", "[]interface {}", "a list", "[]string", "a list",
	"interface {}", "anything", "float64", "a number", "string", "text", "bool", "true or false", "int", "a number",
	"unknown", "anything", "nil", "nothing", "builtin ", "", "array", "a list",
)

// plain is a message of the engine without the names of Go's types.
func plain(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	return wordBound.ReplaceAllStringFunc(message, func(w string) string { return goTypes.Replace(w) })
}

// wordBound matches the names of types as whole words.
var wordBound = regexp.MustCompile(`map\[string\]string|map\[string\]interface \{\}|\[\]interface \{\}|\[\]string|interface \{\}|\b(?:float64|string|bool|int|unknown|nil|builtin |array)\b`)

// meant says which name may have been meant.
func meant(name string) string {
	best, least := "", min(3, len(name)/2+1)
	for _, n := range names() {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d < least && d < len(n)-1 {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// distance is how many characters make one name of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
