package agent

import (
	"fmt"
	"slices"

	"homehook/agent/config"
	"homehook/routes"
)

// install puts what the inbox needs of a configuration in force.
func (in *inbox) install(c *config.Config) {
	old := in.table.Swap(c.Table)
	in.config.Store(c)
	if old != nil && old != c.Table {
		old.Close()
	}
	keep := int64(c.History.Body)
	if c.History.Off {
		keep = -1
	}
	in.keep.Store(keep)
	in.executor.configure(c)
}

// claimOf returns the settings of a claim, nil when the configuration has none
// of that name.
func (in *inbox) claimOf(name string) *config.Claim {
	c := in.config.Load()
	i := slices.IndexFunc(c.Claims, func(c config.Claim) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Claims[i]
}

// specOf returns a route as it stands in the configuration, nil when there is
// none of that name.
func (in *inbox) specOf(name string) *routes.Spec {
	c := in.config.Load()
	i := slices.IndexFunc(c.Routes, func(s routes.Spec) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Routes[i]
}

// only makes a table in which one route of the configuration takes all
// deliveries of a claim, whatever it matches otherwise. The caller closes it.
func (in *inbox) only(route, claim string) (*routes.Table, error) {
	spec := in.specOf(route)
	if spec == nil {
		return nil, fmt.Errorf("the route %q is not in the configuration", route)
	}
	one := *spec
	one.Claim, one.Match = claim, "/"
	table, problems := routes.Compile([]routes.Spec{one})
	if len(problems) > 0 {
		return nil, fmt.Errorf("the route %q cannot be used: %s", route, problems[0].Message)
	}
	return table, nil
}
