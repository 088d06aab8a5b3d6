//go:build unix

package templates

import "io/fs"

// isProgram reports whether a file can be run.
func isProgram(info fs.FileInfo) bool { return info.Mode()&0o111 != 0 }
