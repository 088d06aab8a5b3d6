package access

import (
	"encoding/binary"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFindAccessList has a file that its mode gives to the owner's own group, and
// its access list to a stranger.
func TestFindAccessList(t *testing.T) {
	dir := resolved(t)
	place(t, dir, "x 600")
	path := filepath.Join(dir, "x")
	const everyone = 1<<32 - 1
	list := binary.LittleEndian.AppendUint32(nil, 2) // the version
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{{1, 6, everyone}, {2, 6, stranger}, {4, 0, everyone}, {0x10, 6, everyone}, {0x20, 0, everyone}} {
		list = binary.LittleEndian.AppendUint16(list, e.tag)
		list = binary.LittleEndian.AppendUint16(list, e.perm)
		list = binary.LittleEndian.AppendUint32(list, e.id)
	}
	if err := unix.Setxattr(path, "system.posix_acl_access", list, 0); err != nil {
		t.Skipf("this file system has no access lists: %v", err)
	}
	f, err := Find(path, Rules{})
	if err != nil || f == nil || !f.Listed || f.String() != "can be changed by others (by its access list)" || f.Remedy() != "setfacl -b "+path {
		t.Errorf("found %v, %v", f, err)
	}
}
