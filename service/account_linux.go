package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
)

// makeAccount finds the account of a system service. That of its own it makes
// when there is none; one that was asked for has to be there.
func (o Options) makeAccount(ctx context.Context) (account, error) {
	a, err := lookUp(o.account())
	if !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	if o.Account != "" && o.Account != systemAccount {
		return account{}, fmt.Errorf("there is no user %s; make it, or leave --account out for an account of the service's own", o.Account)
	}
	home := o.Paths.State
	if err := (account{name: systemAccount, uid: nobodyYet}).inherits(home); err != nil {
		return account{}, err
	}
	commands := [][]string{{
		"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", home,
		"--shell", "/usr/sbin/nologin", "--comment", "Homehook", systemAccount,
	}}
	if _, err := exec.LookPath("useradd"); err != nil { // as where BusyBox has the tools
		commands = [][]string{
			{"addgroup", "-S", systemAccount},
			{"adduser", "-S", "-D", "-H", "-h", home, "-s", "/sbin/nologin", "-g", "Homehook", "-G", systemAccount, systemAccount},
		}
	}
	for _, c := range commands {
		if out, err := exec.CommandContext(ctx, c[0], c[1:]...).CombinedOutput(); err != nil {
			return account{}, fmt.Errorf("make the account %s: %s: %w: %s", systemAccount, c[0], err, strings.TrimSpace(string(out)))
		}
	}
	return lookUp(systemAccount)
}
