package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"homehook/relay"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token and print it, once. A relay that runs knows it at once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token. A relay that runs drops its links within a second."`
}

// Help shows an example.
func (*tokenCmd) Help() string {
	return "Example:\n\n    homehook-relay token create laptop"
}

// dataFlag is what every verb needs.
type dataFlag struct {
	Data string `default:"${data}" placeholder:"DIR" help:"Folder of the relay's data; that of root is another than yours (default as this user: ${data})."`
}

// open opens the relay's data without serving.
func (d dataFlag) open(ctx context.Context) (*relay.Relay, error) {
	if d.Data == "" {
		return nil, usagef("no folder for the relay's data is known; name one with --data DIR")
	}
	return relay.New(ctx, relay.Options{Data: d.Data})
}

type tokenCreateCmd struct {
	dataFlag
	Name   string `arg:"" help:"A name to tell tokens apart, such as the agent's machine."`
	Claims int    `default:"10" placeholder:"N" help:"The most names that the token may hold (default ${default})."`
}

// Help says whose the claims are and shows examples.
func (*tokenCreateCmd) Help() string {
	return `An agent with the token claims names, as many as --claims says. Claims belong to
the token's name: revoke a token and create one of the same name again, and the
new one has the claims of the old one.

Examples:

    homehook-relay token create laptop
    homehook-relay token create ci --claims 3`
}

// Run makes a token and prints it alone on a line.
func (c *tokenCreateCmd) Run(ctx context.Context, io streams) error {
	if c.Claims < 1 {
		return usagef("--claims %d: a token must be allowed at least 1 claim", c.Claims)
	}
	r, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	token, err := r.CreateToken(ctx, c.Name, c.Claims)
	if err != nil {
		return err
	}
	fmt.Fprintln(io.Out, token)
	return nil
}

type tokenListCmd struct {
	dataFlag
	JSON bool `name:"json" help:"Print a JSON array."`
}

// tokenJSON is a token as --json shows it.
type tokenJSON struct {
	Name      string     `json:"name"`
	Created   time.Time  `json:"created"`
	Revoked   *time.Time `json:"revoked"`
	MaxClaims int        `json:"max_claims"`
	Claims    int        `json:"claims"`
}

// Help shows an example.
func (*tokenListCmd) Help() string {
	return "Example:\n\n    homehook-relay token list --json"
}

// Run prints the tokens.
func (c *tokenListCmd) Run(ctx context.Context, io streams) error {
	r, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	tokens, err := r.Tokens(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(io.Out).Encode(describe(tokens))
	}
	if len(tokens) == 0 {
		fmt.Fprintln(io.Log, "no tokens; make one with: homehook-relay token create NAME")
		return nil
	}
	w := tabwriter.NewWriter(io.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tCLAIMS\tCREATED\tSTATE")
	for _, t := range tokens {
		state := "good"
		if !t.Revoked.IsZero() {
			state = "revoked " + t.Revoked.Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s\t%d of %d\t%s\t%s\n", t.Name, t.Claims, t.MaxClaims, t.Created.Format(time.DateOnly), state)
	}
	return w.Flush()
}

func describe(tokens []relay.Token) []tokenJSON {
	all := make([]tokenJSON, len(tokens))
	for i, t := range tokens {
		all[i] = tokenJSON{Name: t.Name, Created: t.Created.UTC(), MaxClaims: t.MaxClaims, Claims: t.Claims}
		if !t.Revoked.IsZero() {
			revoked := t.Revoked.UTC()
			all[i].Revoked = &revoked
		}
	}
	return all
}

type tokenRevokeCmd struct {
	dataFlag
	Name string `arg:"" help:"The token's name."`
}

// Help shows an example.
func (*tokenRevokeCmd) Help() string {
	return `The token's claims stay taken, for a token of the same name.

Example:

    homehook-relay token revoke laptop`
}

// Run ends a token.
func (c *tokenRevokeCmd) Run(ctx context.Context, io streams) error {
	r, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.RevokeToken(ctx, c.Name); err != nil {
		return err
	}
	fmt.Fprintf(io.Log, "revoked %s\n", c.Name)
	return nil
}
