package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"homehook/agent/control"
)

// maxNames is how many names are looked at for one that was meant, and shown.
const maxNames = 200

// nearest is the one of names that is most like name, "" when none is like it
// enough to be meant.
func nearest(name string, names []string) string {
	name = strings.ToLower(name)
	best, found := len(name)/3+2, ""
	for _, n := range names[:min(len(names), maxNames)] {
		low := strings.ToLower(n)
		d := distance(name, low)
		if strings.HasPrefix(low, name) && name != "" {
			d = min(d, 1)
		}
		if d < best && d < len(n) {
			best, found = d, n
		}
	}
	return found
}

// distance counts the single bytes to put in, take out or change that turn a
// into b.
func distance(a, b string) int {
	const most = 64
	if len(a) > most || len(b) > most {
		return len(a) + len(b)
	}
	row := make([]int, len(b)+1) // of the distances of a[:i] from each b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, corner+1, row[j]+1)
		}
	}
	return row[len(b)]
}

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
	if near := nearest(name, names); near != "" {
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
