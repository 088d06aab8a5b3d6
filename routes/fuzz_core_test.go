package routes

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzTakesEvent compares the patterns of events with regular expressions.
func FuzzTakesEvent(f *testing.F) {
	for _, s := range [][2]string{{"push", "push"}, {"issues", "issues.opened"}, {"charge.*", "charge.x"}, {"a*b*c", "abbc"}, {"**", ""}, {"*a", "ba"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, event string) {
		var parts []string
		for _, p := range strings.Split(pattern, "*") {
			parts = append(parts, regexp.QuoteMeta(p))
		}
		text := "(?s)^" + strings.Join(parts, ".*")
		if len(parts) == 1 {
			text += `(\..*)?`
		}
		re, err := regexp.Compile(text + "$")
		if err != nil || strings.ToValidUTF8(pattern+event, "") != pattern+event {
			t.Skip()
		}
		if got := takesEvent(pattern, event); got != re.MatchString(event) {
			t.Errorf("%q takes %q: %v", pattern, event, got)
		}
	})
}

// FuzzCommandLine holds that no way of writing a shell's command line lets a
// value be the code behind -c, or take the place of the script.
func FuzzCommandLine(f *testing.F) {
	for _, s := range []string{"-c", "-ec|-x", "-o|pipefail|-c", "--|-c", "-c|--", "+x|-c", "--norc|-lc", "-O|extglob|-c", "--rcfile|x|-c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, words string) {
		args := []argument{{text: text{fixed: "/bin/bash"}}}
		operand, ended := false, false
		for _, w := range strings.Split(words, "|") {
			if ended || !strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "+") || w == "-" {
				operand = true
			}
			ended = ended || w == "--"
			args = append(args, argument{text: text{fixed: w}, source: w})
		}
		compiled := (&compiler{}).template("", "{body}", &Route{})
		args = append(args, argument{text: text{template: compiled}, source: "{body}"})
		at, wrong := codeIn("/bin/bash", args, 0, false)
		if !operand && (wrong == nil || at != len(args)-1) {
			t.Errorf("%q: %d %v", words, at, wrong)
		}
	})
}

func FuzzUnquoted(f *testing.F) {
	for _, s := range []string{"echo $1", "echo \"$1\"", "x=$(echo \"$1\")", "'a\n$1", "`\"$1", "# $1\n$2", "\\", "$((1))", "[[ $1", "case $1 in"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if line, v := lintSigns().unquoted(text); line > 1+strings.Count(text, "\n") || line > 0 && !strings.Contains(text, v) {
			t.Errorf("%d %q", line, v)
		}
	})
}
