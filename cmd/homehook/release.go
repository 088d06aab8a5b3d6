package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"homehook/agent"
	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/service"
)

// releaseCmd is "homehook release".
type releaseCmd struct {
	Name    string `arg:"" help:"Name of the claim."`
	Discard bool   `help:"Forget deliveries that still wait for it at the relay."`
	Local   bool   `help:"Only take the claim out of the configuration; the relay keeps the name for the token."`
}

// Help shows an example.
func (*releaseCmd) Help() string {
	return `The relay forgets the name, so that others may claim it, and the claim leaves
the configuration, once no route names it. Without a running agent this command
does both itself. While deliveries for it wait at the relay it stays, unless --discard is given.

Examples:

    homehook release garage
    homehook release garage --local`
}

// Run gives the claim back.
func (c *releaseCmd) Run(ctx context.Context, a *app) error {
	if c.Local && c.Discard {
		return misused("--local leaves the relay alone, and --discard is for the relay; give one")
	}
	client, p, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	if c.Local {
		return c.local(a, p.Config)
	}
	// A running agent does it itself: it must let go of the links.
	err = client.ReleaseClaim(ctx, c.Name, c.Discard)
	if noAgent(err) {
		if err = c.alone(ctx, a, p); err == nil {
			a.note("the agent is not running; told the relay and changed %s", p.Config)
		}
	}
	switch {
	// The agent's errors are of package control, the file's of config.
	case errors.Is(err, control.ErrNotFound), errors.Is(err, config.ErrNotFound):
		return c.missing(p.Config)
	case errors.Is(err, control.ErrQueued):
		return withNext(err, "let the agent run until they are delivered, or forget them: homehook release %s --discard", c.Name)
	case err != nil && ctx.Err() == nil && c.removable(p.Config):
		return withNext(err, "to take it out of %s all the same: homehook release %s --local", p.Config, c.Name)
	case err != nil && c.inUse(p.Config) != nil:
		return c.inUse(p.Config)
	case err != nil:
		return err
	case a.json:
		return a.writeJSON(map[string]string{"name": c.Name})
	}
	a.say("claim %s is released", c.Name)
	return nil
}

// missing is the error for a name that is not claimed.
func (c *releaseCmd) missing(path string) error {
	return withNext(fmt.Errorf("no claim %s in %s", c.Name, path), "see: homehook claims")
}

// local takes the claim out of the file. A running agent follows that and lets
// go of the links.
func (c *releaseCmd) local(a *app, path string) error {
	have, err := claimIn(path, c.Name)
	if err == nil {
		err = config.RemoveClaim(path, c.Name)
	}
	switch {
	case errors.Is(err, config.ErrNotFound):
		return c.missing(path)
	case err != nil && c.inUse(path) != nil:
		return c.inUse(path)
	case err != nil:
		return err
	}
	a.note("relay %s keeps the name for the token that claimed it", have.Relay)
	if a.json {
		return a.writeJSON(map[string]string{"name": c.Name})
	}
	a.say("claim %s is no longer in %s", c.Name, path)
	return nil
}

// inUse is the error for a claim that routes of the file need, nil for another.
func (c *releaseCmd) inUse(path string) error {
	cfg, err := config.Load(path)
	if err != nil {
		return nil
	}
	defer cfg.Table.Close()
	var users []string
	for i := range cfg.Routes {
		// A route need not name the only claim.
		if r := &cfg.Routes[i]; r.Claim == c.Name || r.Claim == "" && len(cfg.Claims) == 1 && cfg.Claims[0].Name == c.Name {
			users = append(users, fmt.Sprintf("%q", cmp.Or(r.Name, r.Match)))
		}
	}
	them, routes := "it", "the route "
	switch {
	case len(users) == 0:
		return nil
	case len(users) > 1:
		them, routes = "them", "the routes "
	}
	return withNext(fmt.Errorf("claim %q is used by %s%s", c.Name, routes, strings.Join(users, ", ")),
		"take %s out of %s, or give %s another claim, and then: homehook release %s", them, path, them, c.Name)
}

// removable reports whether the file has the claim and nothing in it needs it,
// so that it was the relay that kept it from being released.
func (c *releaseCmd) removable(path string) bool {
	cfg, err := config.Load(path)
	if err != nil {
		return false
	}
	defer cfg.Table.Close()
	return slices.ContainsFunc(cfg.Claims, func(have config.Claim) bool { return have.Name == c.Name }) &&
		cfg.Removable(c.Name) == nil
}

// alone releases without an agent.
func (c *releaseCmd) alone(ctx context.Context, a *app, p service.Paths) error {
	store, err := a.store(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	return a.unlockable(agent.Release(ctx, p.Config, store.Get, c.Name, c.Discard))
}
