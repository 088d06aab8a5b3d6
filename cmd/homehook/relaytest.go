package main

import (
	"context"
	"errors"
	"fmt"

	"homehook/agent"
	"homehook/agent/config"
)

// relayTestCmd is "homehook relay test".
type relayTestCmd struct {
	Name string `arg:"" help:"Name of the relay."`
}

// Help says what it does and shows an example.
func (*relayTestCmd) Help() string {
	return `It needs no running agent and does what one does, step by step: DNS, TCP, a
proxy if there is one, TLS, clock, token, each dialect, a link. Where a step
fails it says why and what to do. Links are opened for the relay's first claim
in the configuration and closed at once; without a claim the relay is only asked
what it offers.

Example:

    homehook relay test mine`
}

// Run tries the relay.
func (c *relayTestCmd) Run(ctx context.Context, a *app) error {
	p, err := a.paths()
	if err != nil {
		return err
	}
	store, err := a.lookIntoStore(ctx)
	if err != nil {
		return err
	}
	if store != nil {
		defer store.Close()
	}
	e, err := c.examination(a, p.Config, secretsOf(store))
	if err == nil && e.Relay.Embedded {
		err = a.embeddedRuns(ctx, c.Name)
	}
	if err != nil {
		return err
	}
	if !a.json {
		e.Tell = a.finding
	}
	v := agent.Examine(ctx, *e)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if a.json {
		if err := a.writeJSON(v); err != nil || v.OK {
			return err
		}
		return errSilent
	}
	if !v.OK {
		// The steps above have said why, and what to do.
		return fmt.Errorf("relay %s: no link can be opened", c.Name)
	}
	if v.Dialect == "" {
		a.say("\nrelay %s can be reached; claim a name, and this command tries links too", c.Name)
		return nil
	}
	a.say("\nrelay %s works with %s, round trip %s", c.Name, v.Dialect, ms(v.RoundTripMS))
	return nil
}

// examination gathers what is configured for the relay.
func (c *relayTestCmd) examination(a *app, path string, secret func(name string) (string, error)) (*agent.Examination, error) {
	cfg, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	defer cfg.Table.Close()
	e, err := agent.ExaminationOf(cfg, c.Name, secret)
	if err != nil {
		return nil, withNext(err, "see: homehook relay list")
	}
	e.Version = a.version
	return e, nil
}

// embeddedRuns is why an embedded relay cannot be tried: unless the agent serves it,
// the token would be shown to whoever has its address.
func (a *app) embeddedRuns(ctx context.Context, name string) error {
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	s, err := client.Status(ctx)
	if err != nil {
		return err
	}
	for _, f := range s.Findings {
		if f.Check == embeddedCheck && f.Subject == name {
			return withNext(errors.New(f.Text), "%s", f.Remedy)
		}
	}
	return nil
}

// marks of findings, and their colours.
var marks = map[string]struct{ sign, colour string }{
	agent.FindingOK:      {"✓", green},
	agent.FindingNo:      {"–", faint},
	agent.FindingWarning: {"!", yellow},
	agent.FindingProblem: {"✗", red},
	agent.FindingSkipped: {"·", faint},
}

// finding prints one step and what to do about it.
func (a *app) finding(f agent.Finding) {
	took := ""
	if f.MS > 0 {
		took = ms(f.MS)
	}
	m := marks[f.State]
	a.say("%s %-8s %-8s %s", a.paint(m.colour, m.sign), f.Step, took, f.Text)
	if f.Remedy != "" {
		a.say("  %-8s %-8s %s", "", "", a.paint(bold, "→ "+f.Remedy))
	}
}
