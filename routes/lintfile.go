package routes

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// maxLinted is how much of a script is looked at, in bytes.
const maxLinted = 256 << 10

// risk is what a line of a script may have that is risky with text of strangers.
type risk struct {
	in              string // names of interpreters, with spaces around each
	found           *regexp.Regexp
	message, remedy string
}

var pipedToShell = regexp.MustCompile(`\b(curl|wget|fetch)\b[^|;&]*\|\s*(sudo\s+)?(env\s+)?(/\S*/)?(ba|da|z|k)?sh\b`)

const shells = " sh bash dash ash zsh ksh mksh "

var risks = []risk{
	{shells, pipedToShell, "what comes from the network is run by a shell", "fetch it once, look at it, and run the file"},
	{shells, regexp.MustCompile(`(^|[;&|(]\s*|\b(then|do|else)\s+|^\s+)eval\b`), "eval runs text as commands", "call programs with quoted values instead"},
	{shells, regexp.MustCompile(`(^|[;&|(\s])rm\s+(-\S+\s+)*-\S*[rR]\S*\s.*\$`), "rm takes whole folders away, and a variable says which", `begin the path with a folder that is written out, and use "${NAME:?}"`},
	{shells, regexp.MustCompile(`\b(ba|da|z|k)?sh\s+-\w*c\s+"[^"]*\$`), "a shell is given code with a variable in it", `write sh -c '… "$1"' sh "$VALUE"`},
	{" python pypy ", regexp.MustCompile(`\bos\.(system|popen)\(|shell\s*=\s*True|\beval\(|\bexec\(`), "it runs text as commands or code", "use subprocess.run with a list"},
	{" node nodejs bun ", regexp.MustCompile(`\bexec(Sync)?\(|shell:\s*true|\beval\(|new Function\(`), "it runs text as commands or code", "use execFile with a list"},
	{" perl ", regexp.MustCompile("`[^`]*\\$|\\b(system|exec)\\s*\\(?\\s*\"[^\"]*\\$|\\beval\\s+[\"$]|\\bqx\\W"), "it runs text as commands or code", "use system with a list"},
	{" ruby ", regexp.MustCompile("`[^`]*#\\{|\\b(system|exec)\\s*\\(?\\s*\"[^\"]*#\\{|\\beval\\b"), "it runs text as commands or code", "use system with a list"},
	{" php ", regexp.MustCompile(`\b(eval|shell_exec|passthru|popen|proc_open)\s*\(|\b(system|exec)\s*\([^)]*\$`), "it runs text as commands or code", "use proc_open with an array"},
	{" batch ", regexp.MustCompile(`(?i)[%!]HOMEHOOK_(PATH|QUERY|METHOD|ROUTE)[%!:]`), "the command processor reads what is in that variable as part of the line", "use a program that is no batch file"},
}

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
		for _, r := range risks {
			if strings.Contains(r.in, " "+by+" ") && r.found.MatchString(line) {
				warn(i+1, r.message, r.remedy)
			}
		}
	}
	if strings.Contains(shells, " "+by+" ") && by != "zsh" { // which splits nothing
		if n, variable := unquoted(text); n > 0 {
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

// taken are the variables of a shell script that hold text of a delivery.
var taken = regexp.MustCompile(`^\$(\{?HOMEHOOK_(METHOD|PATH|QUERY|HEADERS_FILE|ROUTE|CLAIM)\b\}?|\{?[1-9@*]\}?)`)

// unquoted finds the first of them that is not in quotes, where a shell splits
// words. It returns the number of its line, 0 for none.
func unquoted(text string) (line int, variable string) {
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
			if v := taken.FindString(text[i:]); v != "" {
				return 1 + strings.Count(text[:i], "\n"), v
			}
		}
	}
	return 0, ""
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
