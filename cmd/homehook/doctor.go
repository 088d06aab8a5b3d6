package main

import (
	"context"
	"fmt"

	"homehook/agent"
	"homehook/agent/control"
)

// doctorCmd is "homehook doctor".
type doctorCmd struct{}

// Help says what it looks at and shows an example.
func (*doctorCmd) Help() string {
	return `It looks at the agent, the configuration, who else may read its folders,
credentials, scripts, the history, the disk, the way to each relay, the clock and
the claims, and says what to do where something is wrong. It changes nothing.
Without a running agent it looks at all that needs none. It may take most of a
minute where a relay does not answer.

It ends with 0 when there is no problem and with 1 otherwise. A warning is no
problem.

Example:

    homehook doctor`
}

// Run has the agent look at itself, or looks in its place.
func (*doctorCmd) Run(ctx context.Context, a *app) error {
	c, p, err := a.client()
	if err != nil {
		return err
	}
	defer c.Close()
	checkup, err := c.Doctor(ctx)
	if noAgent(err) {
		checkup, err = agent.Diagnose(ctx, agent.Patient{
			Config: p.Config, History: p.History(), Socket: p.Socket(), Version: a.version,
		})
	}
	if err != nil {
		return err
	}
	if a.json {
		if err := a.writeJSON(checkup); err != nil || checkup.OK {
			return err
		}
		return errSilent
	}
	counts := make(map[string]int)
	for _, f := range checkup.Findings {
		counts[f.State]++
		a.checked(f)
	}
	if !checkup.OK {
		return fmt.Errorf("%s found", count(counts[control.FindingProblem], "problem"))
	}
	a.say("\nno problem found, %s", count(counts[control.FindingWarning], "warning"))
	return nil
}

// checked prints one finding and what to do about it.
func (a *app) checked(f control.Finding) {
	m := marks[f.State]
	text := f.Text
	switch f.Check {
	case "relay", "claim", "clock": // of the others, the text says of what
		if f.Subject != "" {
			text = f.Subject + ": " + text
		}
	}
	a.say("%s %-13s %s", a.paint(m.colour, m.sign), f.Check, text)
	if f.Remedy != "" {
		a.say("  %-13s %s", "", a.paint(bold, "→ "+f.Remedy))
	}
}
