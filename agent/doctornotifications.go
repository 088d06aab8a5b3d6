package agent

import (
	"context"
	"fmt"
	"strings"

	"homehook/agent/config"
)

// notifications looks for somebody who shows what routes notify of on the desktop.
func (d *doctor) notifications(ctx context.Context) {
	if d.unconfigured(checkNotifications) {
		return
	}
	names := desktopRoutes(d.config)
	switch {
	case len(names) == 0:
		d.ok(checkNotifications, "", "no route notifies on the desktop")
	case d.running != nil && d.running.hub.Showing():
		d.ok(checkNotifications, "", "the desktop app shows them")
	case desktopShows(ctx):
		d.ok(checkNotifications, "", "this session has a service that shows them")
	case d.running == nil:
		d.skip(checkNotifications, "", "the agent is not running, so nobody knows whether an app shows them")
	default:
		d.problem(checkNotifications, "", fmt.Sprintf("nothing shows what %s notifies of on the desktop: there is no notification service in this session, and no app that shows it", strings.Join(names, ", ")),
			"start the Homehook app, or what shows notifications on this desktop; or notify by ntfy: or mail:")
	}
}

// desktopRoutes are the routes that notify on the desktop, in words.
func desktopRoutes(c *config.Config) (names []string) {
	for i := range c.Routes {
		s := &c.Routes[i]
		if s.Off {
			continue
		}
		for _, h := range handlersOf(s) {
			if n := h.Notify; n != nil && (n.Desktop || n.NTFY == nil && n.Mail == nil) {
				names = append(names, fmt.Sprintf("route %q", nameOf(s)))
				break
			}
		}
	}
	return names
}
