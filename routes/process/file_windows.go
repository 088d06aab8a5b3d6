package process

import (
	"errors"
	"os"
)

// SpoolFolder returns where files for programs are put, a folder of this user's.
func SpoolFolder(*Account) string { return os.TempDir() }

// createFile writes a file that must be new.
func createFile(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

func removeFile(path string) { os.Remove(path) }

// hasEnded reports whether there is no process of that number.
func hasEnded(pid int) bool {
	p, err := os.FindProcess(pid)
	if err == nil {
		p.Release()
	}
	return err != nil
}
