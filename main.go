//go:build cgo

// Command homehook is the desktop app: a window and an icon in the tray for the agent
// of the user who starts it.
package main

import (
	"fmt"
	"os"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"homehook/assets"
	"homehook/gui"
)

func main() {
	f, code, done := readFlags(os.Args[1:], os.Stdout, os.Stderr)
	if done {
		os.Exit(code)
	}
	if err := show(f); err != nil {
		fmt.Fprintln(os.Stderr, "homehook:", err)
		os.Exit(1)
	}
}

// show runs the app until it is quit.
func show(f flags) error {
	if err := display(); err != nil {
		return err
	}
	o, err := options(f)
	if err != nil {
		return err
	}
	o.NewApp = func() fyne.App {
		icon := fyne.NewStaticResource("homehook.svg", assets.Icon)
		// Without this a file that lies beside the program would name the app.
		// With fyneDo it does not ask for each text and line which goroutine it is on, a
		// twelfth of the work of scrolling: tests do, with the driver for them.
		app.SetMetadata(fyne.AppMetadata{
			ID: appID, Name: "Homehook", Version: o.Version, Build: 1, Icon: icon,
			Migrations: map[string]bool{"fyneDo": true},
		})
		a := app.NewWithID(appID)
		a.SetIcon(icon)
		return a
	}
	return run(o)
}

// run runs it. Where the display lets nobody in, the library of windows has no error to
// return, and panics.
func run(o gui.Options) (err error) {
	defer func() {
		if what := recover(); what != nil {
			if text := fmt.Sprint(what); !strings.Contains(text, "GLFW") {
				panic(what)
			}
			err = fmt.Errorf("no window can be shown on this display (%v): start it in a desktop session, or use the command line, homehook", what)
		}
	}()
	return gui.Run(o)
}
