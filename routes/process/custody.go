package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"homehook/access"
)

// custody returns why a program is not started whose code others can change. It is
// asked each time: what lay safe when the configuration was loaded may have been
// opened to others since, or begin with the name of another interpreter.
func (o *Order) custody() error {
	rules := access.Rules{Alone: true, Trust: o.Account.Trust()}
	for _, path := range o.Files {
		for _, file := range []string{path, Interpreter(path)} {
			if file == "" {
				continue
			}
			f, err := access.Find(file, rules)
			if err != nil {
				return err
			}
			if f != nil {
				return &Custody{Program: o.Argv[0], Path: file, Finding: *f}
			}
		}
	}
	return nil
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

// Custody is the error for a file with code that others can change.
type Custody struct {
	Program string // that was to start
	Path    string // the file, which may be another one that it needs
	Finding access.Finding
}

var _ error = (*Custody)(nil)

func (c *Custody) Error() string {
	what := "it"
	switch {
	case c.Finding.Folder && c.Path == c.Program:
		what = "its folder " + c.Finding.Path
	case c.Finding.Folder:
		what = "the folder " + c.Finding.Path + " of " + c.Path
	case c.Finding.Path != c.Program:
		what = c.Finding.Path
	}
	as := ""
	if c.Finding.UID >= 0 {
		as = " as root"
	}
	return fmt.Sprintf("%s %s; see that it is what it was, then run%s: %s", what, &c.Finding, as, c.Finding.Remedy())
}
