package service

import (
	"os"
	"path/filepath"
)

// maxSocket is the size of a socket address less the byte that ends it.
const maxSocket = 103

// platformPaths keeps everything in the user's Application Support.
func platformPaths(getenv func(string) string) (Paths, error) {
	home := absolute(getenv, "HOME")
	if home == "" {
		return Paths{}, missing("HOME")
	}
	return below(filepath.Join(home, "Library", "Application Support", "Homehook")), nil
}

func systemPaths() Paths {
	return below("/Library/Application Support/Homehook")
}

func below(dir string) Paths {
	return Paths{
		Config:  filepath.Join(dir, "config.yaml"),
		State:   filepath.Join(dir, "state"),
		Runtime: filepath.Join(dir, "run"),
	}
}

// environment is that of this process.
func environment(name string) string { return os.Getenv(name) }
