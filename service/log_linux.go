package service

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// journaled reports whether stderr goes to the journal. The variable alone does
// not tell: a program may have sent its stderr elsewhere since.
func journaled() bool {
	var st unix.Stat_t
	if err := unix.Fstat(int(os.Stderr.Fd()), &st); err != nil {
		return false
	}
	return os.Getenv("JOURNAL_STREAM") == formatStream(st.Dev, st.Ino)
}

// formatStream is a file as the variable tells of it.
func formatStream(device, inode uint64) string { return fmt.Sprintf("%d:%d", device, inode) }
