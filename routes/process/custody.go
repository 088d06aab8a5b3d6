package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"homehook/access"
)

// Code are the files with the code of a program: itself, what it is given to run. It
// is safe for concurrent use; a nil Code is looked at by nobody.
type Code struct{ files []*codeFile }

// codeFile is one of them, and what reads it.
type codeFile struct {
	path string

	mu          sync.Mutex
	state       fileState // of the file when its first line was read
	interpreter string
	checked     time.Time // when the interpreter was in nobody else's hands
}

// NewCode makes a Code of files, by their whole paths.
func NewCode(paths ...string) *Code {
	c := &Code{}
	for _, path := range paths {
		c.files = append(c.files, &codeFile{path: path})
	}
	return c
}

// interpreterAge is how long it counts that an interpreter is in nobody else's hands:
// it lies with the system's programs, and far down.
const interpreterAge = time.Second

// custody returns why a program is not started whose code others can change. It is
// asked each time: what lay safe when the configuration was loaded may have been
// opened to others since, or begin with the name of another interpreter.
func (o *Order) custody() error {
	if o.Code == nil {
		return nil
	}
	rules := access.Rules{Alone: true, Trust: o.Account.Trust()}
	for _, file := range o.Code.files {
		if err := o.held(file.path, rules); err != nil {
			return err
		}
		name, known := file.reader()
		if name == "" || known {
			continue
		}
		if err := o.held(name, rules); err != nil {
			return err
		}
		file.mu.Lock()
		file.checked = time.Now()
		file.mu.Unlock()
	}
	return nil
}

// held returns in whose hands a file is, if not in those of the rules alone.
func (o *Order) held(path string, rules access.Rules) error {
	f, err := access.Find(path, rules)
	if err != nil || f == nil {
		return err
	}
	return &custodyError{program: o.Argv[0], path: path, finding: *f}
}

// reader is the interpreter of a file as it is now, and whether that was looked at a
// moment ago.
func (f *codeFile) reader() (name string, known bool) {
	state, _, err := stateOf(f.path)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil || state == (fileState{}) || state != f.state {
		f.state, f.interpreter, f.checked = state, Interpreter(f.path), time.Time{}
	}
	return f.interpreter, time.Since(f.checked) < interpreterAge
}

// Interpreter is the program that the first line of a script names by its whole path,
// "" for other programs and for one that cannot be read.
func Interpreter(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 256) // more of it no system reads
	n, _ := f.Read(head)
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	rest, script := strings.CutPrefix(line, "#!")
	words := strings.Fields(rest)
	if !script || len(words) == 0 || !filepath.IsAbs(words[0]) {
		return ""
	}
	return words[0]
}

// custodyError is the error for a file with code that others can change.
type custodyError struct {
	program string // that was to start
	path    string // the file, which may be another one that it needs
	finding access.Finding
}

var _ error = (*custodyError)(nil)

func (c *custodyError) Error() string {
	what := "it"
	switch {
	case c.finding.Folder && c.path == c.program:
		what = "its folder " + c.finding.Path
	case c.finding.Folder:
		what = "the folder " + c.finding.Path + " of " + c.path
	case c.finding.Path != c.program:
		what = c.finding.Path
	}
	as := ""
	if c.finding.UID >= 0 {
		as = " as root"
	}
	return fmt.Sprintf("%s %s; see that it is what it was, then run%s: %s", what, &c.finding, as, c.finding.Remedy())
}
