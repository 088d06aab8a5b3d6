//go:build unix

package service

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"homehook/access"
)

// socketPath is the socket's path in the runtime folder.
func socketPath(p Paths) string { return filepath.Join(p.Runtime, "homehook.sock") }

// createFolder makes dir and the folders above it that are missing.
func createFolder(dir string) error { return os.MkdirAll(dir, 0o700) }

// checkFolder checks owner and mode of a folder.
func checkFolder(dir string, info fs.FileInfo, private bool) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	// The folder of the configuration may be an administrator's, and root may
	// be given a user's: the configuration itself is checked when it is read.
	me := os.Geteuid()
	others := ok && int(st.Uid) != me
	if !private && (me == 0 || ok && st.Uid == 0) {
		others = false
	}
	if others {
		return refuse("folder %s belongs to another user (uid %d, this is uid %d); run as that user, or give it away with: chown %d %s", dir, st.Uid, me, me, dir)
	}
	mode := info.Mode().Perm()
	// The folder of the configuration may be a group's, as where a user's own
	// group may write to all that the user makes; it holds no secrets.
	loose := fs.FileMode(0o002)
	if private {
		loose = 0o022
	}
	if mode&loose != 0 {
		return refuse("folder %s can be changed by others (%#o); run: chmod 700 %s", dir, mode, dir)
	}
	if private && mode&0o077 != 0 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("close folder: %w", err)
		}
	}
	if !private {
		return nil // the way there is looked at when the configuration is read
	}
	return checkWay(dir)
}

// checkWay refuses a folder in whose place others could put another one: by a folder
// above it. Root may be given a folder in a user's.
func checkWay(dir string) error {
	f, err := access.Find(dir, access.Rules{Anyone: os.Geteuid() == 0})
	if err != nil {
		return fmt.Errorf("check folder: %w", err)
	}
	if f == nil {
		return nil
	}
	return refuse("folder %s can be exchanged by others: %s %s; run: %s", dir, f.Path, f, f.Remedy())
}

// Foreign says whether the folder of state is another user's, as that of the
// system's service is to root.
func (p Paths) Foreign() bool {
	info, err := os.Lstat(p.State)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) != os.Geteuid()
}
