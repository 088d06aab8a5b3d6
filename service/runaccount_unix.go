//go:build unix

package service

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// basePath is where programs are looked for by scripts of a service that was
// given no PATH.
const basePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Become gives the folders of p to an account and makes this process one of
// that account's, for managers that start all services as root. It leaves the
// session of whoever started it. It does nothing when the process is the
// account's already.
func Become(name string, p Paths) error {
	a, err := lookUp(name)
	if err != nil {
		return err
	}
	if a.uid == 0 {
		return errors.New("the service does not run as root, since its scripts would, too")
	}
	if os.Geteuid() == a.uid {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root can run the service as %s", name)
	}
	_, _ = unix.Setsid() // not possible, nor needed, for the first of a group
	unix.Umask(0o077)
	if err := a.own(p); err != nil {
		return err
	}
	// Folders for what runs are made anew at each start of the machine.
	if err := a.give(p.Runtime, a.uid, 0o700); err != nil {
		return err
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("leave folder: %w", err)
	}
	return a.enter()
}

// enter makes all threads of this process the account's, for good.
func (a account) enter() error {
	u, err := user.Lookup(a.name)
	if err != nil {
		return fmt.Errorf("look up user %s: %w", a.name, err)
	}
	ids, err := u.GroupIds()
	if err != nil {
		return fmt.Errorf("find groups of %s: %w", a.name, err)
	}
	groups := []int{a.gid}
	for _, id := range ids {
		if gid, err := strconv.Atoi(id); err == nil && gid != a.gid {
			groups = append(groups, gid)
		}
	}
	if err := errors.Join(syscall.Setgroups(groups), syscall.Setgid(a.gid), syscall.Setuid(a.uid)); err != nil {
		return fmt.Errorf("become %s: %w", a.name, err)
	}
	for name, value := range map[string]string{"HOME": u.HomeDir, "USER": a.name, "LOGNAME": a.name, "PATH": basePath} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}
