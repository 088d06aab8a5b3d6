//go:build unix

package access

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLikeFolder has root make a file in another user's folder, and anybody one in
// a folder of theirs.
func TestLikeFolder(t *testing.T) {
	owner := os.Geteuid()
	dir := t.TempDir()
	if owner == 0 {
		owner = 61002
		if err := os.Chown(dir, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Create(filepath.Join(dir, "new"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := LikeFolder(f); err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || ownerOf(info) != owner {
		t.Errorf("the file belongs to uid %d (%v), the folder to %d", ownerOf(info), err, owner)
	}
}
