package routes

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// command checks the program and its arguments.
func (c *compiler) command(path string, argv []string) {
	if len(argv) == 0 || argv[0] == "" {
		c.report(path, "the command is missing", `write it as a list: [/home/me/bin/deploy, "--now"]`)
		return
	}
	for i, arg := range argv {
		at := fmt.Sprintf("%s[%d]", path, i)
		if strings.IndexByte(arg, 0) >= 0 {
			c.report(at, "an argument has a NUL byte", "leave the byte out")
		}
	}
	c.program(path+"[0]", argv[0])
}

// program checks the file that is to be run.
func (c *compiler) program(path, name string) {
	if !filepath.IsAbs(name) {
		c.report(path, fmt.Sprintf("absolute path needed for the command %q", name), "write the whole path, so that no folder can slip in another program")
		return
	}
	if message := badProgramName(name); message != "" {
		c.report(path, message, "write the file's own name")
		return
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		c.passing(path, fmt.Sprintf("the command %s cannot be found: %s", name, cause(pathCause(err))), "check the path")
		return
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		c.passing(path, fmt.Sprintf("the command %s cannot be read: %s", name, pathCause(err)), "check the path")
	case !info.Mode().IsRegular():
		c.passing(path, fmt.Sprintf("the command %s is not a file", name), "name the program itself")
	case !isExecutable(info):
		c.passing(path, fmt.Sprintf("the command %s is not executable", name), "chmod u+x "+real)
	default:
		c.keepers(path, "the command "+name, name)
	}
}

func (c *compiler) folder(path, dir string) {
	info, err := os.Stat(dir)
	switch {
	case !filepath.IsAbs(dir):
		c.report(path, fmt.Sprintf("absolute path needed for the folder %q", dir), "write the whole path")
	case err != nil:
		c.passing(path, fmt.Sprintf("the folder %s cannot be found: %s", dir, pathCause(err)), "check the path")
	case !info.IsDir():
		c.passing(path, fmt.Sprintf("%s is not a folder", dir), "name a folder")
	}
}

// scriptFile looks into the program of a script that is fine from outside.
func (c *compiler) scriptFile(path string, s *ScriptSpec) {
	if len(s.Command) == 0 || c.has(path+".command") {
		return
	}
	name := s.Command[0]
	if head, ok := firstBytes(name); ok && !canStart(head) {
		c.passing(path+".command[0]", fmt.Sprintf("the command %s is neither a program of this kind of system nor a script that names its interpreter", name),
			"give it a first line such as #!/bin/sh")
	}
}

// firstBytes reads the beginning of a program. One that may be run but not be
// read is not looked into.
func firstBytes(name string) (head []byte, ok bool) {
	f, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	head = make([]byte, 4)
	n, err := io.ReadFull(f, head)
	return head[:n], err == nil || err == io.EOF || err == io.ErrUnexpectedEOF
}
