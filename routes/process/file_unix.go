//go:build unix

package process

import (
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// SpoolFolder returns where files for programs of an account are put: in memory
// where the system has such a folder, since making a file on a busy disk costs
// more than starting the program. For others than this user it is one that they
// can look into.
func SpoolFolder(as *Account) string {
	folders, otherwise := []string{os.Getenv("XDG_RUNTIME_DIR"), "/dev/shm"}, os.TempDir()
	if as != nil {
		folders, otherwise = folders[1:], "/tmp"
	}
	if runtime.GOOS == "linux" {
		for _, dir := range folders {
			if dir != "" && unix.Access(dir, unix.W_OK|unix.X_OK) == nil {
				return dir
			}
		}
	}
	return otherwise
}

// createFile writes a file that must be new. It goes around package os, whose
// files are made ready to be waited for.
func createFile(path string, content []byte) error {
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return &fs.PathError{Op: "create", Path: path, Err: err}
	}
	for err == nil && len(content) > 0 {
		var n int
		if n, err = syscall.Write(fd, content); err == syscall.EINTR {
			err = nil
		}
		content = content[max(n, 0):]
	}
	syscall.Close(fd)
	if err != nil {
		syscall.Unlink(path)
		return &fs.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

func removeFile(path string) { syscall.Unlink(path) }

// hasEnded reports whether there is no process of that number.
func hasEnded(pid int) bool { return pid > 0 && syscall.Kill(pid, 0) == syscall.ESRCH }
