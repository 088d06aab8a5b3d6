//go:build unix

package main

import "syscall"

// detached has a process outlive this one and the terminal that it was started in.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
