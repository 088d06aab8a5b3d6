package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// secretRemoveCmd is "homehook secret remove".
type secretRemoveCmd struct {
	Name string `arg:"" help:"Name of the credential."`
	Old  bool   `help:"Only the values behind the newest, which rotate has left."`
	Yes  bool   `help:"Do not ask, where it is needed."`
}

// Help shows examples.
func (*secretRemoveCmd) Help() string {
	return `One that the configuration names is removed only after a question, or with --yes:
no command shows its value again, and what needs it stops.

Examples:

    homehook secret remove relay/mine
    homehook secret remove github --old`
}

// Run removes the credential.
func (c *secretRemoveCmd) Run(ctx context.Context, a *app) error {
	if err := credentials.CheckName(c.Name); err != nil {
		return misused("%w", err)
	}
	if ok, err := c.agreed(ctx, a); err != nil || !ok {
		return err
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

// agreed asks before a credential is removed that is needed.
func (c *secretRemoveCmd) agreed(ctx context.Context, a *app) (bool, error) {
	if c.Old || c.Yes {
		return true, nil
	}
	needs := a.needsOf(ctx, c.Name)
	if len(needs) == 0 {
		return true, nil
	}
	loss := fmt.Sprintf("%s needs the credential %s, and stops without it", neededBy(needs), c.Name)
	yes, err := a.confirmed(ctx, loss+". Remove it?")
	if err == nil && !yes {
		err = withNext(errors.New(loss+"; nothing was changed"), "if that is meant: homehook secret remove %s --yes", c.Name)
	}
	return yes, err
}

// needsOf are who in the configuration needs a credential that is stored, nobody
// where that cannot be found out. The history, which has its own key, does not count:
// the agent refuses what would lose something.
func (a *app) needsOf(ctx context.Context, name string) []control.Need {
	all, _, _ := a.credentialList(ctx)
	for _, c := range all {
		if c.Name == name {
			return slices.DeleteFunc(c.NeededBy, func(n control.Need) bool { return n.Kind == "history" })
		}
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
