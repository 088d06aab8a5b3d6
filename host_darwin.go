package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// display is there always.
func display() error { return nil }

// launchFile is what the system starts when the user signs in.
func launchFile() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the home folder: %w", err)
	}
	return filepath.Join(home, "Library", "LaunchAgents", appID+".plist"), nil
}

// Autostart says whether the app starts when the user signs in.
func (h *host) Autostart() (bool, error) {
	path, err := launchFile()
	if err != nil {
		return false, err
	}
	_, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// SetAutostart has it so or not, from the next time the user signs in.
func (h *host) SetAutostart(on bool) error {
	path, err := launchFile()
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
	var program bytes.Buffer
	if err := xml.EscapeText(&program, []byte(h.self)); err != nil {
		return err
	}
	return replaceFile(path, `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
	<key>Label</key><string>`+appID+`</string>
	<key>ProgramArguments</key><array><string>`+program.String()+`</string><string>--tray</string></array>
	<key>RunAtLoad</key><true/>
	<key>ProcessType</key><string>Interactive</string>
</dict></plist>
`)
}
