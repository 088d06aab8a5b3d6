//go:build !linux && !darwin && !windows

package agent

import "runtime"

// systemRelease is what system this is, in its own words.
func systemRelease() string { return runtime.GOOS }
