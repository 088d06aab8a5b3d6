package main

import (
	"context"
	"errors"
	"fmt"

	"homehook/agent"
	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/service"
)

// releaseCmd is "homehook release".
type releaseCmd struct {
	Name string `arg:"" help:"Name of the claim."`
}

// Help shows an example.
func (*releaseCmd) Help() string {
	return `The relay forgets the name, so that others may claim it, and the claim leaves
the configuration. Without a running agent this command does both itself.

Example:

    homehook release garage`
}

// Run gives the claim back.
func (c *releaseCmd) Run(ctx context.Context, a *app) error {
	client, p, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	// A running agent does it itself: it must let go of the links.
	err = client.ReleaseClaim(ctx, c.Name)
	if noAgent(err) {
		if err = c.alone(ctx, a, p); err == nil {
			a.note("the agent is not running; told the relay and changed %s", p.Config)
		}
	}
	switch {
	// The agent's errors are of package control, the file's of config.
	case errors.Is(err, control.ErrNotFound), errors.Is(err, config.ErrNotFound):
		return withNext(fmt.Errorf("no claim %s in %s", c.Name, p.Config), "see: homehook claims")
	case err != nil:
		return err
	case a.json:
		return a.writeJSON(map[string]string{"name": c.Name})
	}
	a.say("claim %s is released", c.Name)
	return nil
}

// alone releases without an agent.
func (c *releaseCmd) alone(ctx context.Context, a *app, p service.Paths) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	return agent.Release(ctx, p.Config, store.Get, c.Name)
}
