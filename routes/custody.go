package routes

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"homehook/access"
	"homehook/routes/process"
)

// keepers refuses a file with code that others can change: by its mode, by its
// owner, or by a folder or a link on the way to it. Root may look at routes that are
// another user's; whose files they run is asked when they are to run.
func (c *compiler) keepers(path, what, file string) {
	rules := access.Rules{Alone: true, Trust: c.sponsors, Anyone: os.Geteuid() == 0}
	f, err := access.Find(file, rules)
	switch {
	case err != nil:
		c.passing(path, fmt.Sprintf("%s cannot be read: %s", what, pathCause(err)), "check the path")
	case f == nil:
	case f.Folder && f.UID >= 0:
		c.passing(path, fmt.Sprintf("%s lies in the folder %s, which %s", what, f.Path, f), "move it, or run as root: "+f.Remedy())
	case f.Folder:
		c.passing(path, fmt.Sprintf("%s lies in the folder %s, which other users can change", what, f.Path), "move it, or "+f.Remedy())
	case f.UID >= 0:
		c.passing(path, fmt.Sprintf("%s %s", what, f), "look at it, then run as root: "+f.Remedy())
	default:
		c.passing(path, what+" can be changed by other users", f.Remedy())
	}
}

// codeFile is a file with code beside the program of a command.
type codeFile struct {
	path string
	at   int // the argument that names it; 0 for what the program itself names
}

// codeFiles are the files that a command runs besides its program: what its first
// line says, of a script, and the script that an interpreter is given, be it by
// another program. Those with a value of a delivery in their names are none, and no
// name that an interpreter may look up elsewhere. One that is not there may come.
func codeFiles(args []argument, dir string) (files []codeFile) {
	if len(args) == 0 {
		return nil
	}
	files = append(files, interpretersOf(args[0].fixed, 0)...)
	for at, from := 0, 0; ; from = at {
		p, known := programs()[programName(args[from].fixed)]
		if at = operand(&p, args, from); !known || at < 0 {
			return files
		}
		path := args[at].fixed
		whole := filepath.IsAbs(path)
		if !whole {
			path = filepath.Join(dir, path)
		}
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() || err != nil && !whole {
			return files
		}
		files = append(append(files, codeFile{path, at}), interpretersOf(path, at)...)
		if p.kind != anotherProgram {
			return files
		}
	}
}

// operand is the place of the argument that says what the program at args[from] runs;
// -1 where none does.
func operand(p *syntax, args []argument, from int) int {
	r := reader{p: p, skip: p.skip}
	for i := from + 1; i < len(args); i++ {
		switch r.next(args[i]) {
		case badArgument:
			return -1
		case firstOperand:
			if args[i].template != nil || r.coded || r.input || p.kind == filterText {
				return -1
			}
			return i
		}
	}
	return -1
}

// interpretersOf is what the first line of a script names: the program that reads
// it. That is looked at like one that the configuration names.
func interpretersOf(path string, at int) []codeFile {
	name := process.Interpreter(path)
	if name == "" {
		return nil
	}
	return []codeFile{{name, at}}
}

// custody checks the files with code of a command beside its program, and returns all
// that are looked at again whenever it is to run: also those with which something is
// wrong now, since a route stands all the same.
func (c *compiler) custody(path string, args []argument, dir string) *process.Code {
	if len(args) == 0 || args[0].fixed == "" {
		return nil
	}
	files := []string{args[0].fixed}
	fine := !c.has(path)
	for _, f := range codeFiles(args, dir) {
		what := fmt.Sprintf("the script %s of the command", f.path)
		if f.at == 0 {
			what = fmt.Sprintf("the interpreter %s of the command", f.path)
		}
		if _, err := os.Stat(f.path); fine && err == nil {
			c.keepers(fmt.Sprintf("%s[%d]", path, f.at), what, f.path)
		}
		files = append(files, f.path)
	}
	slices.Sort(files)
	return process.NewCode(slices.Compact(files)...)
}
