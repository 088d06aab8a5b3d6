//go:build unix

package service

import "strings"

// withLine puts lines in the place of a line that is a name, or takes it out.
func withLine(text, name, lines string) string {
	if lines != "" {
		lines += "\n"
	}
	return strings.Replace(text, name+"\n", lines, 1)
}
