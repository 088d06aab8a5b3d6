package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"homehook/agent/control"
)

// tryCmd is "homehook try".
type tryCmd struct {
	Once bool `help:"End after the first webhook."`
}

// Help says what it does and shows an example.
func (*tryCmd) Help() string {
	return `It starts a relay and an agent in this process, on this machine's own addresses
and with a temporary folder. It sends a webhook to the agent's public URL, shows
its way and stays, to show what else comes, until Ctrl-C. Nothing is left.

Example:

    homehook try --once`
}

// tryAnswer is what "try --once --json" prints.
type tryAnswer struct {
	ID       string            `json:"id"`
	URL      string            `json:"url"`
	Status   int               `json:"status"`
	Answer   string            `json:"answer"`
	Steps    []step            `json:"steps"`
	Delivery *control.Delivery `json:"delivery"`
}

// Run makes the trial.
func (c *tryCmd) Run(ctx context.Context, a *app) (err error) {
	began := time.Now()
	t, err := newTrial(ctx)
	if err != nil {
		return err
	}
	defer t.close()
	defer func() {
		// The error says what the user saw; the reason may be with one of these.
		if log := t.log.String(); err != nil && log != "" && ctx.Err() == nil {
			a.note("what relay and agent logged:")
			a.note("%s", shown(visibleText(log)))
		}
	}()
	s := &stage{app: a, trial: t, last: began}
	s.step("a relay listens on %s", t.base)
	agentCtx, err := t.startAgent(ctx, a.version)
	if err != nil {
		return err
	}
	if err := s.connect(agentCtx); err != nil {
		return err
	}
	if err := s.deliver(agentCtx); err != nil {
		return err
	}
	if c.Once {
		return nil
	}
	return s.stay(ctx, agentCtx)
}

// stage shows a trial to its audience.
type stage struct {
	*app
	trial *trial
	last  time.Time // when the last step was done
	steps []step
	url   string // public URL of the claim
}

// step shows a step that is done now.
func (s *stage) step(format string, args ...any) {
	now := time.Now()
	s.show(stepOf(now.Sub(s.last), format, args...))
	s.last = now
}

// show prints a step, or keeps it for the JSON answer.
func (s *stage) show(n step) {
	s.steps = append(s.steps, n)
	if !s.json {
		s.say("%s %-9s %s", s.paint(green, "✓"), shown(ms(n.MS)), n.Step)
	}
}

// connect waits for the agent's links.
func (s *stage) connect(ctx context.Context) error {
	claim, err := connected(ctx, s.trial.client, sampleClaim, nil)
	if err != nil {
		return errors.Join(fmt.Errorf("connect to relay: %w", err), context.Cause(ctx))
	}
	dialect := "ptth/1.0"
	if relays, err := s.trial.client.Relays(ctx); err == nil && len(relays) == 1 {
		dialect = relays[0].Dialect
	}
	s.step("the agent is connected with %s over %s", count(claim.Links, "link"), dialect)
	s.url = claim.URL
	s.step("claim %q has the public URL %s", claim.Name, claim.URL)
	return nil
}

// deliver sends the first webhook and tells its way.
func (s *stage) deliver(ctx context.Context) error {
	url := s.url + "hello"
	s.show(stepOf(0, "a webhook goes out: POST %s", url))
	j, err := s.trial.send(ctx, s.version, url, `{"name":"world"}`)
	if err != nil {
		return fmt.Errorf("send webhook to %s: %w", url, err)
	}
	for _, n := range j.steps() {
		s.show(n)
	}
	// The way is told even of a webhook that failed: it shows where.
	if err := j.problem(); err != nil {
		return err
	}
	if s.json {
		return s.writeJSON(tryAnswer{
			ID: j.record.ID, URL: s.url, Status: j.answer.Status, Answer: string(j.answer.ResponseBody),
			Steps: s.steps, Delivery: &j.record.Delivery,
		})
	}
	s.say("\nDelivery %s", s.paint(bold, j.record.ID))
	s.block("  ", string(j.answer.ResponseBody))
	return nil
}

// stay sends a webhook to the other route and shows what comes until ctx ends.
func (s *stage) stay(ctx, agentCtx context.Context) error {
	j, err := s.trial.send(agentCtx, s.version, s.url+"orders/17", `{"paid":true}`)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	if err := j.problem(); err != nil {
		return err
	}
	if !s.json {
		s.say("\nA second webhook, POST %s, took route %q to an app on %s:", s.url+"orders/17", j.record.Route, s.trial.appURL)
		s.block("  ", string(j.answer.ResponseBody))
		s.invite()
	}
	for {
		select {
		case d := <-s.trial.deliveries:
			if err := s.tellDelivery(d); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		case <-agentCtx.Done():
			if ctx.Err() != nil {
				return nil
			}
			return context.Cause(agentCtx)
		}
	}
}

// invite says what to do with the URL.
func (s *stage) invite() {
	data := `'{"name":"you"}'`
	if runtime.GOOS == "windows" {
		// Its shells know no single quotes.
		data = `"{\"name\":\"you\"}"`
	}
	s.say("\nThe URL works on this machine until Ctrl-C, which leaves nothing behind. Try it:\n")
	s.say("    curl -d %s %s\n", data, s.url+"hello")
	s.say("Other commands find this agent with HOMEHOOK_HOME=%s", s.trial.home)
	s.say("Deliveries as they come:\n")
}
