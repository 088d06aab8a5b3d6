//go:build !cgo

// Command homehook is the desktop app. Built without cgo, as here, it only says what
// it is missing: the agent and its command line need none of that.
package main

import (
	"fmt"
	"os"
)

func main() {
	if _, code, done := readFlags(os.Args[1:], os.Stdout, os.Stderr); done {
		os.Exit(code)
	}
	fmt.Fprintln(os.Stderr, `homehook: this build of the desktop app has no window, because it was built without cgo.
Build it with a C compiler and the headers of OpenGL and X11:

    CGO_ENABLED=1 go build -o homehook-desktop .

The agent and its command line work without: go build ./cmd/homehook`)
	os.Exit(1)
}
