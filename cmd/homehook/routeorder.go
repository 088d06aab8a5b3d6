package main

import (
	"context"

	"homehook/agent"
	"homehook/agent/config"
	"homehook/agent/control"
)

// routeMoveCmd is "homehook route move".
type routeMoveCmd struct {
	Name   string `arg:"" help:"Name of the route."`
	Before string `placeholder:"ROUTE" help:"The route that it comes before; without it, the end of the list."`
}

// Help says what it is for and shows examples.
func (*routeMoveCmd) Help() string {
	return `The first route that fits takes a delivery, so their order counts. The agent need
not run.

Examples:

    homehook route move 'deploy the blog' --before 'everything else'
    homehook route move 'everything else'`
}

// Run moves the route.
func (c *routeMoveCmd) Run(ctx context.Context, a *app) error {
	path, v, _, err := a.route(c.Name)
	if err == nil && c.Before != "" && named(v.Routes, c.Before) < 0 {
		err = noRoute(c.Before, names(v.Routes))
	}
	if err != nil {
		return err
	}
	if _, err := change(ctx, path, v, config.Edit{Op: config.EditMove, Part: config.PartRoute, Name: c.Name, Before: c.Before}); err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(map[string]string{"name": c.Name, "before": c.Before})
	}
	if c.Before == "" {
		a.say("route %s is the last one", shown(c.Name))
		return nil
	}
	a.say("route %s comes before %s", shown(c.Name), shown(c.Before))
	return nil
}

// routeRemoveCmd is "homehook route remove".
type routeRemoveCmd struct {
	Name string `arg:"" help:"Name of the route."`
}

// Help says what stays and shows an example.
func (*routeRemoveCmd) Help() string {
	return `The route and the comments above it leave the configuration. Its deliveries stay
in the history, and its credentials where they are. To let it rest for a while:
homehook route off. The agent need not run.

Example:

    homehook route remove 'deploy the blog'`
}

// Run removes the route.
func (c *routeRemoveCmd) Run(ctx context.Context, a *app) error {
	path, v, _, err := a.route(c.Name)
	if err != nil {
		return err
	}
	if _, err := change(ctx, path, v, config.Edit{Op: config.EditRemove, Part: config.PartRoute, Name: c.Name}); err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(map[string]string{"name": c.Name})
	}
	a.say("route %s is no longer in %s", shown(c.Name), path)
	return nil
}

// routeOnCmd is "homehook route on", and routeOffCmd "homehook route off".
type (
	routeOnCmd struct {
		Name string `arg:"" help:"Name of the route."`
	}
	routeOffCmd struct {
		Name string `arg:"" help:"Name of the route."`
	}
)

// Help shows an example.
func (*routeOnCmd) Help() string {
	return "Deliveries go by the route again. The agent need not run.\n\nExample:\n\n    homehook route on 'deploy the blog'"
}

// Help shows an example.
func (*routeOffCmd) Help() string {
	return "It stays in the configuration, and no delivery goes by it. The agent need not run.\n\nExample:\n\n    homehook route off 'deploy the blog'"
}

// Run lets deliveries go by the route.
func (c *routeOnCmd) Run(ctx context.Context, a *app) error { return a.switchRoute(ctx, c.Name, true) }

// Run lets none do so.
func (c *routeOffCmd) Run(ctx context.Context, a *app) error {
	return a.switchRoute(ctx, c.Name, false)
}

// switchRoute says whether deliveries go by a route.
func (a *app) switchRoute(ctx context.Context, name string, on bool) error {
	path, v, i, err := a.route(name)
	if err != nil {
		return err
	}
	off, word := any(nil), "on"
	if !on {
		off, word = true, "off"
	}
	if was, _ := v.Routes[i].Values["off"].(bool); was == on { // a write that changes nothing is none
		if err := setKeys(ctx, path, v, config.PartRoute, &v.Routes[i], map[string]any{"off": off}); err != nil {
			return err
		}
	}
	if !a.json {
		a.say("route %s is %s", shown(name), word)
		return nil
	}
	now, err := routeIn(path, name)
	if err != nil {
		return err
	}
	return a.writeJSON(now)
}

// route finds a route in the configuration file, and its place there.
func (a *app) route(name string) (path string, v *config.View, i int, err error) {
	p, err := a.folders()
	if err != nil {
		return "", nil, 0, err
	}
	if v, err = look(p.Config); err != nil {
		return "", nil, 0, err
	}
	if i = named(v.Routes, name); i < 0 {
		return "", nil, 0, noRoute(name, names(v.Routes))
	}
	return p.Config, v, i, nil
}

// routeIn is a route of a configuration file as the agent describes it.
func routeIn(path, name string) (control.Route, error) {
	cfg, err := config.Load(path)
	if err != nil {
		return control.Route{}, err
	}
	defer cfg.Table.Close()
	for i := range cfg.Routes {
		if r := agent.RouteOf(&cfg.Routes[i]); r.Name == name {
			return r, nil
		}
	}
	return control.Route{}, noRoute(name, nil) // somebody has just removed it
}

// names are what entries are called.
func names(list []config.Entry) (all []string) {
	for i := range list {
		all = append(all, list[i].Name)
	}
	return all
}
