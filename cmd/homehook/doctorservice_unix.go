//go:build unix

package main

import (
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

// readableBy reports whether a user may read a file, as far as its mode says. One
// that cannot be looked at counts as readable, as does one that is not there.
func readableBy(path, name string) bool {
	u, err := user.Lookup(name)
	if err != nil {
		return true
	}
	info, err := os.Stat(path)
	if err != nil {
		return true
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || u.Uid == "0" {
		return true
	}
	groups, err := u.GroupIds()
	if err != nil {
		groups = []string{u.Gid}
	}
	switch {
	case u.Uid == strconv.Itoa(int(st.Uid)):
		return info.Mode()&0o400 != 0
	case slices.Contains(groups, strconv.Itoa(int(st.Gid))):
		return info.Mode()&0o040 != 0
	}
	return info.Mode()&0o004 != 0
}
