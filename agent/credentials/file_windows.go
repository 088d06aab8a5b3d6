package credentials

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// openFile opens the store's file for reading and refuses one that is a link
// or another user's. Who may read it follows from its folder.
func openFile(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is a link or no regular file; put the file itself there", path)
	}
	if err := checkOwner(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	return f, nil
}

// checkFolder checks kind and owner of the store's folder.
func checkFolder(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("open credentials: %w", err)
	}
	if info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0 {
		return fmt.Errorf("folder %s is a link; name the folder that is meant", dir)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder; move it away", dir)
	}
	return checkOwner(dir)
}

// checkOwner checks that a file or folder is this user's, the system's or the
// administrators'. File systems without owners have none to check.
func checkOwner(path string) error {
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return nil
	}
	owner, _, err := sd.Owner()
	if err != nil || owner == nil {
		return nil
	}
	me, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return fmt.Errorf("find user: %w", err)
	}
	if owner.Equals(me.User.Sid) || owner.IsWellKnown(windows.WinLocalSystemSid) || owner.IsWellKnown(windows.WinBuiltinAdministratorsSid) {
		return nil
	}
	return fmt.Errorf("%s belongs to another user (%s); run as that user", path, owner)
}

// tryLock takes the lock file name, and removes it when it is given back. It
// returns errHeld while another process has it: the file is open to one
// process only and goes away with it.
func tryLock(name string) (unlock func(), err error) {
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateFile(p, windows.GENERIC_READ|windows.GENERIC_WRITE|windows.DELETE, 0, nil,
		windows.OPEN_ALWAYS, windows.FILE_ATTRIBUTE_NORMAL|windows.FILE_FLAG_DELETE_ON_CLOSE|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err == nil {
		return func() { windows.CloseHandle(h) }, nil
	}
	// Access is denied for the moment between closing and removing.
	if errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return nil, errHeld
	}
	return nil, err
}

// rename puts a file in the place of another. While somebody reads the other
// one, which takes a moment, the system refuses, so it tries for a second.
func rename(from, to string) error {
	for deadline := time.Now().Add(time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := os.Rename(from, to)
		busy := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
		if !busy || time.Now().After(deadline) {
			return err
		}
	}
}

// syncFolder does nothing: a folder cannot be synced here, the file system
// journals the rename.
func syncFolder(string) error { return nil }

// readHanded reads nothing: there is no systemd here.
func readHanded(string, int64) ([]byte, error) { return nil, fs.ErrNotExist }
