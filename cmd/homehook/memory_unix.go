//go:build unix && !linux

package main

import "golang.org/x/sys/unix"

// shutMemory keeps what this process knows out of core dumps. Programs that it starts
// leave none either.
func shutMemory() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) } // lowering is always allowed
