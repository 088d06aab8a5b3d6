// Package access says who else could change a file: by its owner and its mode, and
// by those of each folder and symbolic link on the way to it. [Mine] is for what a
// program has made for itself, [Find] for what tells it what to do, such as its
// configuration and the programs that it starts.
//
// It only looks. What is found in a folder that others can change may be another
// thing a moment later, so that such a folder is a finding itself. On Windows, where
// the access lists of the user's folders do this work, nothing is looked at.
package access

import (
	"fmt"
	"io/fs"
)

// Refusal is the error for a file that is not as it has to be, and stays so until
// somebody changes it: of another user, or a link. It says what to do.
type Refusal string

var _ error = Refusal("")

func (r Refusal) Error() string { return string(r) }

// Refuse makes a [Refusal].
func Refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

// Finding is one way for others to change what a path leads to.
type Finding struct {
	Path   string      // the file, link or folder that is in their hands
	Folder bool        // it is a folder on the way
	Mode   fs.FileMode // its permissions
	UID    int         // whose it is, where that is what is wrong; -1 where the mode is
	Listed bool        // an access list says so, and not the mode alone
}

// String says what is wrong, without the path.
func (f *Finding) String() string {
	switch {
	case f.UID >= 0:
		return fmt.Sprintf("belongs to another user (uid %d)", f.UID)
	case f.Listed:
		return "can be changed by others (by its access list)"
	}
	return fmt.Sprintf("can be changed by others (%#o)", f.Mode.Perm())
}

// Remedy is a command that puts it right, to be run by its owner, or for what
// belongs to another by root.
func (f *Finding) Remedy() string {
	switch {
	case f.UID >= 0:
		return fmt.Sprintf("chown %d %s", self(), f.Path)
	case f.Listed:
		return "setfacl -b " + f.Path
	}
	return "chmod go-w " + f.Path
}

// Rules are how strict [Find] is.
type Rules struct {
	// Trust are users whose files are as good as those of root and of this
	// process's own user.
	Trust []int

	// Anyone leaves aside whose the files are: their modes alone count.
	Anyone bool

	// Alone refuses a file, and a folder that holds it or a link to it, that its
	// group may write to, whoever is in that. Elsewhere, and without it, a group
	// may write in which there is nobody but the owner: many systems give each
	// user one, and have it write to all that the user makes.
	Alone bool
}
