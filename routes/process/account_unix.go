//go:build unix

package process

import (
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Account is the user that a program runs as. A nil Account is that of this
// process.
type Account struct {
	name, home string
	cred       *syscall.Credential
}

// LookUpAccount finds a user of the system; nil is the user of this process. The
// error is an [*Error].
func LookUpAccount(name string) (*Account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, &Error{"there is no such user", "check the name; id NAME shows whether the system knows it"}
	}
	if uid := os.Geteuid(); uid != 0 {
		if u.Uid == strconv.Itoa(uid) {
			return nil, nil // itself
		}
		return nil, &Error{"only an agent that runs as root can start programs of other users", "leave user out, or run the agent as root"}
	}
	a := &Account{name: u.Username, home: u.HomeDir, cred: &syscall.Credential{}}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	groups, errGroups := u.GroupIds()
	if errUID != nil || errGID != nil || errGroups != nil {
		return nil, &Error{"its numbers cannot be read", "check the user in /etc/passwd and /etc/group"}
	}
	a.cred.Uid, a.cred.Gid = uint32(uid), uint32(gid)
	for _, g := range groups {
		if id, err := strconv.ParseUint(g, 10, 32); err == nil {
			a.cred.Groups = append(a.cred.Groups, uint32(id))
		}
	}
	return a, nil
}

// credential is what the system starts a program with.
func (a *Account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return a.cred
}

// Trust are the users whose programs are as good as its own for what runs as it.
func (a *Account) Trust() []int {
	if a == nil {
		return nil
	}
	return []int{int(a.cred.Uid)}
}

// Folder is the user's home; users of services often have none.
func (a *Account) Folder() string {
	if info, err := os.Stat(a.home); err == nil && info.IsDir() {
		return a.home
	}
	return "/"
}

// Environment returns env with the variables that tell who runs a program telling of
// this user, but for those whose names are in set.
func (a *Account) Environment(env []string, set map[string]string) []string {
	own := map[string]string{"HOME": a.Folder(), "USER": a.name, "LOGNAME": a.name}
	agents := []string{"SHELL", "TMPDIR"} // of the user of this process, and not this one's
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		_, declared := set[name]
		return !declared && (own[name] != "" || slices.Contains(agents, name))
	})
	for _, name := range []string{"HOME", "USER", "LOGNAME"} {
		if _, declared := set[name]; !declared {
			env = append(env, name+"="+own[name])
		}
	}
	return env
}

// own gives a file to the user, who else could not read it.
func (a *Account) own(path string) error {
	if a == nil {
		return nil
	}
	err := os.Lchown(path, int(a.cred.Uid), int(a.cred.Gid))
	if err != nil {
		removeFile(path)
	}
	return err
}
