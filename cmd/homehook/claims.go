package main

import (
	"context"
	"strconv"

	"homehook/agent/control"
)

// claimsCmd is "homehook claims".
type claimsCmd struct{}

// Help shows an example.
func (*claimsCmd) Help() string {
	return "Example:\n\n    homehook claims --json"
}

// Run lists the claims.
func (*claimsCmd) Run(ctx context.Context, a *app) error {
	c, _, err := a.client()
	if err != nil {
		return err
	}
	defer c.Close()
	claims, err := c.Claims(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(list(claims))
	}
	if len(claims) == 0 {
		a.note("no claim yet; make one with: homehook claim NAME")
		return nil
	}
	a.claimTable(claims)
	return nil
}

// claimTable prints claims as a table.
func (a *app) claimTable(claims []control.Claim) {
	rows := make([][]cell, 0, len(claims))
	for _, c := range claims {
		// Of the states of a relay only one means that webhooks arrive.
		state := "offline"
		if c.Connected {
			state = control.StateConnected
		}
		row := plainCells(c.Name, c.Relay, state, c.URL, c.Answer, strconv.Itoa(c.Links), strconv.Itoa(c.Queued), c.Error)
		row[2].colour = red
		if c.Connected {
			row[2].colour = green
		}
		rows = append(rows, row)
	}
	a.table([]string{"CLAIM", "RELAY", "STATE", "PUBLIC URL", "ANSWER", "LINKS", "QUEUED", "PROBLEM"}, rows)
}
