package wizard

import (
	"context"
	"errors"
	"maps"
	"strings"

	"homehook/agent/control"
)

// change reads the configuration and changes it, again where somebody else has
// changed it in between. edits are made for what was read; none is no change.
func change(ctx context.Context, c *control.Client, edits func(*control.Configuration) []control.ConfigEdit) (*control.ConfigChanged, error) {
	const tries = 3
	for n := 1; ; n++ {
		now, err := c.Configuration(ctx)
		if err != nil {
			return nil, err
		}
		list := edits(now)
		if len(list) == 0 {
			return &control.ConfigChanged{Configuration: *now}, nil
		}
		got, err := c.ChangeConfiguration(ctx, control.ConfigChange{Digest: now.Digest, Edits: list})
		if !errors.Is(err, control.ErrConflict) || n == tries {
			return got, err
		}
	}
}

// problemWords are the problems of a configuration in sentences.
func problemWords(problems []control.ConfigProblem) string {
	var all []string
	for _, p := range problems {
		text := p.Message
		if p.Remedy != "" {
			text += "; " + p.Remedy
		}
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

// claimEdits are what the configuration lacks of the relay and the claim. What is
// there stays, but for what the steps have decided.
func (p *plan) claimEdits() []control.ConfigEdit {
	var edits []control.ConfigEdit
	add := func(part, name string, now *control.ConfigEntry, want map[string]any) {
		if now == nil {
			edits = append(edits, control.ConfigEdit{Op: control.EditAdd, Part: part, Values: want})
			return
		}
		values := maps.Clone(now.Values)
		same := true
		for key, value := range want {
			same = same && values[key] == value
			values[key] = value
		}
		if !same {
			edits = append(edits, control.ConfigEdit{Op: control.EditSet, Part: part, Name: name, Values: values})
		}
	}
	relay := map[string]any{"name": p.relay, "url": p.url}
	now := p.relayNamed(p.relay)
	if p.kind == relayTry {
		relay["embedded"] = true
	}
	if p.token && (now == nil || text(now, "token") == "") {
		relay["token"] = p.tokenName()
	}
	add(control.PartRelay, p.relay, now, relay)
	claim := map[string]any{"name": p.claim, "relay": p.relay}
	was := named(p.claims(), p.claim)
	if p.sender.Claimable {
		claim["sender"] = p.sender.Name
	}
	if was != nil && text(was, "relay") == "" && p.relayOf(was) == p.relay {
		delete(claim, "relay") // it is said by there being one relay only
	}
	add(control.PartClaim, p.claim, was, claim)
	return edits
}

// giveBack takes away what this wizard has made under another name before, so that
// the relay keeps no name that nobody uses.
func (p *plan) giveBack(ctx context.Context, c *control.Client) error {
	if p.made == "" || p.made == p.claim || !p.fresh {
		return nil
	}
	got, err := change(ctx, c, func(now *control.Configuration) []control.ConfigEdit {
		if p.route == "" || named(now.Routes, p.route) == nil {
			return nil
		}
		return []control.ConfigEdit{{Op: control.EditRemove, Part: control.PartRoute, Name: p.route}}
	})
	if err != nil || named(got.Claims, p.made) == nil {
		return err
	}
	if p.address != "" {
		if err := c.ReleaseClaim(ctx, p.made, false); err == nil || !errors.Is(err, control.ErrQueued) {
			return err
		}
		return nil // what waits there is not thrown away: the claim stays
	}
	_, err = change(ctx, c, func(now *control.Configuration) []control.ConfigEdit {
		if named(now.Claims, p.made) == nil {
			return nil
		}
		return []control.ConfigEdit{{Op: control.EditRemove, Part: control.PartClaim, Name: p.made}}
	})
	return err
}
