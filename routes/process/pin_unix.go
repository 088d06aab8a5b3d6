//go:build unix

package process

import (
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// fileState is what changes when a file does, or when another takes its place.
// The time of its last change of any kind cannot be set by a program.
type fileState struct {
	dev, inode     uint64
	size           int64
	mtime, changed int64 // in nanoseconds
}

// stateOf returns the state of a file, and when it changed last.
func stateOf(path string) (fileState, time.Time, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return fileState{}, time.Time{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	changed := st.Ctim.Nano()
	return fileState{uint64(st.Dev), uint64(st.Ino), st.Size, st.Mtim.Nano(), changed}, time.Unix(0, changed), nil
}
