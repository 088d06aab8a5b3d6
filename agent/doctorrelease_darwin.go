package agent

import "golang.org/x/sys/unix"

// systemRelease is what system this is, in its own words.
func systemRelease() string {
	version, err := unix.Sysctl("kern.osproductversion")
	if err != nil {
		return "macOS"
	}
	return "macOS " + version
}
