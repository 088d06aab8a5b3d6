//go:build unix

package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is a user as which the system's service runs.
type account struct {
	name     string
	uid, gid int
}

// lookUp finds an account; the error wraps fs.ErrNotExist when there is none.
func lookUp(name string) (account, error) {
	u, err := user.Lookup(name)
	if errors.As(err, new(user.UnknownUserError)) {
		return account{}, fmt.Errorf("user %s: %w", name, fs.ErrNotExist)
	}
	if err != nil {
		return account{}, fmt.Errorf("look up user %s: %w", name, err)
	}
	a := account{name: name}
	if a.uid, err = strconv.Atoi(u.Uid); err == nil {
		a.gid, err = strconv.Atoi(u.Gid)
	}
	return a, err
}

// lookUpID finds an account by its number.
func lookUpID(uid int) (account, error) {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return account{}, fmt.Errorf("look up user %d: %w", uid, err)
	}
	return account{name: u.Username, uid: uid}, nil
}

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
	if err := (account{name: systemAccount, uid: nobodyYet}).inherits(o.Paths.State); err != nil {
		return account{}, err
	}
	if err := addAccount(ctx, o.Paths.State); err != nil {
		return account{}, fmt.Errorf("make the account %s: %w", systemAccount, err)
	}
	return lookUp(systemAccount)
}

// ownedBy says whether an account has that id.
func ownedBy(uid uint32, name string) bool {
	a, err := lookUp(name)
	return err == nil && a.uid == int(uid)
}

// needRoot is the error of what only root can do to the system's services.
func needRoot(verb string) error {
	if os.Geteuid() == 0 {
		return nil
	}
	return fmt.Errorf("only root can %s the system's service; run: sudo homehook service %s --system", verb, verb)
}

// emptyConfig begins a configuration that the account may read and only root may
// change: who can change it can have the service run anything.
const emptyConfig = `# Homehook's configuration, for the service of this machine. Edits by hand and by
# the homehook command, run as root with --system, live together here: comments
# stay, and a change takes effect at once. Secrets do not belong in this file.
`

// own makes the folders of p that are missing, and gives them to the account:
// the state wholly, the configuration for reading. The folder of the socket is
// made by the system at each start. It changes nothing where the state has files
// of another account's: the agent would refuse them at every start.
func (a account) own(p Paths) error {
	if err := a.inherits(p.State); err != nil {
		return err
	}
	dir := filepath.Dir(p.Config)
	if err := a.give(dir, 0, 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(p.Config, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = f.WriteString(emptyConfig)
		err = errors.Join(err, f.Close())
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make configuration: %w", err)
	}
	if err := a.mayRead(p.Config); err != nil {
		return err
	}
	return a.give(p.State, a.uid, 0o700)
}

// nobodyYet is the number of an account that is still to be made.
const nobodyYet = -1

// inherits refuses a folder of state in which there is something of another
// account's. What root has put there is left to root.
func (a account) inherits(state string) error {
	all, err := os.ReadDir(state)
	if err != nil {
		return nil // there is none, or it is no folder: told when it is made
	}
	for _, e := range all {
		info, err := e.Info()
		if err != nil {
			continue // it is gone
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok || st.Uid == 0 || int(st.Uid) == a.uid {
			continue
		}
		return a.refuseState(state, e.Name(), int(st.Uid))
	}
	return nil
}

// refuseState is the error for a file of another account's in the state.
func (a account) refuseState(state, file string, uid int) error {
	keep, whose := "move the folder away", fmt.Sprintf("uid %d", uid)
	if other, err := lookUpID(uid); err == nil {
		whose = "user " + other.name
		keep = fmt.Sprintf("keep that account: homehook service install --system --account %s", other.name)
	}
	if a.uid == nobodyYet {
		return refuse("%s belongs to %s, and the service is to run as %s; %s", filepath.Join(state, file), whose, a.name, keep)
	}
	return refuse("%s belongs to %s, and the service is to run as %s; %s, or hand it all over: homehook service stop --system && chown -hR %s: %s", filepath.Join(state, file), whose, a.name, keep, a.name, state)
}

// mayRead gives a file to the account's group for reading, unless the account
// is its owner.
func (a account) mayRead(path string) error {
	// The folder is root's, so nobody can put a link there in the meantime.
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return err // a link is an administrator's, who knows where it leads
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) == a.uid {
		return nil
	}
	err = errors.Join(os.Chown(path, -1, a.gid), os.Chmod(path, info.Mode().Perm()&0o640|0o040))
	if err != nil {
		return fmt.Errorf("let %s read the configuration: %w", a.name, err)
	}
	return nil
}

// give makes a folder, or changes the owner and the mode of the one that is
// there.
func (a account) give(dir string, uid int, mode fs.FileMode) error {
	if err := os.MkdirAll(dir, mode); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	// Nobody but root may have been able to put something else there.
	info, err := os.Lstat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder; move it away", dir)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(os.Lchown(dir, uid, a.gid), os.Chmod(dir, mode)); err != nil {
		return fmt.Errorf("give folder to %s: %w", a.name, err)
	}
	return nil
}
