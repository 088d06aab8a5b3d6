//go:build unix

package relay

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRootLeavesFilesToTheRelay has root make a token in the folder of a relay that
// has a user of its own and has not run yet: that user has to be able to open it.
// Without root the folder is the test's own.
func TestRootLeavesFilesToTheRelay(t *testing.T) {
	dir := t.TempDir()
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 {
		uid, gid = 61002, 61003
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	r := openRelay(t, Options{Data: dir})
	if _, err := r.CreateToken(t.Context(), "me", 1); err != nil {
		t.Fatal(err)
	}
	owned := func() (names int) {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			info, err := os.Lstat(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if st := info.Sys().(*syscall.Stat_t); int(st.Uid) != uid || uid == 61002 && int(st.Gid) != gid {
				t.Errorf("%s belongs to %d:%d", f.Name(), st.Uid, st.Gid)
			}
		}
		return len(files)
	}
	if n := owned(); n < 2 { // the log beside the database
		t.Errorf("%d files", n)
	}
	if err := r.store.save(t.Context(), filepath.Join(dir, "copy")); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	owned()
}
