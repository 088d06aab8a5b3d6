package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

const syntaxRemedy = "look for an open quote or bracket and for uneven indentation, here, on the line before and on the next one"

// syntaxProblem says where and why the parser stopped.
func syntaxProblem(path, text string, err error) *Problem {
	ye, ok := errors.AsType[yaml.Error](err)
	if !ok {
		return &Problem{File: path, Message: "this file cannot be read as YAML", Remedy: syntaxRemedy}
	}
	t := ye.GetToken()
	p := at(path, t, ye.GetMessage(), syntaxRemedy)
	lines := strings.Split(text, "\n")
	switch {
	case strings.Contains(p.Message, `'\t'`) || strings.Contains(p.Message, "'\t'"):
		p.Message, p.Remedy = "a tab stands where YAML wants spaces", "indent with spaces only"
	case p.Line < 1 || p.Line > len(lines):
	case p.tooDeep(lines), p.unquoted(lines[p.Line-1]), p.colonless(lines[p.Line-1]):
	case strings.HasSuffix(p.Message, "must be specified"):
		p.Remedy = "within {…} and […], close the bracket and quote a value that has one of {}[], in it, such as \"/x/{id}\""
	}
	return p
}

// unquoted puts a condition to blame that YAML reads as something else, if the
// parser stopped in one.
func (p *Problem) unquoted(line string) bool {
	runes := []rune(line)
	before := string(runes[:min(max(p.Column-1, 0), len(runes))])
	i := strings.LastIndex(before, "when:")
	if i < 0 || i > 0 && !strings.ContainsRune(" ,{", rune(line[i-1])) {
		return false
	}
	value, remedy := line[i+len("when:"):], quotesRemedy
	switch {
	case strings.Trim(line[:i], " -") == "":
		remedy = "put the whole condition in single quotes: when: " + singleQuoted(strings.TrimSpace(value))
	case strings.Contains(before[i+len("when:"):], ": "):
		return false // it is within braces, and the parser got to a later key
	}
	p.Message, p.Remedy = "YAML cannot read this condition as it stands", remedy
	return true
}

// bareKey is what begins as a key does, and ends where its colon should be.
const bareKey = `^([a-z][a-z0-9_]*)(?:[ \t]+([^ \t\r#].*?))?[ \t]*(?:#.*)?\r?$`

// colonless puts a key without its colon to blame, for which the parser has only
// words of its own.
func (p *Problem) colonless(line string) bool {
	if p.Message != "non-map value is specified" && p.Message != "unexpected key name" {
		return false
	}
	p.Message = "this is no key with a value"
	p.Remedy = "write a key, a colon and its value here, such as name: garage; or indent the line as those that it belongs to"
	runes := []rune(line)
	if m := regexp.MustCompile(bareKey).FindStringSubmatch(string(runes[min(max(p.Column-1, 0), len(runes)):])); m != nil && !strings.Contains(m[2], ": ") {
		p.Message = fmt.Sprintf("there is no colon behind %q", m[1])
		p.Remedy = "write: " + strings.TrimSpace(m[1]+": "+m[2])
	}
	return true
}

const quotesRemedy = "put the whole condition in single quotes: when: '…'"

func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// tooDeep puts the next line to blame if that is indented deeper than this one,
// which has its value already: the parser tells of the line before then.
func (p *Problem) tooDeep(lines []string) bool {
	if !strings.HasPrefix(p.Message, "mapping value is not allowed") {
		return false
	}
	here, next := keyColumn(lines[p.Line-1]), p.Line
	for next < len(lines) && strings.Trim(lines[next], " \r") == "" {
		next++
	}
	if next == len(lines) {
		return false
	}
	line := lines[next]
	deep := len(line) - len(strings.TrimLeft(line, " "))
	if deep < here || !strings.Contains(line, ":") {
		return false
	}
	p.Remedy = fmt.Sprintf("begin it in column %d, as the key on line %d", here, p.Line)
	p.Message, p.Line, p.Column = "this line is indented deeper than the one before, which has its value already", next+1, deep+1
	return true
}

// keyColumn is the column, counted from 1, in which the first key of a line
// begins, behind the dashes of a list.
func keyColumn(line string) int { return 1 + len(line) - len(strings.TrimLeft(line, " -")) }

// tagProblem is what is wrong with a value that begins with an exclamation mark,
// which YAML takes for a tag.
func tagProblem(path, name string) (message, remedy string) {
	message = fmt.Sprintf("tag %q is not known here", name)
	if leaf(path) == "when" {
		return "YAML takes " + name + " for a tag", quotesRemedy
	}
	return message, "write the value without a tag, or in quotes"
}

// commented reports whether a comment ends the line of a value that stands there
// without quotes.
func (d *decoder) commented(t *token.Token) bool {
	if t == nil || t.Type != token.StringType || t.Position == nil {
		return false
	}
	lines := strings.Split(string(d.doc.text), "\n")
	if t.Position.Line > len(lines) {
		return false
	}
	_, rest, ok := strings.Cut(lines[t.Position.Line-1], strings.TrimSpace(t.Value))
	return ok && strings.HasPrefix(strings.TrimLeft(rest, " "), "#")
}
