package config

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// tryLock takes the lock file name, and removes it when it is given back. It
// returns errLocked while somebody else has it: the file is open to one
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
		return nil, errLocked
	}
	return nil, err
}

// keepOwner does nothing: a new file inherits what its folder says.
func keepOwner(*os.File, string) error { return nil }

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
