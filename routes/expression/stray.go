package expression

import (
	"fmt"
	"strings"
)

// unexpected says what is wrong with a word or sign that has no place where it
// stands; kind is what the engine takes it for.
func (p *place) unexpected(kind, value string) (message, remedy string) {
	if remedy := p.braces(); remedy != "" {
		return `"{" has no place here`, remedy
	}
	if p.piped() {
		return `"|" has no meaning here`, "write || for or"
	}
	word := strings.Trim(value, `"`)
	if kind == "Operator" {
		if message, remedy, ok := p.operator(word); ok {
			return message, remedy
		}
	}
	message = value + " has no place here"
	if kind == "Identifier" {
		remedy = p.misspelt(word)
	}
	switch {
	case remedy != "" || p.within:
	case kind == "Identifier" || kind == "String" || kind == "Number":
		remedy = "an operator is missing before it, such as == or &&"
	default:
		remedy = "take it out, or write what is missing around it"
	}
	return message, remedy
}

// operator says what is wrong with an operator.
func (p *place) operator(op string) (message, remedy string, ok bool) {
	before, after := p.text[:p.at], p.text[p.at:]
	none := func(sign, remedy string) (string, string, bool) {
		return fmt.Sprintf("%q has no meaning here", sign), remedy, true
	}
	switch {
	case infix(op) != "":
		return fmt.Sprintf("%q stands between two texts", op), p.turned(op), true
	case op == "&":
		return none("&", "write && for and")
	case op == "=" && strings.HasPrefix(after, "=~"):
		return none("=~", remedyPattern)
	case op == "=" && strings.HasSuffix(before, "!="):
		p.at -= 2
		return none("!==", remedyUnequal)
	case op == "=" && strings.HasSuffix(before, "=="):
		p.at -= 2
		return none("===", remedyEqual)
	case op == "=":
		return none("=", remedyEqual)
	case op == ">" && strings.HasSuffix(before, "<"):
		p.at--
		return none("<>", remedyUnequal)
	}
	return "", "", false
}

// turned is how an operator is written that stands there like a function.
func (p *place) turned(op string) string {
	rest, ok := strings.CutPrefix(p.text[p.at+len(op):], "(")
	if end := strings.IndexByte(rest, ')'); ok && end >= 0 {
		if left, right, two := strings.Cut(rest[:end], ", "); two && !strings.ContainsAny(left+right, "(,") {
			return fmt.Sprintf("write %s %s %s", left, op, right)
		}
	}
	return fmt.Sprintf(`write it like json.ref %s "x"`, op)
}

// misspelt says what is meant by a word that stands where an operator should.
func (p *place) misspelt(word string) string {
	if op := infix(word); op != "" {
		return "write " + op
	}
	switch strings.ToLower(word) {
	case "and", "or", "not", "in":
		return "write " + strings.ToLower(word) + ", in small letters"
	case "eq", "is", "equals":
		return remedyEqual
	case "ne", "neq":
		return remedyUnequal
	case "like", "includes", "has":
		return `write it like json.ref contains "x"`
	case "exists":
		return "write has(…)"
	}
	before := p.before()
	last := before[strings.LastIndexAny(before, " (!")+1:]
	if _, ok := functions()[last]; ok {
		return "write " + last + "(…)"
	}
	return ""
}

// braces says that an expression stands in braces as it would in a template,
// empty when this is not what is wrong here. The place is that of the brace then.
func (p *place) braces() string {
	if p.within {
		return ""
	}
	begin := strings.LastIndexByte(p.text[:min(p.at+1, len(p.text))], '{')
	if begin < 0 || strings.IndexByte(p.text[begin:max(p.at, begin)], '}') >= 0 {
		return ""
	}
	inner, _, closed := strings.Cut(p.text[begin:], "}")
	inner = strings.Trim(inner, "{ ")
	if !closed || inner == "" || !isLetter(inner[0]) || strings.Contains(inner, ":") {
		return ""
	}
	for begin > 0 && (p.text[begin-1] == '{' || p.text[begin-1] == '$') {
		begin--
	}
	p.at = begin
	return "a condition has no braces: write " + inner
}

// piped reports whether a single | stands before the word here, or before that
// one. The place is that of the | then.
func (p *place) piped() bool {
	before := p.before()
	if i := strings.LastIndexAny(before, " |"); i >= 0 && !strings.HasSuffix(before, "|") {
		before = strings.TrimRight(before[:i+1], " ")
	}
	if !strings.HasSuffix(before, "|") || strings.HasSuffix(before, "||") {
		return false
	}
	p.at = len(before) - 1
	return true
}

// unreadable says what is wrong with a character that the language has not, which
// the engine names as in: unrecognized character: U+007E '~'.
func (p *place) unreadable(said string) (message, remedy string) {
	sign := said
	if i := strings.LastIndexByte(strings.TrimSuffix(said, "'"), '\''); i >= 0 {
		sign = strings.TrimSuffix(said[i+1:], "'")
	}
	switch sign {
	case "“", "”", "„", "‘", "’", "«", "»":
		remedy = "write straight quotes"
	case "~":
		remedy = remedyPattern
	}
	return fmt.Sprintf("%q has no meaning here", sign), remedy
}
