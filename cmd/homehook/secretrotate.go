package main

import (
	"context"
	"time"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// secretRotateCmd is "homehook secret rotate".
type secretRotateCmd struct {
	secretValue
	Keep durationValue `placeholder:"TIME" help:"How long the values stay valid that it has: 90m, 24h, 7d. Without it, until they are removed."`
}

// Help says what counts for what, and shows examples.
func (*secretRotateCmd) Help() string {
	return `Senders are checked with every value that is valid, so that none is refused while
the new one is on its way to them. What this machine signs and sends, such as a
relay's token, has the newest value from now on. The old ones end by themselves
with --keep, or with: homehook secret remove NAME --old. What an earlier --keep has
given an end keeps that end.

Examples:

    homehook secret rotate github --generate --show --keep 7d
    homehook secret rotate stripe < new-secret
    homehook secret remove stripe --old`
}

// Run stores another value.
func (c *secretRotateCmd) Run(ctx context.Context, a *app) error {
	keep, err := c.Keep.duration("--keep")
	if err != nil {
		return err
	}
	value, err := c.newValue(ctx, a)
	if err != nil {
		return err
	}
	alone, err := a.changeCredentials(ctx,
		func(client *control.Client) error { return client.RotateCredential(ctx, c.Name, value, keep) },
		func(s *credentials.Store) error {
			if err := agent.CheckCredential(c.Name, value); err != nil {
				return err
			}
			return s.Rotate(c.Name, value, keep)
		})
	if err != nil {
		return a.missingCredential(err, c.Name)
	}
	if err := c.tell(a, value, alone, "has a new value"); err != nil || a.json {
		return err
	}
	if keep > 0 {
		a.note("the old values stay valid until %s; those that had an end keep it", a.now().Add(keep).Local().Format(time.DateTime))
		return nil
	}
	a.note("the old values stay valid until: homehook secret remove %s --old", c.Name)
	return nil
}
