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

	Silence string `placeholder:"TIME|off" help:"Warn when no delivery came for so long, such as 24h; off (default) for never."`
	Sender  string `placeholder:"NAME|any" help:"Who sends, such as github; any (default) for several."`
}

// Help shows an example.
func (*claimCmd) Help() string {
	return `It writes the claim into the configuration; of one that is there, it changes what
the flags say and nothing else. When the agent runs, it waits until the agent is
connected for it, for 10 seconds at most, and prints the public URL.

Examples:

    homehook claim garage --relay mine
    homehook claim orders --answer store
    homehook claim orders --silence 24h --sender github`
}

// Run writes the claim down and waits for its URL.
func (c *claimCmd) Run(ctx context.Context, a *app) error {
	claim, err := c.wanted()
	if err != nil {
		return err
	}
	p, err := a.folders()
	if err != nil {
		return err
	}
	if err := c.write(ctx, a, p.Config, claim); err != nil {
		return err
	}
	agent := control.NewClient(p.Socket())
	defer agent.Close()
	got, err := connected(ctx, agent, c.Name, func(now control.Claim) bool { return c.isIn(now, claim) })
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

// Words that stand for no value of --silence and --sender.
const (
	noSilence = "off"
	anySender = "any"
)

// wanted is the claim that the flags say.
func (c *claimCmd) wanted() (config.Claim, error) {
	claim := config.Claim{Name: c.Name, Relay: c.Relay, Answer: c.Answer}
	if c.Silence != "" && c.Silence != noSilence {
		if err := claim.Silence.UnmarshalText([]byte(c.Silence)); err != nil {
			return claim, misused("--silence: %w", err)
		}
	}
	if c.Sender != anySender {
		claim.Sender = c.Sender
	}
	return claim, checkClaim(claim, c.Silence != "" && c.Silence != noSilence)
}

// write adds the claim to the file, or changes the one that is there. One that is as
// wanted is good too, so that the command can be repeated after what was wrong is put
// right.
func (c *claimCmd) write(ctx context.Context, a *app, path string, claim config.Claim) error {
	err := config.AddClaim(path, claim)
	if !errors.Is(err, config.ErrExists) {
		return flagRemedies(err) // nil, mostly
	}
	have, loadErr := claimIn(path, c.Name)
	if loadErr != nil {
		return loadErr
	}
	if c.Relay != "" && have.Relay != c.Relay {
		return withNext(fmt.Errorf("%w, on relay %s", err, have.Relay),
			"change it in %s, or release it first: homehook release %s", path, c.Name)
	}
	keys := c.changes(have, claim)
	if len(keys) == 0 {
		a.note("claim %s is in %s already", c.Name, path)
		return nil
	}
	v, err := look(path)
	if err != nil {
		return err
	}
	i := named(v.Claims, c.Name)
	if i < 0 {
		return fmt.Errorf("claim %q %w", c.Name, config.ErrNotFound) // somebody has just released it
	}
	if err := setKeys(ctx, path, v, config.PartClaim, &v.Claims[i], keys); err != nil {
		return err
	}
	a.note("claim %s was changed in %s", c.Name, path)
	return nil
}

// changes are the keys of a claim that the flags want other than it has them.
func (c *claimCmd) changes(have, want config.Claim) map[string]any {
	keys := map[string]any{}
	if c.Answer != "" && have.Answer != want.Answer {
		keys["answer"] = c.Answer
	}
	if c.Silence != "" && have.Silence != want.Silence {
		if keys["silence"] = c.Silence; c.Silence == noSilence {
			keys["silence"] = nil
		}
	}
	if c.Sender != "" && have.Sender != want.Sender {
		if keys["sender"] = c.Sender; c.Sender == anySender {
			keys["sender"] = nil
		}
	}
	return keys
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

// isIn reports whether an agent has read what the flags want.
func (c *claimCmd) isIn(now control.Claim, want config.Claim) bool {
	return (c.Answer == "" || now.Answer == c.Answer) &&
		(c.Silence == "" || now.Silence == time.Duration(want.Silence).Seconds())
}

// connected waits until the agent is connected for a claim, and isSo where that is not
// nil. The error says why it is not, at once if a person has to do something about it.
func connected(ctx context.Context, agent *control.Client, name string, isSo func(control.Claim) bool) (control.Claim, error) {
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
		if final && err == nil && isSo != nil && !isSo(got) {
			final, err = false, errUnread
		}
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
	return got, false, errUnread
}

var errUnread = errors.New("the agent has not read the configuration yet")

// refused reports whether a relay waits for a person.
func refused(s *control.Status, relay string) bool {
	for _, r := range s.Relays {
		if r.Name == relay {
			return r.State == control.StateProblem
		}
	}
	return false
}
