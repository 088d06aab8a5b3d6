package templates

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// isProgram reports whether a file can be run.
func isProgram(info fs.FileInfo) bool {
	return strings.EqualFold(filepath.Ext(info.Name()), ".exe")
}
