package process

import (
	"fmt"

	"homehook/access"
)

// custody returns why a program is not started whose code others can change. It is
// asked each time: what lay safe when the configuration was loaded may have been
// opened to others since.
func (o *Order) custody() error {
	rules := access.Rules{Alone: true, Trust: o.Account.Trust()}
	for _, path := range o.Files {
		f, err := access.Find(path, rules)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		return &Custody{Program: o.Argv[0], Path: path, Finding: *f}
	}
	return nil
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
