package main

import (
	"context"
	"errors"
	"fmt"

	"homehook/agent/control"
)

// retryCmd is "homehook retry".
type retryCmd struct {
	IDs []string `arg:"" name:"id" help:"Ids of deliveries, or enough of their beginnings."`
}

// Help says what it does and shows an example.
func (*retryCmd) Help() string {
	return `A delivery that is dead, rejected or expired runs anew; of a duplicate that means
that it runs after all. One that waits for its next attempt runs now. The command
does not wait for the end.

Example:

    homehook retry 0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f`
}

// Run asks for each delivery, also when one before it cannot be retried.
func (c *retryCmd) Run(ctx context.Context, a *app) error {
	var ids []string
	for _, given := range c.IDs {
		id, err := checkID(given)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	var done []control.Delivery
	failed := false
	for _, id := range ids {
		d, err := retry(ctx, client, id)
		switch {
		case noAgent(err) || ctx.Err() != nil:
			return err
		case err != nil:
			failed = true
			a.report(ctx, err)
			continue
		case !a.json:
			a.say("delivery %s runs anew", d.ID)
		}
		done = append(done, *d)
	}
	if a.json {
		if err := a.writeJSON(list(done)); err != nil {
			return err
		}
	}
	if failed {
		return errSilent
	}
	return nil
}

func retry(ctx context.Context, client *control.Client, id string) (*control.Delivery, error) {
	d, err := client.Retry(ctx, id)
	if errors.Is(err, control.ErrConflict) {
		return nil, withNext(fmt.Errorf("delivery %s: %w", id, err), "to run one once more that is done: homehook replay %s", id)
	}
	return d, unknownID(ctx, client, id, err)
}
