package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
)

const (
	// claimWait is how long "claim" waits for the agent to be connected.
	claimWait = 10 * time.Second

	// pollEvery is the interval of looks at a running agent.
	pollEvery = 20 * time.Millisecond
)

// claimCmd is "homehook claim".
type claimCmd struct {
	Name   string `arg:"" help:"The name: lower-case letters, digits and hyphens. It is part of the URL."`
	Relay  string `placeholder:"NAME" help:"On which relay; may be left out when there is one only."`
	Answer string `enum:",hold,store,through" default:"" placeholder:"MODE" help:"What a sender gets: hold (default), the answer from here if it comes soon and else that it is kept; store, always that it is kept; through, always the answer from here."`
}

// Help shows an example.
func (*claimCmd) Help() string {
	return `It writes the claim into the configuration. When the agent runs, it waits until
the agent is connected for it, for 10 seconds at most, and prints the public URL.

Examples:

    homehook claim garage --relay mine
    homehook claim orders --answer store`
}

// Run writes the claim down and waits for its URL.
func (c *claimCmd) Run(ctx context.Context, a *app) error {
	if err := checkClaim(config.Claim{Name: c.Name, Answer: c.Answer}); err != nil {
		return err
	}
	p, err := a.folders()
	if err != nil {
		return err
	}
	if err := c.write(a, p.Config); err != nil {
		return err
	}
	agent := control.NewClient(p.Socket())
	defer agent.Close()
	got, err := connected(ctx, agent, c.Name)
	switch {
	case noAgent(err):
		// No failure: the agent reads the file when it starts.
		a.note("the agent is not running; only %s was changed", p.Config)
		return c.writtenOnly(ctx, a, p.Config)
	case err != nil:
		return withNext(fmt.Errorf("claim %s is in %s, but not connected: %w", c.Name, p.Config, err),
			"%s", c.remedy(err, p.Config))
	case a.json:
		return a.writeJSON(got)
	}
	a.say("%s", got.URL)
	return nil
}

// remedy is the next step after err kept the claim from being connected.
func (c *claimCmd) remedy(err error, path string) string {
	// Of an error in the agent only the text comes over the socket; a relay's
	// refusal has its status in it.
	if strings.Contains(err.Error(), "(401)") {
		if relay, credential, ok := tokenOf(path, c.Name); ok && credential != "" {
			return fmt.Sprintf("give the relay another token: homehook secret set %s < token-file", credential)
		} else if ok {
			return fmt.Sprintf("store a token: homehook secret set relay/%s < token-file, and add token: relay/%s to the relay in %s", relay, relay, path)
		}
	}
	return fmt.Sprintf(`the agent keeps trying; "homehook release %s" takes the claim back`, c.Name)
}

// tokenOf finds the relay of a claim in a configuration file, and the
// credential that holds its token.
func tokenOf(path, claim string) (relay, credential string, ok bool) {
	cfg, err := config.Load(path)
	if err != nil {
		return "", "", false
	}
	defer cfg.Table.Close()
	for _, have := range cfg.Claims {
		for _, r := range cfg.Relays {
			if have.Name == claim && have.Relay == r.Name {
				return r.Name, r.Token, true
			}
		}
	}
	return "", "", false
}

// write adds the claim to the file. One that is there as wanted is good too,
// so that the command can be repeated after what was wrong is put right.
func (c *claimCmd) write(a *app, path string) error {
	err := config.AddClaim(path, config.Claim{Name: c.Name, Relay: c.Relay, Answer: c.Answer})
	if !errors.Is(err, config.ErrExists) {
		return flagRemedies(err) // nil, mostly
	}
	have, loadErr := claimIn(path, c.Name)
	if loadErr != nil {
		return loadErr
	}
	if c.Relay != "" && have.Relay != c.Relay || c.Answer != "" && have.Answer != c.Answer {
		return withNext(fmt.Errorf("%w, on relay %s with answer %s", err, have.Relay, have.Answer),
			"change it in %s, or release it first: homehook release %s", path, c.Name)
	}
	a.note("claim %s is in %s already", c.Name, path)
	return nil
}

// writtenOnly says what was written for an agent that does not run.
func (c *claimCmd) writtenOnly(ctx context.Context, a *app, path string) error {
	have, err := claimIn(path, c.Name)
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(control.Claim{Name: have.Name, Relay: have.Relay, Answer: have.Answer})
	}
	if a.hasService(ctx) {
		a.note("start the agent for the public URL: homehook service start")
	} else {
		a.note("start the agent for the public URL: homehook run")
	}
	return nil
}

// claimIn finds a claim in a configuration file.
func claimIn(path, name string) (config.Claim, error) {
	cfg, err := config.Load(path)
	if err != nil {
		return config.Claim{}, err
	}
	defer cfg.Table.Close()
	for _, claim := range cfg.Claims {
		if claim.Name == name {
			return claim, nil
		}
	}
	return config.Claim{}, fmt.Errorf("claim %q %w", name, config.ErrNotFound)
}

// connected waits until the agent is connected for a claim. The error says why
// it is not, at once if a person has to do something about it.
func connected(ctx context.Context, agent *control.Client, name string) (control.Claim, error) {
	late := time.NewTimer(claimWait)
	defer late.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		s, err := agent.Status(ctx)
		if err != nil {
			return control.Claim{}, err
		}
		got, final, err := progress(s, name)
		if final {
			return got, err
		}
		select {
		case <-tick.C:
		case <-late.C:
			return got, err
		case <-ctx.Done():
			return got, ctx.Err()
		}
	}
}

// progress finds a claim in a status. The error says why it is not connected,
// and final that waiting changes nothing about that.
func progress(s *control.Status, name string) (got control.Claim, final bool, err error) {
	for _, c := range s.Claims {
		switch {
		case c.Name != name:
			continue
		case c.Connected && c.URL != "":
			// Both: a link without a URL is of use to nobody.
			return c, true, nil
		case c.Error != "":
			return c, refused(s, c.Relay), errors.New(c.Error)
		}
		return c, false, fmt.Errorf("no answer from relay %s within %s", c.Relay, claimWait)
	}
	if s.ConfigError != "" {
		return got, false, fmt.Errorf("the agent does not accept the configuration: %s", s.ConfigError)
	}
	return got, false, errors.New("the agent has not read the configuration yet")
}

// refused reports whether a relay waits for a person.
func refused(s *control.Status, relay string) bool {
	for _, r := range s.Relays {
		if r.Name == relay {
			return r.State == control.StateProblem
		}
	}
	return false
}
