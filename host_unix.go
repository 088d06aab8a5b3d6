//go:build unix

package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// detached has a process outlive this one and the terminal that it was started in.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// replaceFile puts a file in the place of what is at path, whole; a link there is
// replaced and not followed.
func replaceFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
