package main

import (
	"context"
	"regexp"
	"time"

	"homehook/agent/control"
	"homehook/routes"
)

// pauseCmd is "homehook pause".
type pauseCmd struct {
	For durationValue `placeholder:"TIME" help:"End the pause by itself after this time: 30m, 2h, 1d."`
}

// Help says what a pause is and shows an example.
func (*pauseCmd) Help() string {
	return `While it is paused the agent runs nothing. What comes in the answer modes hold and
store waits; in the mode through senders are told to come back later.

Examples:

    homehook pause --for 1h
    homehook resume`
}

// Run begins a pause.
func (c *pauseCmd) Run(ctx context.Context, a *app) error {
	d, err := c.For.duration("--for")
	if err != nil {
		return err
	}
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	got, err := client.Pause(ctx, d)
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(got)
	}
	a.say("%s", pauseText(got))
	return nil
}

// pauseText says how long a pause is.
func pauseText(p *control.Pause) string {
	switch {
	case !p.Paused:
		return "not paused"
	case p.Until.IsZero():
		return "paused until: homehook resume"
	}
	return "paused until " + p.Until.Local().Format(time.DateTime)
}

// resumeCmd is "homehook resume".
type resumeCmd struct{}

// Help shows an example.
func (*resumeCmd) Help() string {
	return `It ends a pause, and is no failure when there is none.

Example:

    homehook resume`
}

// Run ends a pause.
func (*resumeCmd) Run(ctx context.Context, a *app) error {
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	before, err := client.Status(ctx)
	if err != nil {
		return err
	}
	got, err := client.Resume(ctx)
	switch {
	case err != nil:
		return err
	case a.json:
		return a.writeJSON(got)
	case before.Paused && !got.Paused:
		a.say("the pause is over; what has waited goes on")
	case !got.Paused:
		a.say("there is no pause")
	default: // somebody has begun another one
		a.say("%s", pauseText(got))
	}
	return nil
}

// durationValue is a duration as a user gives it, spelled as in the
// configuration.
type durationValue string

// longTime is what looks like a duration.
var longTime = regexp.MustCompile(`^[0-9]+[dhms]$`)

// duration reads v, given with a flag; without one it is 0.
func (v durationValue) duration(flag string) (time.Duration, error) {
	if v == "" {
		return 0, nil
	}
	var d routes.Duration
	err := d.UnmarshalText([]byte(v))
	// A number with a unit that is none is one that no duration can hold.
	if time.Duration(d) > control.MaxPause || err != nil && longTime.MatchString(string(v)) {
		return 0, misused("%s is %q, which is too long; write %dd at most, or leave it out to pause until: homehook resume",
			flag, string(v), control.MaxPause/(24*time.Hour))
	}
	if err != nil || time.Duration(d) < time.Second {
		return 0, misused("%s is %q; write a time of a second or more, such as 30m, 2h or 1d", flag, string(v))
	}
	return time.Duration(d), nil
}
