package service

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// check refuses options of which no service can be installed that runs for
// years.
func (o Options) check() error {
	if o.Scope == User && os.Geteuid() == 0 {
		return errors.New("this is root, whose scripts would run as root; run it as the user whose service it is, without sudo, or install the system's service: homehook service install --system")
	}
	if o.Scope == System && o.Account == "root" {
		return errors.New("the service does not run as root, since its scripts would, too; name another account, or none for one of its own")
	}
	return o.checkProgram()
}

// checkProgram refuses a program that a service cannot name, or should not run.
func (o Options) checkProgram() error {
	if !filepath.IsAbs(o.Program) {
		return fmt.Errorf("the program %s has no absolute path; a service has no current folder", o.Program)
	}
	// Definitions of services have no way, or each another one, to write these.
	if strings.ContainsFunc(o.Program, unicode.IsControl) || strings.ContainsAny(o.Program, `"{}`) {
		return fmt.Errorf("the path %q has characters in it that no definition of a service can hold; move the program", o.Program)
	}
	info, err := os.Stat(o.Program)
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no program", o.Program)
	}
	return o.checkPlace()
}
