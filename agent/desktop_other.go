//go:build !linux

package agent

import (
	"context"
	"errors"

	"homehook/routes"
)

// errNoDesktop says that there is nobody who could show a notification. There
// may be somebody later.
var errNoDesktop = errors.New("nobody is signed in to show it")

// showOnDesktop leaves it to the desktop app, which listens to the agent's
// events: a service has no desktop here.
func showOnDesktop(context.Context, *routes.Notification) error { return errNoDesktop }
