//go:build unix

package service

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// noFollow keeps a link from being followed, and a pipe from being waited for.
const noFollow = unix.O_NOFOLLOW | unix.O_NONBLOCK

// closeFile takes all rights from others.
func closeFile(f *os.File) error { return f.Chmod(0o600) }

// checkOwner refuses a file in a folder of another user than the file's, and one
// that has another name: it may be somebody else's, who does not know of this one.
func checkOwner(f *os.File, dir string) error {
	file, err := f.Stat()
	if err != nil {
		return err
	}
	folder, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := file.Sys().(*syscall.Stat_t)
	in, ok2 := folder.Sys().(*syscall.Stat_t)
	switch {
	case !ok || !ok2:
	case st.Uid != in.Uid:
		return fmt.Errorf("%s belongs to uid %d, and its folder to uid %d; remove it", f.Name(), st.Uid, in.Uid)
	case st.Nlink > 1:
		return fmt.Errorf("%s has another name elsewhere; remove it", f.Name())
	}
	return nil
}
