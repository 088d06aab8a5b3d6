package agent

import (
	"fmt"
	"slices"

	"homehook/agent/config"
	"homehook/routes"
)

// install puts what the inbox needs of a configuration in force.
func (in *inbox) install(c *config.Config) {
	c.Table.Inherit(in.table.Load())
	old := in.table.Swap(c.Table)
	in.turns.clear()
	in.journal.veil.use(c)
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

// only makes a table in which one route of the configuration takes a delivery,
// whatever it matches or wants otherwise. The caller closes it.
func (in *inbox) only(route string, d *routes.Delivery) (*routes.Table, error) {
	spec := in.specOf(route)
	if spec == nil {
		return nil, fmt.Errorf("the route %q is not in the configuration", route)
	}
	one := *spec
	one.Claim = d.Claim
	one.Off, one.Events, one.When, one.Continue, one.Rate = false, nil, "", false, nil
	table, _ := routes.CompileToRun([]routes.Spec{one})
	if table != nil {
		// Its wildcards stand for what they do otherwise, if the path has them.
		if _, _, fits := table.Find(d.Claim, d.Request.Method, d.Request.Path()); fits {
			return table, nil
		}
		table.Close()
	}
	one.Match = "/"
	table, problems := routes.CompileToRun([]routes.Spec{one})
	if table == nil {
		i := slices.IndexFunc(problems, func(p routes.Problem) bool { return !p.Passing })
		return nil, fmt.Errorf("the route %q cannot be used for this path: %s", route, problems[i].Message)
	}
	return table, nil
}
