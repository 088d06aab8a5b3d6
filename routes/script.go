package routes

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"homehook/http1"
)

const (
	scriptTimeout = time.Minute     // unless a route says otherwise
	scriptOutput  = 1 << 20         // bytes of standard output, likewise
	maxErrors     = 64 << 10        // bytes kept of standard error
	scriptGrace   = 5 * time.Second // between the polite end and the other
	scriptLinger  = 2 * time.Second // for output held open behind the script's end
)

// scripter runs a program for each delivery.
type scripter struct {
	command   []string
	dir       string
	spool     string           // folder for header files
	env       []string         // what every run gets
	templates *scriptTemplates // nil for none
	timeout   time.Duration
	output    int
	grace     time.Duration
	linger    time.Duration
	extras
}

var _ handler = (*scripter)(nil)

func (c *compiler) script(path string, s *ScriptSpec, route *Route) *scripter {
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	r := &scripter{
		command: s.Command, dir: cmp.Or(s.Dir, home), spool: spoolFolder(), grace: scriptGrace, linger: scriptLinger,
		timeout: cmp.Or(time.Duration(s.Timeout), scriptTimeout),
		output:  int(cmp.Or(s.Output, scriptOutput)),
	}
	removeLeft(r.spool)
	c.command(path+".command", s.Command)
	if s.Timeout < 0 {
		c.report(path+".timeout", "a timeout cannot be negative", "")
	}
	if s.Output < 0 || s.Output > 1<<30 {
		c.report(path+".output", "the kept output is between 1 byte and 1GiB", "")
	}
	if s.Dir != "" {
		c.folder(path+".dir", s.Dir)
	}
	r.env = c.environment(path+".env", s.Env)
	c.templates(path, s, r, route)
	c.extras(path, s, r)
	return r
}

func (s *scripter) close() {}

// command checks the program and its arguments.
func (c *compiler) command(path string, argv []string) {
	if len(argv) == 0 || argv[0] == "" {
		c.report(path, "the command is missing", `write it as a list: [/home/me/bin/deploy, "--now"]`)
		return
	}
	for i, arg := range argv {
		at := fmt.Sprintf("%s[%d]", path, i)
		if strings.IndexByte(arg, 0) >= 0 {
			c.report(at, "an argument has a NUL byte", "")
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
		c.report(path, fmt.Sprintf("the command %s cannot be found: %s", name, cause(pathCause(err))), "check the path")
		return
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		c.report(path, fmt.Sprintf("the command %s cannot be read: %s", name, pathCause(err)), "check the path")
	case !info.Mode().IsRegular():
		c.report(path, fmt.Sprintf("the command %s is not a file", name), "name the program itself")
	case !isExecutable(info):
		c.report(path, fmt.Sprintf("the command %s is not executable", name), "chmod u+x "+real)
	case isOpenToOthers(info):
		c.report(path, fmt.Sprintf("the command %s can be changed by other users", name), "chmod go-w "+real)
	default:
		c.programFolders(path, name, real)
	}
}

// programFolders refuses folders in which others could put another program in
// the place of this one: that of the link, and that of the file.
func (c *compiler) programFolders(path, name, real string) {
	for _, dir := range []string{filepath.Dir(name), filepath.Dir(real)} {
		info, err := os.Stat(dir)
		if err == nil && isOpenToOthers(info) {
			c.report(path, fmt.Sprintf("the command %s lies in the folder %s, which other users can change", name, dir), "move it, or chmod go-w "+dir)
			return
		}
	}
}

func (c *compiler) folder(path, dir string) {
	info, err := os.Stat(dir)
	switch {
	case !filepath.IsAbs(dir):
		c.report(path, fmt.Sprintf("absolute path needed for the folder %q", dir), "write the whole path")
	case err != nil:
		c.report(path, fmt.Sprintf("the folder %s cannot be found: %s", dir, pathCause(err)), "check the path")
	case !info.IsDir():
		c.report(path, fmt.Sprintf("%s is not a folder", dir), "name a folder")
	}
}

// takeBody brings the request's body as far as a handler wants it before it
// starts: whole, when it is short, else what had to be read to get it going.
func takeBody(b *http1.Request) (whole bool, first []byte, err error) {
	if whole, err = b.Body.Fill(maxWhole); err != nil || whole {
		return whole, nil, err
	}
	first, err = prime(b)
	return false, first, err
}
