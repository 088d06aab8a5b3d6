package service

import (
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

// own makes the folders of the machine's service and gives them to its account:
// the state wholly, the configuration for reading. Others than administrators
// get nothing.
func (s *scm) own() error {
	sid, err := accountSID(s.account)
	if err != nil {
		return err
	}
	p := s.o.Paths
	for _, f := range []struct{ dir, rights string }{
		{filepath.Dir(p.Config), "GRGX"}, {p.State, "FA"}, {p.Runtime, "FA"},
	} {
		if err := createFolder(f.dir); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		list := "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;" + f.rights + ";;;" + sid + ")"
		if err := protect(f.dir, list); err != nil {
			return fmt.Errorf("give folder %s to %s: %w", f.dir, s.account, err)
		}
	}
	return nil
}

// protect sets owner and access list of a folder, and of all in it.
func protect(dir, list string) error {
	sd, err := windows.SecurityDescriptorFromString(list)
	if err != nil {
		return err
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return err
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION,
		owner, nil, dacl, nil)
}

// accountSID is the security identifier of an account, as text. That of a
// virtual account follows from its name, before the account is there.
func accountSID(name string) (string, error) {
	if prefix := `NT SERVICE\`; strings.HasPrefix(strings.ToUpper(name), prefix) {
		return serviceSID(name[len(prefix):]), nil
	}
	sid, _, _, err := windows.LookupSID("", name)
	if err != nil {
		return "", fmt.Errorf("find account %s: %w", name, err)
	}
	return sid.String(), nil
}

// serviceSID is the identifier of the account of the service with a name. The
// digest is what Windows makes it of, and protects nothing.
func serviceSID(name string) string {
	h := sha1.New()
	_ = binary.Write(h, binary.LittleEndian, utf16.Encode([]rune(strings.ToUpper(name)))) // a digest takes everything
	sum := h.Sum(nil)
	sid := "S-1-5-80"
	for len(sum) > 0 {
		sid += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(sum))
		sum = sum[4:]
	}
	return sid
}
