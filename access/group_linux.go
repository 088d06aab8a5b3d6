package access

import (
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// private reports whether a group has no members but a user and root. It is of the
// user's name or number, or root's own: the members of others may be listed
// elsewhere than in the files of this machine.
func private(uid, gid int) bool {
	users, groups := table("/etc/passwd"), table("/etc/group")
	owner, name := "", ""
	for _, u := range users {
		if len(u) > 3 && u[2] == strconv.Itoa(uid) {
			owner = u[0]
		}
	}
	for _, u := range users {
		if len(u) > 3 && u[3] == strconv.Itoa(gid) && u[0] != owner && u[2] != "0" {
			return false
		}
	}
	for _, g := range groups {
		if len(g) < 4 || g[2] != strconv.Itoa(gid) {
			continue
		}
		name = g[0]
		for member := range strings.SplitSeq(g[3], ",") {
			if member != "" && member != owner && member != "root" {
				return false
			}
		}
	}
	return gid == 0 || gid == uid || name != "" && name == owner
}

// table reads a file of lines of fields with colons between them. One that cannot
// be read has none.
func table(path string) (lines [][]string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		lines = append(lines, strings.Split(strings.TrimRight(line, "\r\n"), ":"))
	}
	return lines
}

// isListed reports whether a file has an access list, of which the bits of its group
// are only a summary.
func isListed(path string) bool {
	n, err := unix.Getxattr(path, "system.posix_acl_access", nil)
	return err == nil && n > 0
}

// overflow is whose files those are that belong to a user of another namespace.
const overflow = 65534

// isOutside reports whether a folder is of the machine around a container, whose
// users have no number in it.
func isOutside(uid int) bool { return uid == overflow && inNamespace() }

// inNamespace reports whether this process sees some users of the machine only.
var inNamespace = sync.OnceValue(func() bool {
	text, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(text)), " ") != "0 0 4294967295"
})
