//go:build unix

package routes

import (
	"os"
	"os/user"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// account is the user that a script runs as. A nil account is the agent's own.
type account struct {
	name, home string
	cred       *syscall.Credential
}

// lookUpAccount finds a user of the system. The error is a mistake in what was
// asked for.
func lookUpAccount(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, mistaken("check the name; id NAME shows whether the system knows it", "there is no such user")
	}
	if uid := os.Geteuid(); uid != 0 {
		if u.Uid == strconv.Itoa(uid) {
			return nil, nil // itself
		}
		return nil, mistaken("leave user out, or run the agent as root", "only an agent that runs as root can start programs of other users")
	}
	a := &account{name: u.Username, home: u.HomeDir, cred: &syscall.Credential{}}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	groups, errGroups := u.GroupIds()
	if errUID != nil || errGID != nil || errGroups != nil {
		return nil, mistaken("check the user in /etc/passwd and /etc/group", "its numbers cannot be read")
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
func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return a.cred
}

// id is the number of the user.
func (a *account) id() int {
	if a == nil {
		return os.Geteuid()
	}
	return int(a.cred.Uid)
}

// folder is the user's home; users of services often have none.
func (a *account) folder() string {
	if info, err := os.Stat(a.home); err == nil && info.IsDir() {
		return a.home
	}
	return "/"
}

// environment makes the variables that tell who runs a script tell of this user,
// but for those that the configuration sets.
func (a *account) environment(env []string, set map[string]string) []string {
	own := map[string]string{"HOME": a.folder(), "USER": a.name, "LOGNAME": a.name}
	agents := []string{"SHELL", "TMPDIR"} // of the agent's user, and not this one's
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
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	err := os.Lchown(path, int(a.cred.Uid), int(a.cred.Gid))
	if err != nil {
		removeFile(path)
	}
	return err
}

// sharedSpool is spoolFolder for files of other users: the folder that is this
// user's alone would hide them.
func sharedSpool() string {
	if runtime.GOOS == "linux" && unix.Access("/dev/shm", unix.W_OK|unix.X_OK) == nil {
		return "/dev/shm"
	}
	return "/tmp"
}
