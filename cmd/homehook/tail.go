package main

import (
	"context"
	"fmt"
	"time"

	"homehook/agent/control"
)

// tailCmd is "homehook tail".
type tailCmd struct{}

// Help shows an example.
func (*tailCmd) Help() string {
	return `It goes on until Ctrl-C. When the agent restarts, it waits and then goes on
where it was: what ended meanwhile comes from the history. With --json each
delivery is one line.

Example:

    homehook tail --json`
}

// Run prints deliveries until ctx ends.
func (*tailCmd) Run(ctx context.Context, a *app) error {
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	f := follower{
		client: client,
		each:   a.tellDelivery,
		begin:  func() { a.note("waiting for deliveries; Ctrl-C ends it") },
		lost:   func() { a.note("the agent went away; waiting for it") },
		found:  func() { a.note("the agent is back") },
	}
	return f.follow(ctx)
}

// tellDelivery prints a delivery on one line.
func (a *app) tellDelivery(d *control.Delivery) error {
	if a.json {
		return a.writeLine(d)
	}
	// That no route took it stands where the route would.
	reason := ""
	if d.Reason != "" && d.Route != "" {
		reason = ": " + d.Reason
	}
	_, err := fmt.Fprintf(a.out, "%s  %-3s  %s  %s %s → %s  %s%s  %s\n",
		d.Received.Local().Format(time.TimeOnly), statusText(d.Status), a.paint(stateColour(d.State), d.State),
		oneLine(d.Method, 16), oneLine(target(d), 200), visible(routeText(d)), ms(d.DurationMS),
		oneLine(reason, 200), a.paint(faint, d.ID))
	return err
}
