//go:build unix

package dbfile

import "golang.org/x/sys/unix"

// Space is how many bytes the file system of dir has free for this user, and
// how many it has in all.
func Space(dir string) (free, total int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	size := int64(s.Bsize)
	return int64(s.Bavail) * size, int64(s.Blocks) * size, nil
}
