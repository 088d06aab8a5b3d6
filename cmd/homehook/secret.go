package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homehook/agent/control"
	"homehook/agent/credentials"
)

// secretCmd is "homehook secret".
type secretCmd struct {
	Set    secretSetCmd    `cmd:"" help:"Store a credential; its value comes from stdin or a prompt."`
	List   secretListCmd   `cmd:"" help:"List the names of the credentials."`
	Remove secretRemoveCmd `cmd:"" help:"Forget a credential."`
}

// Help shows an example.
func (*secretCmd) Help() string {
	return "Example:\n\n    homehook secret list"
}

// secretSetCmd is "homehook secret set".
type secretSetCmd struct {
	Name     string `arg:"" help:"Name of the credential, such as relay/mine."`
	Generate bool   `help:"Make up a random secret of 32 bytes, written as whsec_ and base64."`
	Show     bool   `help:"With --generate: print the value, this one time."`
}

// Help shows examples.
func (*secretSetCmd) Help() string {
	return `A value is never taken from the command line, where other programs could read
it. One line end behind it is not part of it. --generate is for secrets that you
choose, as for GitHub; others, such as Stripe and Slack, show you theirs.

Examples:

    homehook secret set relay/mine < token
    homehook secret set github --generate --show`
}

// Run stores the credential.
func (c *secretSetCmd) Run(ctx context.Context, a *app) error {
	if c.Show && !c.Generate {
		return misused("--show goes with --generate only: a value that was given is not shown")
	}
	// Before the prompt: nobody should type a secret for nothing.
	if err := checkCredential("NAME", c.Name); err != nil {
		return err
	}
	value, err := c.value(ctx, a)
	if err != nil {
		return err
	}
	alone, err := a.setCredential(ctx, c.Name, value)
	if err != nil {
		return err
	}
	if alone {
		a.note("the agent is not running; stored for when it starts")
	}
	switch {
	case a.json && c.Show:
		return a.writeJSON(map[string]string{"name": c.Name, "value": value})
	case a.json:
		return a.writeJSON(map[string]string{"name": c.Name})
	case c.Show:
		a.say("%s", value)
	case c.Generate:
		a.note("credential %s has a new random value, which nobody has seen", c.Name)
	default:
		a.note("credential %s is stored", c.Name)
	}
	return nil
}

// value is what is to be stored.
func (c *secretSetCmd) value(ctx context.Context, a *app) (string, error) {
	if !c.Generate {
		return a.secretInput(ctx, fmt.Sprintf("Value of %s: ", c.Name))
	}
	return generated(a.prefix(c.Name)), nil
}

// setCredential stores a credential through the agent, or alone when none
// runs.
func (a *app) setCredential(ctx context.Context, name, value string) (alone bool, err error) {
	client, _, err := a.client()
	if err != nil {
		return false, err
	}
	defer client.Close()
	// The agent goes first, because it uses the new value at once.
	if err = client.SetCredential(ctx, name, value); !noAgent(err) {
		return false, err
	}
	s, err := a.store()
	if err != nil {
		return true, err
	}
	return true, s.Set(name, value)
}

// secretListCmd is "homehook secret list".
type secretListCmd struct{}

// Help shows an example.
func (*secretListCmd) Help() string {
	return `Values are not shown, ever. The fingerprint is the end of a value's SHA-256, to
tell two values apart.

Example:

    homehook secret list --json`
}

// Run lists the credentials.
func (*secretListCmd) Run(ctx context.Context, a *app) error {
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	all, err := client.Credentials(ctx)
	if noAgent(err) {
		a.note("the agent is not running; this is what is stored for it")
		all, err = a.storedCredentials()
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(list(all))
	}
	if len(all) == 0 {
		a.note("no credential yet; store one with: homehook secret set NAME")
		return nil
	}
	rows := make([][]cell, 0, len(all))
	for _, c := range all {
		rows = append(rows, plainCells(c.Name, c.Set.Local().Format(time.DateTime), c.Fingerprint))
	}
	a.table([]string{"CREDENTIAL", "SET", "FINGERPRINT"}, rows)
	return nil
}

// storedCredentials lists the credentials without an agent.
func (a *app) storedCredentials() ([]control.Credential, error) {
	s, err := a.store()
	if err != nil {
		return nil, err
	}
	infos, err := s.List()
	if err != nil {
		return nil, err
	}
	all := make([]control.Credential, 0, len(infos))
	for _, i := range infos {
		all = append(all, control.Credential(i))
	}
	return all, nil
}

// secretRemoveCmd is "homehook secret remove".
type secretRemoveCmd struct {
	Name string `arg:"" help:"Name of the credential."`
}

// Help shows an example.
func (*secretRemoveCmd) Help() string {
	return "Example:\n\n    homehook secret remove relay/mine"
}

// Run removes the credential.
func (c *secretRemoveCmd) Run(ctx context.Context, a *app) error {
	if err := credentials.CheckName(c.Name); err != nil {
		return misused("%w", err)
	}
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	err = client.RemoveCredential(ctx, c.Name)
	if noAgent(err) {
		err = a.forget(c.Name)
	}
	switch {
	case errors.Is(err, control.ErrNotFound), errors.Is(err, credentials.ErrNotFound):
		// A token is not repeated; a credential that has its name can be removed.
		if err := checkCredential("NAME", c.Name); err != nil {
			return err
		}
		return withNext(fmt.Errorf("no credential %s", c.Name), "see: homehook secret list")
	case err != nil:
		return err
	case a.json:
		return a.writeJSON(map[string]string{"name": c.Name})
	}
	a.note("credential %s is removed", c.Name)
	return nil
}

// forget removes a credential without an agent.
func (a *app) forget(name string) error {
	s, err := a.store()
	if err != nil {
		return err
	}
	if err := s.Remove(name); err != nil {
		return err
	}
	a.note("the agent is not running; changed what is stored for it")
	return nil
}
