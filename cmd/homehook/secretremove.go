package main

import (
	"context"
	"errors"
	"fmt"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// secretRemoveCmd is "homehook secret remove".
type secretRemoveCmd struct {
	Name string `arg:"" help:"Name of the credential."`
	Old  bool   `help:"Only the values behind the newest, which rotate has left."`
}

// Help shows examples.
func (*secretRemoveCmd) Help() string {
	return `Examples:

    homehook secret remove relay/mine
    homehook secret remove github --old`
}

// Run removes the credential.
func (c *secretRemoveCmd) Run(ctx context.Context, a *app) error {
	if err := credentials.CheckName(c.Name); err != nil {
		return misused("%w", err)
	}
	alone, err := a.changeCredentials(ctx,
		func(client *control.Client) error {
			if c.Old {
				return client.RemoveOldValues(ctx, c.Name)
			}
			return client.RemoveCredential(ctx, c.Name)
		},
		func(s *credentials.Store) error {
			if c.Old {
				return s.RemoveOld(c.Name)
			}
			if err := agent.CheckRemoval(s, c.Name); err != nil {
				return err
			}
			return s.Remove(c.Name)
		})
	if err != nil {
		return a.missingCredential(err, c.Name)
	}
	if alone {
		a.note("the agent is not running; changed what is stored for it")
	}
	switch {
	case a.json:
		return a.writeJSON(map[string]string{"name": c.Name})
	case c.Old:
		a.note("credential %s has its newest value only", c.Name)
	default:
		a.note("credential %s is removed", c.Name)
	}
	return nil
}

// missingCredential adds the next step to the error for one that is not there.
func (*app) missingCredential(err error, name string) error {
	if !errors.Is(err, control.ErrNotFound) && !errors.Is(err, credentials.ErrNotFound) {
		return err
	}
	// A token is not repeated; a credential that has its name can be removed.
	if err := checkCredential("NAME", name); err != nil {
		return err
	}
	return withNext(fmt.Errorf("no credential %s", name), "see: homehook secret list")
}
