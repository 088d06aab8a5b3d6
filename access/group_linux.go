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

// isOutside reports whether a folder is of the machine around a container, whose
// users have no number in it. They all show as one, and so may a user that the
// container has: then nobody knows whose the folder is, and it is not outside.
func isOutside(uid int) bool { return uid == strangers() }

// strangers is the number that users without one show as; -1 where it may be that
// of a user, too.
var strangers = sync.OnceValue(func() int {
	uids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return -1
	}
	shown, err := os.ReadFile("/proc/sys/kernel/overflowuid")
	if err != nil {
		return -1
	}
	return unmapped(string(uids), string(shown))
})

// unmapped is the number shown if a map of users has none of that number, else -1.
// Each line of a map has the first number here, the first outside, and how many.
func unmapped(uids, shown string) int {
	uid, err := strconv.Atoi(strings.TrimSpace(shown))
	if err != nil {
		return -1
	}
	for line := range strings.Lines(uids) {
		words := strings.Fields(line)
		if len(words) != 3 {
			return -1
		}
		first, err := strconv.Atoi(words[0])
		count, err2 := strconv.Atoi(words[2])
		if err != nil || err2 != nil || uid >= first && uid-first < count {
			return -1
		}
	}
	return uid
}
