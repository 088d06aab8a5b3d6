package routes

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

const (
	useInput   = "use stdin or env: let the command be a fixed text, and read the value from standard input, or from a variable under env"
	nameScript = "name a file with the script"
)

// interpreted refuses values of a delivery where a program takes its arguments
// for code: no quoting makes them safe there.
func (c *compiler) interpreted(path string, command []string, args []argument) {
	if len(command) == 0 || command[0] == "" {
		return
	}
	names := []string{command[0]}
	if real, err := filepath.EvalSymlinks(command[0]); err == nil && real != command[0] {
		names = append(names, real)
	}
	for i, name := range names {
		at, wrong := 0, error(nil)
		if first := firstTemplate(args); first > 0 && isBatch(name) {
			at, wrong = first, mistaken("use stdin or files: the command processor reads arguments as commands", "batch files take no request data as arguments")
		} else {
			at, wrong = codeIn(name, args, 0, i > 0 || isOwnScript(name))
		}
		if wrong != nil {
			c.report(fmt.Sprintf("%s[%d]", path, at), wrong.Error(), remedyOf(wrong))
			return
		}
	}
	if at, wrong := nested(args); wrong != nil {
		c.report(fmt.Sprintf("%s[%d]", path, at), wrong.Error(), remedyOf(wrong))
	}
}

func firstTemplate(args []argument) int {
	return slices.IndexFunc(args, func(a argument) bool { return a.template != nil })
}

// isOwnScript reports whether a program is a script, which somebody may have
// called as they liked.
func isOwnScript(name string) bool {
	head, _ := firstBytes(name)
	return strings.HasPrefix(string(head), "#!")
}

// nested looks for interpreters behind programs that are not known to start
// others, such as "docker exec app sh -c …". What cannot be meant as one, with no
// code behind it, is left alone.
func nested(args []argument) (at int, wrong error) {
	for i := 1; i+1 < len(args); i++ {
		if args[i].template != nil || args[i+1].template != nil {
			continue
		}
		p, known := programs()[programName(args[i].fixed)]
		if known && p.kind != anotherProgram && p.announcesCode(args[i+1].fixed) {
			if at, wrong = codeIn(args[i].fixed, args, i, true); wrong != nil {
				return at, wrong
			}
		}
	}
	return 0, nil
}

// announcesCode reports whether an argument is an option for code.
func (p *syntax) announcesCode(arg string) bool {
	if word, ok := strings.CutPrefix(arg, "--"); ok {
		return slices.Contains(p.words, word)
	}
	return p.code != "" && strings.HasPrefix(arg, "-") && strings.ContainsAny(arg[1:], p.code)
}

// codeIn looks for values among the arguments of the program at args[from] that
// it would take for code, or for the name of a program or of a file with code,
// and for a body that would be its code. alias says that the program may not be
// what it is called, so that only the names of interpreters count.
func codeIn(path string, args []argument, from int, alias bool) (at int, wrong error) {
	name := programName(path)
	p, known := programs()[name]
	switch {
	case known && (p.kind != anotherProgram || !alias):
		return p.codeIn(name, args, from)
	case isPowerShell(name):
		return codeInPowerShell(name, args, from)
	case shellish(name) != "" && !alias:
		if i := firstTemplate(args[from:]); i >= 0 {
			return from + i, mistaken(useInput, "%s %s, so nothing of a request may be in them", name, shellish(name))
		}
	default:
		// Whatever it is, it is called as a program with such options: on Debian
		// psql is a script that starts the true one.
		return codeInOption(name, args, from)
	}
	return 0, nil
}

// codeInPowerShell takes all for code that does not follow a file.
func codeInPowerShell(name string, args []argument, from int) (at int, wrong error) {
	for i, a := range args[from+1:] {
		if a.template != nil {
			return from + 1 + i, mistaken(useInput, "%s would run what the expression comes to", name)
		}
		switch strings.ToLower(strings.TrimLeft(a.fixed, "-/")) {
		case "f", "fi", "fil", "file":
			if i := from + 2 + i; i < len(args) && args[i].template != nil {
				return i, mistaken(useInput, "the expression would say what %s runs", name)
			}
			return 0, nil
		}
	}
	return 0, nil
}

// codeIn is as the function of that name, for a program that is known.
func (p *syntax) codeIn(name string, args []argument, from int) (at int, wrong error) {
	r := reader{p: p, skip: p.skip}
	i := from + 1
	for ; i < len(args); i++ {
		switch r.next(args[i]) {
		case badArgument:
			return i, mistaken(useInput, "%s would run what the expression comes to, or what it names", name)
		case firstOperand:
			return p.operandAt(name, args, i, &r, from)
		}
	}
	if (p.kind == scriptFile || p.kind == shellText) && !r.coded && !r.harmless {
		return from, mistaken(nameScript, "%s would run the body of the request, as it is given no script", name)
	}
	return 0, nil
}

// operandAt judges the first operand of a program.
func (p *syntax) operandAt(name string, args []argument, i int, r *reader, from int) (at int, wrong error) {
	a := args[i]
	switch {
	case a.template != nil:
		return 0, nil // the reader has let it pass
	case p.kind == anotherProgram:
		return codeIn(a.fixed, args, i, false)
	case p.kind == filterText || r.coded:
		return 0, nil
	case r.input || slices.Contains([]string{"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}, a.fixed):
		return from, mistaken(nameScript, "%s would run the body of the request: that is what its script comes from", name)
	}
	return 0, nil
}
