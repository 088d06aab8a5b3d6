package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"homehook/agent/control"
	"homehook/routes"
	"homehook/spelling"
)

// filter is the flags that choose deliveries, for every command that lists them.
type filter struct {
	Claim  string    `help:"Only those of this claim."`
	Route  string    `help:"Only those that took this route."`
	State  string    `enum:",received,running,waiting,succeeded,rejected,duplicate,dead,expired" default:"" help:"Only those in this state: received, running, waiting, succeeded, rejected, duplicate, dead or expired."`
	Method string    `help:"Only those with this method."`
	Status int       `help:"Only those that were answered with this status."`
	Since  pastValue `placeholder:"WHEN" help:"Only those since: 2h, 3d, 2026-01-31, 2026-01-31T08:00:00Z."`
	Until  pastValue `placeholder:"WHEN" help:"Only those until."`
	Search string    `placeholder:"WORDS" help:"Only those with these words in path, query, head, body or output."`
}

// query is what the flags ask for.
func (f *filter) query(now time.Time) (q control.Query, err error) {
	q = control.Query{
		Claim: f.Claim, Route: f.Route, State: f.State, Method: strings.ToUpper(f.Method),
		Status: f.Status, Search: f.Search,
	}
	if f.Status != 0 && (f.Status < 100 || f.Status > 599) {
		return q, misused("--status is %d; it is a number from 100 to 599", f.Status)
	}
	if q.Since, err = f.Since.at(now); err != nil {
		return q, err
	}
	q.Until, err = f.Until.at(now)
	return q, err
}

// noteUnknown says which names of the flags the configuration has not: of what
// is there no more the history may still have deliveries. It returns how many
// claims are configured.
func (a *app) noteUnknown(ctx context.Context, c *control.Client, f *filter) (claims int, err error) {
	all, err := c.Claims(ctx)
	if err != nil {
		return 0, err
	}
	var names []string
	for i := range all {
		names = append(names, all[i].Name)
	}
	a.noteMissing("claim", f.Claim, names)
	if f.Route == "" {
		return len(all), nil
	}
	if names, err = routeNames(ctx, c); err != nil {
		return 0, err
	}
	a.noteMissing("route", f.Route, names)
	return len(all), nil
}

// noteMissing says that a name is not among names.
func (a *app) noteMissing(what, name string, names []string) {
	switch near := spelling.Nearest(name, names); {
	case name == "" || slices.Contains(names, name):
	case near != "":
		a.note("no %s %q is configured; did you mean %q?", shown(what), quotable(name), quotable(near))
	default:
		a.note("no %s %q is configured", shown(what), quotable(name))
	}
}

// quotable is a text for %q, which escapes it.
type quotable string

// pastValue is a moment as a user gives it: a time, or how long ago.
type pastValue string

// at is the moment that v means, seen from now.
func (v pastValue) at(now time.Time) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	// The same spelling of durations as in the configuration, with days.
	var ago routes.Duration
	if ago.UnmarshalText([]byte(v)) == nil {
		return now.Add(-time.Duration(ago)), nil
	}
	// Without a zone it is this machine's time, as on its clock.
	for _, layout := range []string{time.RFC3339, "2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, string(v), now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, misused("%q is no time; write 2h, 3d, 2026-01-31 or 2026-01-31T08:00:00Z", string(v))
}
