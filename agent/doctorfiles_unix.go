//go:build unix

package agent

import (
	"io/fs"
	"os"
	"syscall"
)

// isForeign reports whether a folder belongs to somebody else than this user. For
// root, who looks at the agents of others, none does.
func isForeign(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && os.Geteuid() != 0 && int(st.Uid) != os.Geteuid()
}
