package main

import (
	"os"
	"path/filepath"
	"runtime"
)

// dataFolder returns where the relay keeps its data unless told otherwise.
// It is empty when the system does not say where the user's files are.
func dataFolder() string {
	switch runtime.GOOS {
	case "windows":
		return below(os.Getenv("LocalAppData"), "Homehook Relay")
	case "darwin":
		home, _ := os.UserHomeDir()
		return below(home, "Library/Application Support/Homehook Relay")
	}
	// systemd makes a folder for each service that asks for one.
	if state := os.Getenv("STATE_DIRECTORY"); filepath.IsAbs(state) {
		return state
	}
	if os.Geteuid() == 0 {
		return "/var/lib/homehook-relay"
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return below(state, "homehook-relay")
	}
	home, _ := os.UserHomeDir()
	return below(home, ".local/state/homehook-relay")
}

func below(folder, name string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, filepath.FromSlash(name))
}
