//go:build unix

package routes

import (
	"bytes"
	"io/fs"
)

func isExecutable(info fs.FileInfo) bool { return info.Mode()&0o111 != 0 }

// isOpenToOthers reports whether users other than the owner may write.
func isOpenToOthers(info fs.FileInfo) bool { return info.Mode()&0o022 != 0 }

func badProgramName(string) string { return "" }

// magics are the first bytes of files that a system starts: scripts that name
// their interpreter, ELF, Mach-O in either order of bytes and for several
// processors, and PE for systems set up to run it.
var magics = []string{
	"#!", "\x7fELF",
	"\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "\xca\xfe\xba\xbf",
	"MZ",
}

// canStart tells a program from a text that only a shell would make sense of.
func canStart(head []byte) bool {
	for _, magic := range magics {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}
