package main

import "runtime"

// versionCmd is "homehook version".
type versionCmd struct{}

// Help shows an example.
func (*versionCmd) Help() string {
	return "Example:\n\n    homehook version --json"
}

// versionAnswer is what "version --json" prints.
type versionAnswer struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Run prints the version.
func (*versionCmd) Run(a *app) error {
	v := versionAnswer{Version: a.version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if a.json {
		return a.writeJSON(v)
	}
	a.say("homehook %s (%s, %s/%s)", v.Version, v.Go, v.OS, v.Arch)
	return nil
}
