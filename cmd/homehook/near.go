package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"homehook/agent/control"
	"homehook/spelling"
)

// routeNames lists the routes that the agent uses.
func routeNames(ctx context.Context, c *control.Client) ([]string, error) {
	all, err := c.Routes(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	return names, nil
}

// noRoute is the error for a name that no route of names has.
func noRoute(name string, names []string) error {
	next := "see: homehook route list"
	if near := spelling.Nearest(name, names); near != "" {
		next = fmt.Sprintf("did you mean %q?", near)
	} else if all := quoteAll(names); len(all) > 0 && len(all) <= 10 {
		next = "it has " + strings.Join(all, ", ")
	}
	return withNext(fmt.Errorf("the route %q is not in the configuration", name), "%s", next)
}

// quoteAll puts names in quotes, each once.
func quoteAll(names []string) (all []string) {
	for _, n := range names {
		if q := fmt.Sprintf("%q", n); !slices.Contains(all, q) {
			all = append(all, q)
		}
	}
	return all
}
