//go:build unix && !darwin

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// displayWait bounds the look for a display that is on another computer.
const displayWait = 5 * time.Second

// display says what is missing for a window to be shown: without a display that works
// the library of windows would fail with an error of its own.
func display() error {
	screen, wayland := os.Getenv("DISPLAY"), os.Getenv("WAYLAND_DISPLAY")
	if os.Getenv("WAYLAND_SOCKET") != "" {
		return nil // an open connection, which a look would use up
	}
	if screen == "" && wayland == "" {
		return errors.New("there is no display to show a window on (neither DISPLAY nor WAYLAND_DISPLAY is set): start it in a desktop session, or use the command line, homehook")
	}
	var failed error
	if wayland != "" {
		err := dialWayland(wayland)
		if err == nil {
			return nil
		}
		failed = fmt.Errorf("WAYLAND_DISPLAY is %q: %w", wayland, err)
	}
	if screen != "" {
		err := dialX(screen)
		if err == nil {
			return nil
		}
		failed = errors.Join(failed, fmt.Errorf("DISPLAY is %q: %w", screen, err))
	}
	return fmt.Errorf("the display does not answer (%s): start it in a desktop session, or use the command line, homehook",
		strings.ReplaceAll(failed.Error(), "\n", "; "))
}

// dialWayland looks whether a compositor listens.
func dialWayland(name string) error {
	if !filepath.IsAbs(name) {
		name = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), name)
	}
	return try("unix", name)
}

// dialX looks whether an X server listens on a display such as :0 or far:10.0.
func dialX(name string) error {
	at := strings.LastIndexByte(name, ':')
	if at < 0 {
		return errors.New("it has no colon and number")
	}
	host := name[:at]
	digits, _, _ := strings.Cut(name[at+1:], ".")
	number, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return errors.New("it has no number after the colon")
	}
	if filepath.IsAbs(host) {
		return try("unix", name)
	}
	if host != "" && host != "unix" {
		return try("tcp", net.JoinHostPort(strings.Trim(host, "[]"), strconv.FormatUint(6000+number, 10)))
	}
	path := "/tmp/.X11-unix/X" + digits
	if try("unix", "@"+path) == nil { // its name outside of the file system
		return nil
	}
	return try("unix", path)
}

func try(network, address string) error {
	c, err := net.DialTimeout(network, address, displayWait)
	if err != nil {
		return err
	}
	return c.Close()
}
