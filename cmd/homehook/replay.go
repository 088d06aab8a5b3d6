package main

import (
	"context"
	"errors"
	"slices"

	"homehook/agent/control"
	"homehook/linediff"
)

// replayCmd is "homehook replay".
type replayCmd struct {
	ID     string `arg:"" name:"id" help:"The delivery's id, or enough of its beginning."`
	Edit   bool   `help:"Change method, path, header and body in $$EDITOR first."`
	Route  string `placeholder:"NAME" help:"Only to this route; by default to the first that takes it."`
	As     string `enum:",none,${schemes}" default:"" placeholder:"SCHEME" help:"Sign it anew, in the way of: ${schemes}; none leaves the signature as it is."`
	Secret string `placeholder:"NAME" help:"The credential to sign with; by default that of the route."`
	Yes    bool   `help:"Do not ask before a script runs once more."`
}

// Help says what it does and shows examples.
func (*replayCmd) Help() string {
	return `It takes the delivery through the routes once more, as a new one that is marked
as a replay, and shows how the answer differs from the one before. Where a script
would run once more, it asks; without a terminal it needs --yes. What was changed
with --edit is signed anew by the scheme and the credential of its route.

Examples:

    homehook replay 0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f
    homehook replay 0198c0de --edit --yes
    homehook replay 0198c0de --route 'deploy the blog' --as github --secret github`
}

// replayAnswer is what "replay --json" prints: the new delivery, and how its
// answer differs from that of the old one.
type replayAnswer struct {
	control.Record
	Diff string `json:"diff"`
}

// Run replays a delivery.
func (c *replayCmd) Run(ctx context.Context, a *app) error {
	if c.Secret != "" && (c.As == "" || c.As == "none") {
		return misused("--secret is there without --as; name the scheme to sign by")
	}
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	old, err := stored(ctx, client, c.ID)
	if err != nil {
		return err
	}
	// What is wrong with the flags is told before the user has edited anything.
	if c.Route != "" {
		names, err := routeNames(ctx, client)
		if err != nil {
			return err
		}
		if !slices.Contains(names, c.Route) {
			return noRoute(c.Route, names)
		}
	}
	sign, err := c.sign(ctx, a, client, old)
	if err != nil {
		return err
	}
	ask := control.Replay{Route: c.Route, Confirm: c.Yes}
	if c.Edit {
		if err := c.edit(ctx, a, old, &ask); err != nil {
			return err
		}
	}
	ask.Sign = sign
	got, err := c.replay(ctx, a, client, old.ID, ask)
	if err != nil {
		return err
	}
	diff := linediff.Unified("answer of "+old.ID, "answer of "+got.ID, answerLines(old), answerLines(got))
	if a.json {
		err = a.writeJSON(replayAnswer{*got, diff})
	} else {
		a.tellReplay(old, got, diff)
	}
	if err == nil && (got.State == control.Dead || got.State == control.Rejected) {
		return errSilent
	}
	return err
}

// edit has the user change the delivery.
func (c *replayCmd) edit(ctx context.Context, a *app, old *control.Record, ask *control.Replay) error {
	f, err := formOf(old)
	if err != nil {
		return err
	}
	text := f.text(old)
	for {
		if text, err = a.editText(ctx, "delivery.http", text); err != nil {
			return err
		}
		edited, err := f.parseForm(text)
		changed := false
		switch {
		case err == nil && edited == nil:
			return errors.New("the text is empty; nothing was sent")
		case err == nil:
			changed, err = f.changes(edited, ask)
		}
		switch {
		case err == nil && !changed:
			return withNext(errors.New("nothing was changed, and nothing was sent"), "without --edit the delivery is replayed as it was")
		case err == nil:
			complete(ask, edited, old)
			return nil
		}
		again, askErr := a.confirmed(ctx, err.Error()+"; edit again?")
		if askErr != nil || !again {
			return errors.Join(askErr, err)
		}
		*ask = control.Replay{Route: c.Route, Confirm: c.Yes}
	}
}

// complete has the agent take from the user's text what is not kept whole, also
// where it stands there as it was kept.
func complete(ask *control.Replay, edited *form, old *control.Record) {
	if old.Redacted {
		ask.Headers = append([]control.Field{}, edited.fields...)
	}
	if old.Redacted || old.BodyTruncated {
		ask.Body = append([]byte{}, edited.body...)
	}
}

// sign says how the delivery is signed anew: as the flags say or, if it was
// edited, as its route checks it; nil is not at all.
func (c *replayCmd) sign(ctx context.Context, a *app, client *control.Client, old *control.Record) (*control.Sign, error) {
	if c.As != "" && c.Secret != "" {
		return &control.Sign{Scheme: c.As, Secret: c.Secret}, nil
	}
	if c.As == "none" || c.As == "" && !c.Edit {
		return nil, nil
	}
	route, err := c.routeOf(ctx, client, old)
	if err != nil {
		return nil, err
	}
	switch {
	case route.Verify == "" && c.As == "":
		return nil, nil
	case c.As == "" && route.Secret == "":
		a.note("route %s checks signatures; to sign it anew, add --as %s --secret NAME", route.Name, route.Verify)
		return nil, nil
	case c.As != "" && (c.As != route.Verify || route.Secret == ""):
		return nil, misused("--as %s needs --secret NAME: route %q has none for it", c.As, route.Name)
	}
	a.note("it is signed anew by scheme %s with credential %s", route.Verify, route.Secret)
	return &control.Sign{Scheme: route.Verify, Secret: route.Secret}, nil
}

// routeOf finds the route that the replay is for: the one that is named, else
// the one that took the delivery.
func (c *replayCmd) routeOf(ctx context.Context, client *control.Client, old *control.Record) (control.Route, error) {
	name := c.Route
	if name == "" {
		name = old.Route
	}
	all, err := client.Routes(ctx)
	if err != nil {
		return control.Route{}, err
	}
	for _, r := range all {
		if r.Name == name {
			return r, nil
		}
	}
	return control.Route{Name: name}, nil
}

// replay asks the agent, and the user before a script runs.
func (c *replayCmd) replay(ctx context.Context, a *app, client *control.Client, id string, ask control.Replay) (*control.Record, error) {
	got, err := client.Replay(ctx, id, ask)
	if !errors.Is(err, control.ErrConfirm) {
		return got, err
	}
	yes, askErr := a.confirmed(ctx, err.Error()+". Go on?")
	switch {
	case askErr != nil:
		return nil, askErr
	case !yes && isTerminal(a.in):
		return nil, errors.New("not replayed")
	case !yes:
		return nil, withNext(err, "to run it all the same, add --yes")
	}
	ask.Confirm = true
	return client.Replay(ctx, id, ask)
}
