package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"homehook/agent/config"
	"homehook/agent/control"
)

// relayCmd is "homehook relay".
type relayCmd struct {
	Add    relayAddCmd    `cmd:"" help:"Add a relay to the configuration."`
	List   relayListCmd   `cmd:"" help:"List the relays and how their links are doing."`
	Test   relayTestCmd   `cmd:"" help:"Try a relay step by step and say what is wrong."`
	Remove relayRemoveCmd `cmd:"" help:"Take a relay out of the configuration."`
}

// Help shows an example.
func (*relayCmd) Help() string {
	return "Example:\n\n    homehook relay list"
}

// relayAddCmd is "homehook relay add".
type relayAddCmd struct {
	Name       string `arg:"" help:"What to call it: lower-case letters, digits and hyphens."`
	URL        string `arg:"" name:"url" help:"Its address, such as https://relay.example.com."`
	TokenStdin bool   `help:"Read the relay's token from stdin, or a hidden prompt, and store it."`
	Token      string `placeholder:"CREDENTIAL" help:"Name of the credential that holds the token; default relay/NAME with --token-stdin, else none."`
	CA         string `name:"ca" placeholder:"FILE" help:"PEM file of roots to trust for this relay besides the system's."`
	Dialect    string `enum:",ptth,ptth/1.0,ptth/0.9,comet,reversehttp" default:"" help:"The one way to link to it: ptth, ptth/1.0, ptth/0.9, comet or reversehttp; without it, what the relay offers."`
	Plain      bool   `help:"Allow http:// to another machine: everyone on the way can read the token and every delivery."`
	Embedded   bool   `help:"Have the agent serve it itself at that address, which is one of this machine alone, such as http://127.0.0.1:8080."`

	Proxy         string `placeholder:"URL|none" help:"HTTP proxy on the way to it, or none; without it, the proxy of the agent's environment. A service does not have that of your shell."`
	ProxyPassword string `placeholder:"CREDENTIAL" help:"Name of the credential that holds the password of the proxy's user."`
}

// Help shows examples.
func (*relayAddCmd) Help() string {
	return `The configuration names the credential, never the token itself.

Examples:

    homehook relay add mine https://relay.example.com --token-stdin < token
    homehook relay add mine https://relay.example.com --token relay/mine
    homehook relay add old https://old.example.com --dialect comet
    homehook relay add here http://127.0.0.1:8080 --embedded
    homehook relay add mine https://relay.example.com --proxy http://me@proxy.example.com:3128 --proxy-password proxy/office`
}

// Run adds the relay, then its token.
func (c *relayAddCmd) Run(ctx context.Context, a *app) error {
	r := config.Relay{Name: c.Name, URL: c.URL, Token: c.Token, CA: c.CA, Plain: c.Plain, Dialect: c.Dialect, Proxy: c.Proxy, ProxyPassword: c.ProxyPassword, Embedded: c.Embedded}
	if err := checkRelay(r); err != nil {
		return err
	}
	p, err := a.folders()
	if err != nil {
		return err
	}
	// The agent has another working folder than this command.
	if r.CA != "" {
		if r.CA, err = filepath.Abs(r.CA); err != nil {
			return fmt.Errorf("find %s: %w", c.CA, err)
		}
	}
	var token string
	if c.TokenStdin {
		if token, err = a.secretInput(ctx, "Token of the relay: "); err != nil {
			return err
		}
		if r.Token == "" {
			r.Token = "relay/" + r.Name
		}
	}
	// The file first: it refuses a name that is taken before the token of the
	// relay that has it would be overwritten.
	if err := config.AddRelay(p.Config, r); err != nil {
		return flagRemedies(err)
	}
	if c.TokenStdin {
		if _, err := a.setCredential(ctx, r.Token, token); err != nil {
			return withNext(fmt.Errorf("store token of relay %s, which is in %s now: %w", r.Name, p.Config, err),
				"store it with: homehook secret set %s", r.Token)
		}
	}
	if a.json {
		return a.writeJSON(control.Relay{Name: r.Name, URL: r.URL, Embedded: r.Embedded})
	}
	a.say("relay %s is in %s", r.Name, p.Config)
	a.note("see if it works: homehook relay test %s", r.Name)
	a.note("next: homehook claim NAME --relay %s", r.Name)
	return nil
}

// relayListCmd is "homehook relay list".
type relayListCmd struct{}

// Help shows an example.
func (*relayListCmd) Help() string {
	return "Example:\n\n    homehook relay list --json"
}

// Run lists the relays as the agent sees them, or as the file has them.
func (*relayListCmd) Run(ctx context.Context, a *app) error {
	c, p, err := a.client()
	if err != nil {
		return err
	}
	defer c.Close()
	relays, err := c.Relays(ctx)
	if noAgent(err) {
		a.note("the agent is not running; this is what %s says", p.Config)
		relays, err = relaysOf(p.Config)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(list(relays))
	}
	if len(relays) == 0 {
		a.note("no relay yet; add one with: homehook relay add NAME URL --token-stdin")
		return nil
	}
	a.relayTable(relays)
	return nil
}

// relaysOf lists the relays of a configuration file. Nothing is known of
// their state.
func relaysOf(path string) ([]control.Relay, error) {
	cfg, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	defer cfg.Table.Close()
	var relays []control.Relay
	for _, r := range cfg.Relays {
		relays = append(relays, control.Relay{Name: r.Name, URL: r.URL, Embedded: r.Embedded})
	}
	return relays, nil
}

// relayTable prints relays as a table.
func (a *app) relayTable(relays []control.Relay) {
	rows := make([][]cell, 0, len(relays))
	for _, r := range relays {
		trip := ""
		if r.RoundTripMS > 0 {
			trip = ms(r.RoundTripMS)
		}
		row := plainCells(r.Name, r.URL, r.State, strconv.Itoa(r.Links), r.Dialect, trip, cmp.Or(r.Error, r.Note))
		row[2].colour = stateColour(r.State)
		rows = append(rows, row)
	}
	a.table([]string{"RELAY", "ADDRESS", "STATE", "LINKS", "DIALECT", "ROUND TRIP", "PROBLEM"}, rows)
}

// relayRemoveCmd is "homehook relay remove".
type relayRemoveCmd struct {
	Name string `arg:"" help:"Name of the relay."`
}

// Help shows an example.
func (*relayRemoveCmd) Help() string {
	return `A relay that claims still use stays; release them first. The relay's token
stays stored until "homehook secret remove" forgets it.

Example:

    homehook relay remove mine`
}

// Run removes the relay from the file.
func (c *relayRemoveCmd) Run(a *app) error {
	p, err := a.paths()
	if err != nil {
		return err
	}
	if err := config.RemoveRelay(p.Config, c.Name); err != nil {
		if errors.Is(err, config.ErrNotFound) {
			return withNext(err, "see: homehook relay list")
		}
		return err
	}
	if a.json {
		return a.writeJSON(control.Relay{Name: c.Name})
	}
	a.say("relay %s is no longer in %s", c.Name, p.Config)
	return nil
}
