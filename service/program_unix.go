//go:build unix

package service

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// volatile are folders whose files the system removes by itself, and in which
// everybody may make some.
var volatile = []string{"/tmp", "/var/tmp", "/dev/shm", "/run"}

// private are folders of people, which the system's service does not see into.
var private = []string{"/home", "/root", "/run/user", "/Users"}

// checkPlace refuses a program that will be gone one day, or that somebody else
// can replace by another: it runs by itself, with all that the service may do.
func (o Options) checkPlace() error {
	for _, dir := range volatile {
		if under(o.Program, dir) {
			return fmt.Errorf("%s is in a folder for temporary files; move the program to where it can stay, such as /usr/local/bin", o.Program)
		}
	}
	for _, dir := range private {
		if o.Scope == System && o.Account == "" && under(o.Program, dir) {
			return fmt.Errorf("%s is in %s, into which the system's service does not see; move the program to where all can read it, such as /usr/local/bin", o.Program, dir)
		}
	}
	for path := o.Program; ; path = filepath.Dir(path) {
		if err := o.unchangeable(path); err != nil {
			return err
		}
		if path == filepath.Dir(path) {
			return nil
		}
	}
}

func under(path, dir string) bool { return strings.HasPrefix(path, dir+"/") }

// unchangeable refuses a path that others may write to than root and, for a
// user's service, that user. A group may, where it is likely the user's own.
func (o Options) unchangeable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("check the program: %w", err)
	}
	loose := fs.FileMode(0o002)
	if o.Scope == System {
		loose = 0o022
	}
	if mode := info.Mode(); mode.Perm()&loose != 0 && mode&fs.ModeSticky == 0 {
		return fmt.Errorf("%s can be changed by others (%#o), and so what the service runs; run: chmod go-w %s", path, mode.Perm(), path)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 || o.Scope == User && int(st.Uid) == os.Geteuid() {
		return nil
	}
	if o.Scope == System && o.Account != "" && ownedBy(st.Uid, o.Account) {
		return nil
	}
	return fmt.Errorf("%s belongs to another user (uid %d), who could change what the service runs; use a program of root's, such as one in /usr/local/bin", path, st.Uid)
}
