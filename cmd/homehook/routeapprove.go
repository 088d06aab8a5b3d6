package main

import (
	"errors"

	"homehook/agent/config"
)

// routeApproveCmd is "homehook route approve".
type routeApproveCmd struct {
	Name string `arg:"" help:"Name of the route."`
}

// Help says what it does and shows an example.
func (*routeApproveCmd) Help() string {
	return `It writes the SHA-256 digest of the route's program, as it is now, into the
configuration. From then on a program with another digest is not run: deliveries
fail with "it has changed since you approved it" until the route is approved
again. Only the program itself is approved, not what it reads or starts.

Example:

    homehook route approve 'deploy the blog'`
}

// Run approves the programs of a route.
func (c *routeApproveCmd) Run(a *app) error {
	p, err := a.paths()
	if err != nil {
		return err
	}
	list, err := config.Approve(p.Config, c.Name)
	if errors.Is(err, config.ErrNotFound) {
		return c.unknown(p.Config)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(list)
	}
	for _, done := range list {
		switch done.Before {
		case "":
			a.say("approved %s (SHA-256 %s)", shown(done.Program), done.SHA256)
		case done.SHA256:
			a.say("%s is as it was approved before (SHA-256 %s)", shown(done.Program), done.SHA256)
		default:
			a.say("approved %s anew (SHA-256 %s, before %s)", shown(done.Program), done.SHA256, shown(done.Before))
		}
	}
	return nil
}

// unknown says which routes there are.
func (c *routeApproveCmd) unknown(path string) error {
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	defer cfg.Table.Close()
	var names []string
	for i := range cfg.Routes {
		names = append(names, cfg.Routes[i].Name)
	}
	return noRoute(c.Name, names)
}
