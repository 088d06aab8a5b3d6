package process

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// WriteFile writes a new file that only this user can read, or the account if it
// is not nil, and returns its path. It lies in dir; its name has nothing in it but
// prefix, the number of this process, and chance. The caller removes it.
func WriteFile(dir, prefix string, content []byte, as *Account) (path string, err error) {
	path = filepath.Join(dir, prefix+strconv.Itoa(os.Getpid())+"-"+strconv.FormatUint(rand.Uint64(), 36))
	if err = createFile(path, content); err == nil {
		err = as.own(path)
	}
	if err != nil {
		return "", err
	}
	return path, nil
}

// RemoveFile removes a file of WriteFile.
func RemoveFile(path string) { removeFile(path) }

// RemoveLeft removes files of WriteFile whose writers were killed before they
// could: there may be secrets in them.
func RemoveLeft(dir string, prefixes ...string) {
	for _, prefix := range prefixes {
		paths, _ := filepath.Glob(filepath.Join(dir, prefix+"*"))
		for _, path := range paths {
			number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), prefix), "-")
			if pid, err := strconv.Atoi(number); err == nil && hasEnded(pid) {
				removeFile(path)
			}
		}
	}
}
