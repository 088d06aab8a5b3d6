package agent

import (
	"errors"
	"slices"

	"homehook/agent/config"
	"homehook/agent/control"
)

// Embedder runs relays in the agent's process. The agent knows how to reach relays
// and not how to be one.
type Embedder interface {
	// Embed has those relays run from now on, and no others. It returns when they
	// do, or will take longer. One call follows the other.
	Embed(relays []config.Relay)
	// Serves reports whether that relay runs now.
	Serves(r config.Relay) bool
	// Findings are why any of them does not.
	Findings() []control.Finding
}

// embed has the relays run that a configuration has embedded.
func (a *Agent) embed(c *config.Config) {
	if a.opts.Embedded == nil {
		return
	}
	var relays []config.Relay
	for _, r := range c.Relays {
		if r.Embedded {
			relays = append(relays, r)
		}
	}
	a.opts.Embedded.Embed(relays)
}

// embeddedFindings say why an embedded relay does not run.
func (b *backend) embeddedFindings(c *config.Config) (found []control.Finding) {
	if b.opts.Embedded != nil {
		return b.opts.Embedded.Findings()
	}
	for _, r := range c.Relays {
		if r.Embedded {
			found = append(found, control.Finding{
				Check: checkRelay, Subject: r.Name, State: control.FindingProblem,
				Text: "this agent runs no embedded relay", Remedy: "start it with: homehook run",
			})
		}
	}
	return found
}

// SetCredential stores a credential and uses it from now on.
func (a *Agent) SetCredential(name, value string) error {
	return (&backend{a}).SetCredential(name, value)
}

// Announce links claims anew where that is due, and tells all who listen what the
// status is now: an [Embedder] serves another relay, or has other findings.
func (a *Agent) Announce() {
	a.mu.Lock()
	if a.base != nil && a.base.Err() == nil {
		a.reconcileLocked()
	}
	a.mu.Unlock()
	a.publishStatus()
}

// errUnembedded keeps claims from being linked. While the embedded relay does not run,
// any user of this machine may have taken its address, to be shown the token.
var errUnembedded = errors.New("the embedded relay does not run; see: homehook status")

// unserved is errUnembedded for a relay that is to be served here and is not. An agent
// that serves none leaves that to whoever started it.
func (a *Agent) unserved(r config.Relay) error {
	if !r.Embedded || a.opts.Embedded == nil || a.opts.Embedded.Serves(r) {
		return nil
	}
	return errUnembedded
}

// unembedded tells of an embedded relay that does not run, and reports whether it is
// one. Without an agent there is nothing wrong with that.
func (d *doctor) unembedded(r config.Relay) bool {
	if d.running == nil {
		d.skip(checkRelay, r.Name, "embedded, so it runs while the agent does")
		return true
	}
	for _, f := range d.running.embeddedFindings(d.config) {
		if f.Subject == r.Name {
			d.found = append(d.found, f)
			return true
		}
	}
	return false
}

// madeByItself reports whether a credential is the token of an embedded relay, which
// nobody has to set.
func madeByItself(c *config.Config, name string) bool {
	return slices.ContainsFunc(c.Relays, func(r config.Relay) bool { return r.Embedded && r.Token == name })
}
