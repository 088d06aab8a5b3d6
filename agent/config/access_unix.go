//go:build unix

package config

import (
	"fmt"
	"os"
	"syscall"

	"homehook/access"
)

// openFile opens path for reading. It does not wait for a writer, as a plain
// open of a named pipe would.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// checkAccess refuses a file that somebody else can change: its contents name the
// commands that the agent runs. With obey they are for this process to run. Without,
// root may look at, and edit, what is another user's.
func checkAccess(path string, obey bool) *Problem {
	f, err := access.Find(path, access.Rules{Anyone: !obey && os.Geteuid() == 0})
	switch {
	case err != nil:
		return &Problem{File: path, Message: fmt.Sprintf("config cannot be looked at: %v", err), Remedy: "check the path", Passing: true}
	case f == nil:
		return nil
	case f.UID >= 0 && !f.Folder:
		return &Problem{File: path, Message: fmt.Sprintf("config %s", f), Remedy: "run as root: " + f.Remedy()}
	case f.UID >= 0:
		return &Problem{
			File: path, Message: fmt.Sprintf("config can be changed by others: its folder %s %s", f.Path, f),
			Remedy: "move it, or run as root: " + f.Remedy(),
		}
	case f.Folder:
		return &Problem{
			File: path, Message: fmt.Sprintf("config can be changed by others: its folder %s is open to them (%#o)", f.Path, f.Mode.Perm()),
			Remedy: "run: " + f.Remedy(),
		}
	case f.Listed:
		return &Problem{File: path, Message: fmt.Sprintf("config %s", f), Remedy: "run: " + f.Remedy()}
	}
	return &Problem{File: path, Message: fmt.Sprintf("config %s", f), Remedy: "run: chmod 600 " + path}
}
