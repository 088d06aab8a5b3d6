package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
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
	found, more, err := listed(ctx, client, q, c.Limit)
	if err != nil {
		return err
	}
	claims, err := a.noteUnknown(ctx, client, &c.filter)
	if err != nil {
		return err
	}
	if more {
		a.note("%d shown; --limit for more", len(found))
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
	a.deliveryTable(found, claims > 1)
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
	all, _, err := listed(ctx, c, q, limit)
	return all, err
}

// listed is deliveries, and whether there are more of them.
func listed(ctx context.Context, c *control.Client, q control.Query, limit int) (all []control.Delivery, more bool, err error) {
	for {
		// The last page is cut to what is still wanted.
		q.Limit = min(limit-len(all), control.MaxLimit)
		page, next, err := c.Deliveries(ctx, q)
		if err != nil {
			return nil, false, err
		}
		all = append(all, page...)
		if next == "" || len(all) >= limit {
			return all, next != "", nil
		}
		q.Cursor = next
	}
}

// deliveryTable prints deliveries as a table, one a line. Their claims are among
// its columns if that is asked for, or they are not all of one.
func (a *app) deliveryTable(all []control.Delivery, claims bool) {
	claims = claims || slices.ContainsFunc(all, func(d control.Delivery) bool { return d.Claim != all[0].Claim })
	rows := make([][]cell, 0, len(all))
	for i := range all {
		d := &all[i]
		row := plainCells(d.Received.Local().Format(time.DateTime), d.State, statusText(d.Status), d.Method,
			oneLine(target(d), 48), oneLine(routeText(d), 32), ms(d.DurationMS), d.ID)
		row[1].colour = stateColour(d.State)
		if claims {
			row = slices.Insert(row, claimColumn, cell{text: oneLine(d.Claim, 32)})
		}
		rows = append(rows, row)
	}
	head := []string{"TIME", "STATE", "STATUS", "METHOD", "PATH", "ROUTE", "TOOK", "ID"}
	if claims {
		head = slices.Insert(head, claimColumn, "CLAIM")
	}
	a.table(head, rows)
}

// claimColumn is the place of the claim among the columns of deliveries.
const claimColumn = 3

// statusText is a status, or a mark while there is none, which keeps columns in
// their places.
func statusText(status int) string {
	if status == 0 {
		return "-"
	}
	return strconv.Itoa(status)
}

// routeText names the route of a delivery. That routes fit it and none wanted it
// is something else than that there is none for it.
func routeText(d *control.Delivery) string {
	switch {
	case d.Route != "":
		return d.Route
	case strings.HasPrefix(d.Reason, "no route wanted it"):
		return "none wanted it"
	}
	return "no route"
}

// target is path and query as the sender wrote them.
func target(d *control.Delivery) string {
	if d.Query == "" {
		return d.Path
	}
	return d.Path + "?" + d.Query
}
