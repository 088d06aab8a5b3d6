//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// othersWrite is the permission bit of everyone who is neither owner nor in
// the group. A group may write: many systems give each user a group of one.
const othersWrite = 0o002

// openFile opens path for reading. It does not wait for a writer, as a plain
// open of a named pipe would.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// checkAccess refuses a file that somebody else can change: its contents name
// the commands that the agent runs.
func checkAccess(path string, info fs.FileInfo) *Problem {
	if info.Mode().Perm()&othersWrite != 0 {
		return &Problem{
			File: path, Message: fmt.Sprintf("config can be changed by others (%#o)", info.Mode().Perm()),
			Remedy: "run: chmod 600 " + path,
		}
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && !trusted(st.Uid) {
		return &Problem{
			File: path, Message: fmt.Sprintf("config belongs to another user (uid %d)", st.Uid),
			Remedy: fmt.Sprintf("run as root: chown %d %s", os.Geteuid(), path),
		}
	}
	for _, dir := range foldersOf(path) {
		if p := checkFolder(path, dir); p != nil {
			return p
		}
	}
	return nil
}

// trusted says whether files of that user may tell this process what to do:
// its own and root's. Root itself trusts what an administrator gave it to
// read, as in a container with a file from outside.
func trusted(uid uint32) bool {
	me := os.Geteuid()
	return me == 0 || uid == 0 || int(uid) == me
}

// checkFolder refuses a folder in which somebody else can replace the file.
func checkFolder(path, dir string) *Problem {
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&othersWrite == 0 {
		// A folder that cannot be looked at cannot be blamed either: the file
		// in it has just been opened.
		return nil
	}
	if unix.Access(dir, unix.W_OK) == unix.EROFS {
		// Nobody writes to a read-only mount, whatever the bits say.
		return nil
	}
	return &Problem{
		File: path, Message: fmt.Sprintf("config can be changed by others: its folder %s is open to them (%#o)", dir, info.Mode().Perm()),
		Remedy: "run: chmod o-w " + dir,
	}
}
