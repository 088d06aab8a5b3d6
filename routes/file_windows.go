package routes

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func isExecutable(fs.FileInfo) bool { return true }

// isOpenToOthers cannot tell from the mode, which is made up here.
func isOpenToOthers(fs.FileInfo) bool { return false }

// badProgramName refuses spellings that Windows reads as another name than
// they seem, by which a batch file passes for something else.
func badProgramName(name string) string {
	rest := name[len(filepath.VolumeName(name)):]
	switch {
	case strings.TrimRight(rest, ". ") != rest:
		return "the command ends with a dot or a space, which Windows ignores"
	case strings.ContainsRune(rest, ':'):
		return "the command names a stream of a file"
	}
	return ""
}

// spoolFolder returns where header files are put, a folder of this user's.
func spoolFolder() string { return os.TempDir() }

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
