//go:build windows || darwin

package gui

import (
	"context"

	"fyne.io/fyne/v2"
)

// newSession returns the session of the desktop.
func newSession(_ context.Context, app fyne.App) session { return plainSession{app} }

// withoutBus is for systems that have one.
func withoutBus() {}
