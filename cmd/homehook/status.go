package main

import (
	"context"
	"strings"
	"time"

	"homehook/agent/control"
)

// sayCredentials says where the root key is, and what is wrong with that.
func (a *app) sayCredentials(s *control.CredentialStore) {
	if s.State == control.CredentialsReady {
		a.say("credentials  %s", s.Store)
	} else {
		a.say("credentials  %s: %s", s.Store, a.paint(stateColour(s.State), s.State))
	}
	a.block("             ", s.Text)
}

// statusCmd is "homehook status". It ends with 0 whenever the agent answers:
// a state is an answer, and scripts read it from the JSON.
type statusCmd struct{}

// Help shows an example.
func (*statusCmd) Help() string {
	return `It shows which configuration is in use and what is wrong with the file if that
is not the one, how the links to each relay are doing, and what keeps routes from
their work: credentials that are missing, programs that have changed since they
were approved.

Example:

    homehook status`
}

// Run prints the agent's status.
func (*statusCmd) Run(ctx context.Context, a *app) error {
	c, _, err := a.client()
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(s)
	}
	// One line each for what there is one of, then a table for each kind of
	// which there may be several.
	a.say("agent        %s (pid %d, version %s, running for %s)",
		a.paint(stateColour(s.State), s.State), s.PID, s.Version, a.now().Sub(s.Started).Round(time.Second))
	if s.Paused {
		a.say("pause        %s", a.paint(yellow, pauseText(&control.Pause{Paused: true, Until: s.PausedUntil})))
	}
	if u := s.Update; u != nil {
		a.say("update       %s", a.paint(yellow, strings.TrimSpace("version "+u.Version+" is out  "+u.URL)))
	}
	a.say("config       %s", s.Config)
	if s.ConfigError != "" {
		a.say("             %s", a.paint(red, "refused; the last good one stays in use:"))
		a.block("             ", s.ConfigError)
	}
	a.sayCredentials(&s.Credentials)
	if recordingOff(s.Config) {
		a.say("history      %s", a.paint(yellow, "off; nothing is recorded"))
	}
	if len(s.Relays) > 0 {
		a.say("")
		a.relayTable(s.Relays)
	}
	if len(s.Claims) > 0 {
		a.say("")
		a.claimTable(s.Claims)
	}
	if len(s.Findings) > 0 {
		a.say("")
	}
	for _, f := range s.Findings {
		a.checked(f)
	}
	if s.State == control.StateIdle {
		a.note("nothing is claimed yet; see: homehook relay add --help, homehook claim --help")
	}
	return nil
}
