package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// createFolder makes dir and the folders above it that are missing. Those it
// makes are open to the user, the system and administrators only, whatever the
// folder around them hands down: in C:\ and ProgramData others may write.
func createFolder(dir string) error {
	parent := filepath.Dir(dir)
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := createFolder(parent); err != nil {
			return err
		}
	}
	user, err := currentUser()
	if err != nil {
		return fmt.Errorf("find user: %w", err)
	}
	sd, err := windows.SecurityDescriptorFromString("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + user.String() + ")")
	if err != nil {
		return fmt.Errorf("describe access: %w", err)
	}
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return err
	}
	access := windows.SecurityAttributes{SecurityDescriptor: sd}
	access.Length = uint32(unsafe.Sizeof(access))
	err = windows.CreateDirectory(name, &access)
	if errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return nil
	}
	if err != nil {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: err}
	}
	return nil
}

// checkFolder checks the owner of a folder: the user, the system or the
// administrators. File systems without owners have none to check.
func checkFolder(dir string, _ fs.FileInfo, _ bool) error {
	sd, err := windows.GetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return nil
	}
	owner, _, err := sd.Owner()
	if err != nil || owner == nil {
		return nil
	}
	user, err := currentUser()
	if err != nil {
		return fmt.Errorf("find user: %w", err)
	}
	if owner.Equals(user) || owner.IsWellKnown(windows.WinLocalSystemSid) || owner.IsWellKnown(windows.WinBuiltinAdministratorsSid) {
		return nil
	}
	return refuse("folder %s belongs to another user (%s); run as that user, or set %s to a folder of your own", dir, owner, homeVariable)
}

// Foreign says whether the folder of state is another user's to whom this one
// leaves it: administrators may use that of the system's service.
func (p Paths) Foreign() bool { return false }
