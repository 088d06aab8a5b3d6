package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// enableColour reports whether the console f understands colours, and has it
// do so: consoles before Windows 10 do not.
func enableColour(f *os.File) bool {
	var mode uint32
	h := windows.Handle(f.Fd())
	if windows.GetConsoleMode(h, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
