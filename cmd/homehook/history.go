package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/routes"
)

// historyCmd is "homehook history".
type historyCmd struct {
	Claim  string    `help:"Only those of this claim."`
	Route  string    `help:"Only those that took this route."`
	State  string    `enum:",received,running,waiting,succeeded,rejected,duplicate,dead,expired" default:"" help:"Only those in this state: received, running, waiting, succeeded, rejected, duplicate, dead or expired."`
	Method string    `help:"Only those with this method."`
	Status int       `help:"Only those that were answered with this status."`
	Since  pastValue `placeholder:"WHEN" help:"Only those since: 2h, 3d, 2026-01-31, 2026-01-31T08:00:00Z."`
	Until  pastValue `placeholder:"WHEN" help:"Only those until."`
	Search string    `placeholder:"TEXT" help:"Only those with this text in head, body or output."`
	Limit  int       `default:"50" help:"How many at most; ${default} by default."`
}

// Help shows examples.
func (*historyCmd) Help() string {
	return `Examples:

    homehook history --since 2h --state dead
    homehook history --search invoice --json`
}

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

// query is what the flags ask for.
func (c *historyCmd) query(now time.Time) (q control.Query, err error) {
	q = control.Query{
		Claim: c.Claim, Route: c.Route, State: c.State, Method: strings.ToUpper(c.Method),
		Status: c.Status, Search: c.Search,
	}
	if c.Limit < 1 {
		return q, misused("--limit is %d; it is at least 1", c.Limit)
	}
	if c.Status != 0 && (c.Status < 100 || c.Status > 599) {
		return q, misused("--status is %d; it is a number from 100 to 599", c.Status)
	}
	if q.Since, err = c.Since.at(now); err != nil {
		return q, err
	}
	q.Until, err = c.Until.at(now)
	return q, err
}

// Run lists deliveries.
func (c *historyCmd) Run(ctx context.Context, a *app) error {
	q, err := c.query(a.now())
	if err != nil {
		return err
	}
	client, p, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	found, err := deliveries(ctx, client, q, c.Limit)
	if err != nil {
		return err
	}
	if recordingOff(p.Config) {
		a.note("nothing is recorded: %s says history: {off: true}", p.Config)
	}
	if a.json {
		return a.writeJSON(list(found))
	}
	if len(found) == 0 {
		a.note("no delivery")
		return nil
	}
	a.deliveryTable(found)
	return nil
}

// recordingOff reports whether the configuration switches the history off. A
// file that does not load is not the one in use, and says nothing.
func recordingOff(path string) bool {
	cfg, err := config.Load(path)
	if err != nil {
		return false
	}
	defer cfg.Table.Close()
	return cfg.History.Off
}

// deliveries reads pages until it has limit deliveries, or all that match.
func deliveries(ctx context.Context, c *control.Client, q control.Query, limit int) ([]control.Delivery, error) {
	var all []control.Delivery
	for {
		// The last page is cut to what is still wanted.
		q.Limit = min(limit-len(all), control.MaxLimit)
		page, next, err := c.Deliveries(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == "" || len(all) >= limit {
			return all, nil
		}
		q.Cursor = next
	}
}

// deliveryTable prints deliveries as a table, one a line.
func (a *app) deliveryTable(all []control.Delivery) {
	rows := make([][]cell, 0, len(all))
	for i := range all {
		d := &all[i]
		row := plainCells(d.Received.Local().Format(time.DateTime), d.State, statusText(d.Status), d.Method,
			oneLine(target(d), 48), oneLine(routeText(d), 32), ms(d.DurationMS), d.ID)
		row[1].colour = stateColour(d.State)
		rows = append(rows, row)
	}
	a.table([]string{"TIME", "STATE", "STATUS", "METHOD", "PATH", "ROUTE", "TOOK", "ID"}, rows)
}

// statusText is a status, or nothing while there is none.
func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}

// routeText names the route of a delivery.
func routeText(d *control.Delivery) string {
	if d.Route == "" {
		return "no route"
	}
	return d.Route
}

// target is path and query as the sender wrote them.
func target(d *control.Delivery) string {
	if d.Query == "" {
		return d.Path
	}
	return d.Path + "?" + d.Query
}
