//go:build !linux

package agent

import (
	"context"
	"errors"

	"homehook/routes"
)

// errNoDesktop says that there is nobody who could show a notification. There
// may be somebody later.
var errNoDesktop = errors.New("no app is there that shows it: start the Homehook app")

// showOnDesktop leaves it to the desktop app, which listens to the agent's
// events: a service has no desktop here.
func showOnDesktop(context.Context, *routes.Notification) error { return errNoDesktop }

// desktopShows reports whether the agent could show a notification itself.
func desktopShows(context.Context) bool { return false }
