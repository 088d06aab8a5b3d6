//go:build unix && !darwin

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// display says what is missing for a window to be shown.
func display() error {
	if os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "" {
		return nil
	}
	return errors.New("there is no display to show a window on (neither DISPLAY nor WAYLAND_DISPLAY is set): start it in a desktop session, or use the command line, homehook")
}

// autostartFile is what desktops start when the user signs in.
func autostartFile() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder of settings: %w", err)
	}
	return filepath.Join(folder, "autostart", "homehook.desktop"), nil
}

// Autostart says whether the app starts when the user signs in.
func (h *host) Autostart() (bool, error) {
	path, err := autostartFile()
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// Desktops turn an entry off by a line of their own.
	off := strings.Contains(string(text), "\nHidden=true") || strings.Contains(string(text), "\nX-GNOME-Autostart-enabled=false")
	return !off, nil
}

// SetAutostart has it so or not.
func (h *host) SetAutostart(on bool) error {
	path, err := autostartFile()
	if err != nil {
		return err
	}
	if !on {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(desktopEntry(h.self)), 0o644)
}

// desktopEntry is the file that starts program in the tray.
func desktopEntry(program string) string {
	// Twice: once for the argument, once for the value of a key.
	quoted := strings.NewReplacer(`\`, `\\\\`, `"`, `\\"`, "`", "\\\\`", `$`, `\\$`, `%`, `%%`).Replace(program)
	return `[Desktop Entry]
Type=Application
Name=Homehook
Comment=Webhooks at home
Icon=homehook
Exec="` + quoted + `" --tray
Terminal=false
X-GNOME-Autostart-enabled=true
`
}
