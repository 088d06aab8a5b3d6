package agent

import (
	"context"

	"homehook/agent/control"
	"homehook/routes"
)

// host is what handlers ask the agent for.
type host struct{ in *inbox }

var _ routes.Host = (*host)(nil)

// Secret returns the value of a credential.
func (h *host) Secret(name string) ([]byte, error) { return h.in.secret(name) }

// Notify tells all who listen on the control socket. Unless one of them shows
// notifications, it shows this one on the desktop where the agent can do that
// itself: it is seen in one place. The error says that nobody has seen it, as far
// as is known; who only listens has not.
func (h *host) Notify(ctx context.Context, n routes.Notification) error {
	if h.in.hub.Offer(control.Event{Type: control.EventNotification, Notification: notified(&n, false)}) {
		return nil
	}
	err := showOnDesktop(ctx, &n)
	h.in.hub.Publish(control.Event{Type: control.EventNotification, Notification: notified(&n, err == nil)})
	return err
}

// notified puts a notification into the words of the control API.
func notified(n *routes.Notification, shown bool) *control.Notification {
	return &control.Notification{
		Delivery: n.Delivery, Claim: n.Claim, Route: n.Route, Title: n.Title, Text: n.Text, Link: n.Link,
		Urgent: n.Urgent, Shown: shown,
	}
}
