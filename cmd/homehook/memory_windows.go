package main

import "golang.org/x/sys/windows"

// shutMemory keeps what this process knows out of the reports that Windows makes of
// programs that crash.
func shutMemory() { windows.SetErrorMode(windows.SEM_NOGPFAULTERRORBOX) }
