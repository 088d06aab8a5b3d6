//go:build unix && !darwin

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

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
	entry, err := desktopEntry(h.self, os.Getenv("HOMEHOOK_HOME"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, entry)
}

// desktopEntry is the file that starts program in the tray, with the folder home where
// the app was started with one.
func desktopEntry(program, home string) (string, error) {
	line := quoted(program) + " --tray"
	if home != "" {
		line = "env " + quoted("HOMEHOOK_HOME="+home) + " " + line
	}
	if at := strings.IndexFunc(line, unicode.IsControl); at >= 0 || !utf8.ValidString(line) {
		return "", fmt.Errorf("start at sign-in: the path %q has a character that a desktop entry cannot hold: move it to a folder with a plain name", cmp.Or(home, program))
	}
	return `[Desktop Entry]
Type=Application
Name=Homehook
Comment=Webhooks at home
Icon=homehook
Exec=` + line + `
Terminal=false
X-GNOME-Autostart-enabled=true
`, nil
}

// quoted is an argument of a command in a desktop entry: it is read twice, once as the
// value of a key and once as an argument.
func quoted(argument string) string {
	return `"` + strings.NewReplacer(`\`, `\\\\`, `"`, `\\"`, "`", "\\\\`", `$`, `\\$`, `%`, `%%`).Replace(argument) + `"`
}
