package agent

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"homehook/routes"
)

// scripts compiles each route that runs one anew: the files may have changed
// since the configuration was loaded.
func (d *doctor) scripts() {
	if d.unconfigured(checkScripts) {
		return
	}
	count, before := 0, len(d.found)
	for _, s := range d.config.Routes {
		runs := 0
		for _, h := range handlersOf(&s) {
			if h.Script != nil || h.CGI != nil {
				runs++
			}
		}
		if count += runs; runs > 0 {
			d.scriptsOf(&s)
		}
	}
	switch {
	case count == 0:
		d.ok(checkScripts, "", "no route runs one")
	case len(d.found) == before:
		d.ok(checkScripts, "", fmt.Sprintf("all can be run: %d", count))
	}
}

// scriptsOf looks at those of one route.
func (d *doctor) scriptsOf(s *routes.Spec) {
	table, problems := routes.Compile([]routes.Spec{*s})
	if table != nil {
		table.Close()
	}
	for _, p := range problems {
		d.problem(checkScripts, s.Name, fmt.Sprintf("route %q: %s", s.Name, p.Message), p.Remedy)
	}
	if len(problems) > 0 {
		return
	}
	d.found = append(d.found, programFindings(s, new(digests))...)
	for _, h := range handlersOf(s) {
		if text, remedy := startable(startOf(&h)); text != "" {
			d.problem(checkScripts, s.Name, fmt.Sprintf("route %q: %s", s.Name, text), remedy)
		}
	}
}

// start is how a handler starts a program.
type start struct {
	name  string // "" for none
	other bool   // another user runs it
	path  bool   // the route says where programs are looked for
}

// startOf is how a handler starts its program.
func startOf(h *routes.HandlerSpec) start {
	switch {
	case h.Script != nil && len(h.Script.Command) > 0:
		return start{h.Script.Command[0], h.Script.User != "", h.Script.Env["PATH"] != ""}
	case h.CGI != nil:
		return start{h.CGI.Program, false, h.CGI.Env["PATH"] != ""}
	}
	return start{}
}

// startable says why the system will not start a program that looks good from
// outside; "" if nothing is known of that.
func startable(s start) (text, remedy string) {
	name := s.name
	if name == "" || runtime.GOOS == "windows" {
		return "", ""
	}
	if !s.other && !mayRun(name) {
		return fmt.Sprintf("the command %s is executable, but not by the user who runs the agent", name), "run: chmod a+rx " + name
	}
	line, args := shebang(name)
	switch {
	case line == "":
		return "", ""
	case strings.HasSuffix(line, "\r"):
		return fmt.Sprintf("the first line of %s ends as lines do on Windows, so its interpreter is not found", name), "write it with Unix line ends: sed -i 's/\\r$//' " + name
	case len(args) == 0:
		return fmt.Sprintf("the first line of %s names no interpreter", name), "write one there, such as #!/bin/sh"
	}
	interpreter := args[0]
	if _, err := os.Stat(interpreter); err != nil {
		return fmt.Sprintf("%s is run by %s, which is not there", name, interpreter), "install it, or name another interpreter in the first line of " + name
	}
	if !s.path && filepath.Base(interpreter) == "env" && len(args) == 2 && !strings.ContainsAny(args[1], "=/") && args[1][0] != '-' {
		if _, err := exec.LookPath(args[1]); err != nil {
			return fmt.Sprintf("%s is run by %s, which is in no folder of the agent's PATH", name, args[1]), "install it, or name it with its whole path in the first line of " + name
		}
	}
	return "", ""
}

// shebang is the first line of a script and what it names, "" for other programs
// and for those that may be run but not be read.
func shebang(name string) (line string, args []string) {
	f, err := os.OpenFile(name, os.O_RDONLY|noWait, 0)
	if err != nil {
		return "", nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", nil
	}
	head := make([]byte, 256)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", nil
	}
	line, _, _ = strings.Cut(string(head[:n]), "\n")
	rest, ok := strings.CutPrefix(line, "#!")
	if !ok {
		return "", nil
	}
	return line, strings.Fields(rest)
}
