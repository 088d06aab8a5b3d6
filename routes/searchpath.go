package routes

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"homehook/access"
)

// searchable is a search path without what others could put programs into: folders
// that depend on where a script runs, those that others can change, and those that
// others could make. Programs that a script starts by name are as its own.
func searchable(path string) string {
	list := slices.DeleteFunc(filepath.SplitList(path), func(dir string) bool {
		return !filepath.IsAbs(dir) || isForeign(dir)
	})
	return strings.Join(list, string(filepath.ListSeparator))
}

// isForeign reports whether others can change a folder, or make it if it is not there.
func isForeign(dir string) bool {
	for there := dir; ; there = filepath.Dir(there) {
		info, err := os.Stat(there)
		if err != nil && filepath.Dir(there) != there {
			continue
		}
		f, err := access.Find(there, access.Rules{Anyone: os.Geteuid() == 0})
		sticky := there != dir && err == nil && info != nil && info.Mode()&os.ModeSticky != 0
		return f != nil || sticky
	}
}
