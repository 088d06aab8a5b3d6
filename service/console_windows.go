package service

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	kernel          = windows.NewLazySystemDLL("kernel32.dll")
	procConsoleList = kernel.NewProc("GetConsoleProcessList")
	procFreeConsole = kernel.NewProc("FreeConsole")
)

// consoleProcesses is how many processes share this process's console; it fills
// in their ids as far as there is room.
func consoleProcesses(ids []uint32) (int, error) {
	n, _, err := procConsoleList.Call(uintptr(unsafe.Pointer(&ids[0])), uintptr(len(ids)))
	if n == 0 {
		return 0, err
	}
	return int(n), nil
}

// freeConsole leaves the console, and closes it with its last process.
func freeConsole() { _, _, _ = procFreeConsole.Call() } // without one there is nothing to leave
