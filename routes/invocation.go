package routes

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"homehook/routes/process"
)

// invocation is what one run of a script gets of its delivery besides the body.
type invocation struct {
	command []string
	env     []string
	fields  []header // of the answer
	files   []string // paths, to be removed when the script has ended
}

// argument is an argument of a script, or the value of a variable.
type argument struct {
	text
	name   string // of the variable; empty for an argument
	source string // of an argument, as it is configured
	begins bool   // with an expression, whose value may look like an option
}

// maxArgument is how long an argument or a variable may be: Linux has room for
// 128 KiB with its end, Windows for 32,767 characters in all.
func maxArgument() int {
	if runtime.GOOS == "windows" {
		return 30_000
	}
	return 128<<10 - 1
}

// give fills in what the script gets of a delivery. The caller removes the files
// once the script has ended; there are none with a fault.
func (s *scripter) give(d *Delivery) (in *invocation, why *fault) {
	in = &invocation{command: s.command, env: s.env}
	if s.templates == nil {
		return in, nil
	}
	defer func() {
		if why != nil {
			in.remove()
		}
	}()
	if in.command, why = s.arguments(d); why != nil {
		return in, why
	}
	if why = in.variables(s.templates.env, d); why != nil {
		return in, why
	}
	if why = in.writeFiles(s.spool, s.templates.files, d, s.as); why != nil {
		return in, why
	}
	in.fields, why = fillHeaders(s.templates.fields, d)
	return in, why
}

// arguments fills the arguments in. One expression stays in its argument,
// whatever is in it. A value that looks like an option is none of the user's: it
// is refused unless a literal "--" before it has ended the options.
func (s *scripter) arguments(d *Delivery) ([]string, *fault) {
	command := slices.Clone(s.command)
	ended := false
	for i, a := range s.templates.arguments {
		if a.template == nil {
			ended = ended || i > 0 && a.fixed == "--"
			continue
		}
		value, _, err := a.fill(d)
		at := fmt.Sprintf("argument %d", i)
		if err != nil {
			return nil, unfit("%s cannot be filled in: %w", at, err)
		} else if why := fits(at, value); why != nil {
			return nil, why
		}
		if a.begins && !ended && strings.HasPrefix(value, "-") {
			return nil, unfit("%s begins with a value that begins with a hyphen, which the program would take for an option: put -- before it in the command, or its option before it as in --name={…}", at)
		}
		command[i] = value
	}
	return command, nil
}

// fits refuses what no system hands to a program.
func fits(what, value string) *fault {
	if strings.IndexByte(value, 0) >= 0 {
		return unfit("the value for %s has a NUL byte, which nothing that is handed to a program may have", what)
	}
	if most := maxArgument(); len(value) > most {
		return unfit("the value for %s has %d bytes, and a program is handed %d at most: use standard input or files", what, len(value), most)
	}
	return nil
}

// variables adds the variables whose values are templates. One that comes to
// nothing is not set.
func (in *invocation) variables(set []argument, d *Delivery) *fault {
	in.env = slices.Clone(in.env)
	for _, v := range set {
		value, missing, err := v.fill(d)
		if err != nil {
			return unfit("the variable %s cannot be filled in: %w", v.name, err)
		} else if missing {
			continue
		} else if why := fits("the variable "+v.name, value); why != nil {
			return why
		}
		in.env = append(in.env, v.name+"="+value)
	}
	return nil
}

// writeFiles writes each value into a file that only the user of the script can
// read, and names it in its variable. The name of the file has nothing of the delivery.
func (in *invocation) writeFiles(dir string, set []argument, d *Delivery, as *process.Account) *fault {
	for _, f := range set {
		value, missing, err := f.fill(d)
		if err != nil {
			return unfit("the file for %s cannot be filled in: %w", f.name, err)
		} else if missing {
			continue
		}
		path, err := process.WriteFile(dir, valuePrefix, []byte(value), as)
		if err != nil {
			return &fault{500, "the script could not be started", fmt.Errorf("write the file for %s: %w", f.name, err), FailedScript}
		}
		in.files = append(in.files, path)
		in.env = append(in.env, f.name+"="+path)
	}
	return nil
}

// remove removes the files.
func (in *invocation) remove() {
	for _, path := range in.files {
		process.RemoveFile(path)
	}
}

// valuePrefix begins the name of each file with a value; the number of the agent
// that wrote it follows.
const valuePrefix = "homehook-value-"
