package agent

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// systemRelease is what system this is, in its own words.
func systemRelease() string {
	name := "Linux"
	text, _ := os.ReadFile("/etc/os-release") // not every system has one
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			name = value
			if plain, err := strconv.Unquote(value); err == nil {
				name = plain
			}
		}
	}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		name += ", kernel " + unix.ByteSliceToString(u.Release[:])
	}
	return name
}
