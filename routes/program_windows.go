package routes

import (
	"io/fs"
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

// canStart accepts every file: the end of its name says how it is started.
func canStart([]byte) bool { return true }
