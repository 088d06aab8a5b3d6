package main

import (
	"context"
	"strconv"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
)

// historyCmd is "homehook history".
type historyCmd struct {
	filter `embed:""`

	Limit int `default:"50" help:"How many at most; ${default} by default."`
}

// Help shows examples.
func (*historyCmd) Help() string {
	return `Examples:

    homehook history --since 2h --state dead
    homehook history --search invoice --json`
}

// Run lists deliveries.
func (c *historyCmd) Run(ctx context.Context, a *app) error {
	if c.Limit < 1 {
		return misused("--limit is %d; it is at least 1", c.Limit)
	}
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
