package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// TestRelay tries a relay of the configuration, or one that is not there yet.
func (b *backend) TestRelay(ctx context.Context, t control.RelayTest, each func(control.RelayStep)) (*control.RelayVerdict, error) {
	e, err := b.examination(&t)
	if err != nil {
		return nil, err
	}
	e.Tell = func(f Finding) { each(relayStepOf(f, e.Token)) }
	v := Examine(ctx, *e)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && !v.OK {
		each(control.RelayStep{
			Step: StepLink, State: FindingProblem, Text: "the time there was did not do for this relay",
			Remedy: "check address and port of the relay, and try again",
		})
	}
	return &control.RelayVerdict{OK: v.OK, Dialect: v.Dialect, RoundTripMS: v.RoundTripMS}, nil
}

// relayStepOf is a finding as the control API tells it. A server that sends the token
// back, as in the address of a redirect, does not get it shown.
func relayStepOf(f Finding, token string) control.RelayStep {
	s := control.RelayStep{Step: f.Step, State: f.State, Text: f.Text, Remedy: f.Remedy, MS: f.MS}
	if token != "" {
		s.Text = strings.ReplaceAll(s.Text, token, "[token]")
		s.Remedy = strings.ReplaceAll(s.Remedy, token, "[token]")
	}
	return s
}

// examination gathers what a relay is tried with.
func (b *backend) examination(t *control.RelayTest) (*Examination, error) {
	if t.Name == "" {
		return newRelay(t, b.opts.Version)
	}
	b.mu.Lock()
	inUse := b.config
	b.mu.Unlock()
	e, err := ExaminationOf(inUse, t.Name, b.opts.Credentials.Get)
	if err != nil {
		return nil, marked{err, control.ErrNotFound}
	}
	if err := b.unserved(e.Relay); err != nil {
		return nil, marked{err, control.ErrConflict}
	}
	e.Version = b.opts.Version
	linked := make(map[string]bool)
	for _, c := range b.Claims() {
		linked[c.Name] = c.Connected
	}
	var unlinked []config.Claim
	for _, c := range e.Claims {
		if !linked[c.Name] { // of the others the agent has told the relay
			unlinked = append(unlinked, c)
		}
	}
	e.Claims = unlinked
	return e, nil
}

// ExaminationOf is how a relay of a configuration is tried: with its token, and for
// its first claim. secret reads credentials. The error wraps [config.ErrNotFound].
func ExaminationOf(c *config.Config, name string, secret func(name string) (string, error)) (*Examination, error) {
	e := &Examination{Claims: c.Claims, Secret: secret}
	for _, r := range c.Relays {
		if r.Name == name {
			e.Relay = r
		}
	}
	if e.Relay.Name == "" {
		return nil, fmt.Errorf("relay %q %w", name, config.ErrNotFound)
	}
	for _, claim := range c.Claims {
		if claim.Relay == name && e.Claim == "" {
			e.Claim = claim.Name
		}
	}
	if e.Relay.Token == "" {
		return e, nil
	}
	var err error
	e.Token, err = secret(e.Relay.Token)
	if errors.Is(err, credentials.ErrNotFound) {
		err = fmt.Errorf("credential %q is missing; set it with: homehook secret set %s", e.Relay.Token, e.Relay.Token)
	}
	e.TokenErr = err
	return e, nil
}

// newRelay is how a relay is tried that is not configured. Its address is checked as
// that of one which is.
func newRelay(t *control.RelayTest, version string) (*Examination, error) {
	if strings.ContainsFunc(t.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, invalid("the token has a space, a line break or a letter that no token has; copy it anew from where the relay's operator gave it to you")
	}
	relay := map[string]any{"name": "new", "url": t.URL}
	if t.CA != "" {
		relay["ca"] = t.CA
	}
	if t.Plain {
		relay["plain"] = true
	}
	text, err := json.Marshal(map[string]any{"relays": []any{relay}}) // which YAML reads too
	if err != nil {
		return nil, fmt.Errorf("write relay: %w", err)
	}
	c, err := config.Parse("", text)
	if err != nil {
		return nil, invalid("%s", inSentences(err))
	}
	defer c.Table.Close()
	e := &Examination{Relay: c.Relays[0], Token: t.Token, Version: version, Fresh: true}
	e.Relay.Name = hostOf(t.URL) // as it is called in what is told
	return e, nil
}

// invalid is the error for something that is not acceptable as it was asked for.
func invalid(format string, args ...any) error {
	return marked{fmt.Errorf(format, args...), control.ErrInvalid}
}

// inSentences is an error without places in a file that is none.
func inSentences(err error) string {
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		return err.Error()
	}
	var all []string
	for _, p := range problems {
		text := p.Message
		if p.Remedy != "" {
			text += "; " + p.Remedy
		}
		all = append(all, text)
	}
	return strings.Join(all, ". ")
}
