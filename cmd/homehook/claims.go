package main

import (
	"context"
	"strconv"
	"time"

	"homehook/agent/control"
	"homehook/routes"
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
		row := plainCells(c.Name, c.Relay, state, c.URL, c.Answer, strconv.Itoa(c.Links), strconv.Itoa(c.Queued),
			lastDelivery(&c), silenceText(&c), c.Error)
		row[2].colour = red
		if c.Connected {
			row[2].colour = green
		}
		if c.Silent {
			row[8].colour = yellow
		}
		rows = append(rows, row)
	}
	a.table([]string{"CLAIM", "RELAY", "STATE", "PUBLIC URL", "ANSWER", "LINKS", "QUEUED", "LAST DELIVERY", "SILENCE", "PROBLEM"}, rows)
}

// lastDelivery is when the newest delivery of a claim came.
func lastDelivery(c *control.Claim) string {
	if c.LastDelivery.IsZero() {
		return "none"
	}
	return c.LastDelivery.Local().Format(time.DateTime)
}

// silenceText is how long a claim may be silent, and whether it is for longer.
func silenceText(c *control.Claim) string {
	if c.Silence == 0 {
		return "-"
	}
	text := routes.Duration(time.Duration(c.Silence * float64(time.Second))).String()
	if c.Silent {
		text = "silent for " + text
	}
	return text
}
