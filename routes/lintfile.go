package routes

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxLinted is how much of a script is looked at, in bytes.
const maxLinted = 256 << 10

// file looks into a script. by is the interpreter that runs it, empty when it
// says so itself. A warning of each kind is enough.
func (l *linter) file(path, name, by string) {
	text, ok := readScript(name)
	if !ok {
		return
	}
	if by == "" {
		by = interpreterOf(name, text)
	}
	if by == "" || l.read[by+" "+name] {
		return // what it is cannot be told, or another route has it too
	}
	l.read[by+" "+name] = true
	seen := map[string]bool{}
	warn := func(n int, message, remedy string) {
		if !seen[message] {
			seen[message] = true
			l.warn(path, fmt.Sprintf("%s, line %d: %s", name, n, message), remedy)
		}
	}
	for i, line := range strings.Split(text, "\n") {
		if t := strings.TrimSpace(line); strings.HasPrefix(t, "#") || strings.HasPrefix(t, "//") {
			continue
		}
		for _, r := range l.risks {
			if strings.Contains(r.in, " "+by+" ") && r.found.MatchString(line) {
				warn(i+1, r.message, r.remedy)
			}
		}
	}
	if strings.Contains(shells, " "+by+" ") && by != "zsh" { // which splits nothing
		if n, variable := l.unquoted(text); n > 0 {
			warn(n, fmt.Sprintf("%s is not in quotes, so that the shell splits it and takes its asterisks for file names", variable), `write "`+variable+`"`)
		}
	}
}

// readScript reads a text; what is none, or cannot be read, is not looked into.
func readScript(name string) (text string, ok bool) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	f, err := os.Open(name)
	if err != nil {
		return "", false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxLinted))
	if err != nil || bytes.IndexByte(b, 0) >= 0 {
		return "", false
	}
	return string(b), true
}

// interpreterOf is what runs a script by its first line, or by its name.
func interpreterOf(name, text string) string {
	if isBatch(name) {
		return "batch"
	}
	line, _, _ := strings.Cut(text, "\n")
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(words) == 0 {
		return ""
	}
	by := programName(words[0])
	for _, w := range words[1:] {
		if by == "env" && !strings.HasPrefix(w, "-") {
			return programName(w)
		}
	}
	return by
}

// unquoted finds the first of them that is not in quotes, where a shell splits
// words. It returns the number of its line, 0 for none.
func (s *signs) unquoted(text string) (line int, variable string) {
	open := []byte{0} // what has been opened: quotes, "(" and "`", each within the one before
	word := 0         // where the word began
	for i := 0; i < len(text); i++ {
		c, top := text[i], open[len(open)-1]
		quoted := top == '"'
		switch {
		case c == '\\':
			i++
		case c == '"' && quoted, c == '`' && top == '`', c == ')' && top == '(':
			open = open[:len(open)-1]
		case c == '"', c == '`', c == '(' && (!quoted || i > 0 && text[i-1] == '$'):
			open, word = append(open, c), i+1
		case quoted:
		case c == '\'':
			i += 1 + max(strings.IndexByte(text[i+1:], '\''), 0)
		case strings.IndexByte(" \t\n;|&)", c) >= 0:
			word = i + 1
		case c == '#' && word == i:
			i += max(strings.IndexByte(text[i:], '\n')-1, 0)
		case c == '$' && splits(text, word, i):
			if v := s.taken.FindString(text[i:]); v != "" {
				return 1 + strings.Count(text[:i], "\n"), wholeVariable(v, text[i:])
			}
		}
	}
	return 0, ""
}

// wholeVariable is a variable up to the brace that closes it: ${1:-x} for ${1.
func wholeVariable(found, text string) string {
	if !strings.HasPrefix(found, "${") {
		return found
	}
	depth := 0
	for i, c := range text {
		switch c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return text[:i+1]
			}
		case '\n':
			return found
		}
	}
	return found
}

// splits reports whether a shell splits what stands at i, in the word that begins
// there: not in an assignment, between [[ ]] or behind case.
func splits(text string, word, i int) bool {
	name, _, assigns := strings.Cut(text[word:i], "=")
	if assigns && isVariable(name) {
		return false
	}
	from := strings.LastIndexByte(text[:i], '\n') + 1
	before := text[from:i]
	return strings.Count(before, "[[") <= strings.Count(before, "]]") && !strings.HasSuffix(strings.TrimRight(before, " "), "case")
}
