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
	return os.Getenv("JOURNAL_STREAM") == fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}
