package main

import (
	"context"
	"errors"
	"fmt"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/service"
)

// secretCmd is "homehook secret".
type secretCmd struct {
	Set    secretSetCmd    `cmd:"" help:"Store a credential; its value comes from stdin or a prompt."`
	Rotate secretRotateCmd `cmd:"" help:"Give a credential another value, beside the one that it has."`
	List   secretListCmd   `cmd:"" help:"List the credentials: names, ages, who needs them."`
	Remove secretRemoveCmd `cmd:"" help:"Forget a credential, or its old values."`
	Store  secretStoreCmd  `cmd:"" help:"Show where the root key is kept that seals all credentials, or move it."`
}

// Help shows an example.
func (*secretCmd) Help() string {
	return `Values are sealed in the file secrets.sealed under one root key, which is in the
keyring of the system where there is one; see: homehook secret store. No command
shows a value again.

Example:

    homehook secret list`
}

// secretValue is what verbs take that store a value.
type secretValue struct {
	Name     string `arg:"" help:"Name of the credential, such as relay/mine."`
	Generate bool   `help:"Make up a random secret of 32 bytes, written as whsec_ and base64."`
	Show     bool   `help:"With --generate: print the value, this one time."`
}

// secretSetCmd is "homehook secret set".
type secretSetCmd struct {
	secretValue
	Yes bool `help:"Do not ask, where --generate takes the place of a value that is needed."`
}

// Help shows examples.
func (*secretSetCmd) Help() string {
	return `A value is never taken from the command line, where other programs could read
it. One line end behind it is not part of it. --generate is for secrets that you
choose, as for GitHub; others, such as Stripe and Slack, show you theirs. The value
takes the place of the one that is there; to let both count for a while: homehook
secret rotate.

Examples:

    homehook secret set relay/mine < token
    homehook secret set github --generate --show`
}

// Run stores the credential.
func (c *secretSetCmd) Run(ctx context.Context, a *app) error {
	if ok, err := c.agreed(ctx, a); err != nil || !ok {
		return err
	}
	value, err := c.newValue(ctx, a)
	if err != nil {
		return err
	}
	alone, err := a.setCredential(ctx, c.Name, value)
	if err != nil {
		return err
	}
	return c.tell(a, value, alone, "is stored")
}

// agreed asks before a value that is needed gives way to one that only this machine
// knows. Whoever runs it where nobody can be asked has meant it, and is told.
func (c *secretSetCmd) agreed(ctx context.Context, a *app) (bool, error) {
	if !c.Generate || c.Yes {
		return true, nil
	}
	needs := a.needsOf(ctx, c.Name)
	if len(needs) == 0 {
		return true, nil
	}
	loss := fmt.Sprintf("%s needs the value that %s has now, and nothing works with it until the other side has the new one", neededBy(needs), c.Name)
	if !isTerminal(a.in) {
		a.note("%s", loss)
		return true, nil
	}
	yes, err := a.confirmed(ctx, loss+". Go on?")
	if err == nil && !yes {
		err = withNext(errors.New("nothing was changed"), "to let both values count for a while: homehook secret rotate %s --generate --show", c.Name)
	}
	return yes, err
}

// newValue is what is to be stored.
func (c *secretValue) newValue(ctx context.Context, a *app) (string, error) {
	if c.Show && !c.Generate {
		return "", misused("--show goes with --generate only: a value that was given is not shown")
	}
	// Before the prompt: nobody should type a secret for nothing.
	if err := checkCredential("NAME", c.Name); err != nil {
		return "", err
	}
	if !c.Generate {
		return a.secretInput(ctx, fmt.Sprintf("Value of %s: ", c.Name))
	}
	return generated(a.prefix(c.Name)), nil
}

// tell says that the value is stored. done says so of one that was given.
func (c *secretValue) tell(a *app, value string, alone bool, done string) error {
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
		a.note("credential %s %s", c.Name, done)
	}
	return nil
}

// setCredential stores a credential through the agent, or alone when none
// runs.
func (a *app) setCredential(ctx context.Context, name, value string) (alone bool, err error) {
	return a.changeCredentials(ctx,
		func(c *control.Client) error { return c.SetCredential(ctx, name, value) },
		func(s *credentials.Store) error {
			if err := agent.CheckCredential(name, value); err != nil {
				return err
			}
			return s.Set(name, value)
		})
}

// changeCredentials makes a change through the agent, or alone when none runs.
func (a *app) changeCredentials(ctx context.Context, ask func(*control.Client) error, do func(*credentials.Store) error) (alone bool, err error) {
	client, p, err := a.client()
	if err != nil {
		return false, err
	}
	defer client.Close()
	first := !credentials.Exists(p.State)
	// The agent goes first, because it uses the change at once.
	if err = ask(client); !noAgent(err) {
		if err == nil && first {
			a.tellAgentsPlace(ctx, client, p)
		}
		return false, a.unlockable(err)
	}
	s, err := a.store(ctx)
	if err != nil {
		return true, err
	}
	defer s.Close()
	if err := do(s); err != nil {
		return true, a.unlockable(err)
	}
	if first {
		a.tellPlace(s.Place(), p)
	}
	return true, nil
}

// tellAgentsPlace says where the root key is that the agent has made for a first
// credential.
func (a *app) tellAgentsPlace(ctx context.Context, client *control.Client, p service.Paths) {
	if s, err := client.Status(ctx); err == nil {
		a.tellPlace(credentials.Place(s.Credentials.Store), p)
	}
}
