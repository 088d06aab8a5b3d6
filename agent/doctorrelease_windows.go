package agent

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// systemRelease is what system this is, in its own words.
func systemRelease() string {
	v := windows.RtlGetVersion()
	return fmt.Sprintf("Windows %d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
}
