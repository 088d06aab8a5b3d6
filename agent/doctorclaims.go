package agent

import (
	"fmt"

	"homehook/agent/control"
)

// claims says how each one is linked.
func (d *doctor) claims() {
	switch {
	case d.unconfigured(checkClaim):
		return
	case len(d.config.Claims) == 0:
		d.warn(checkClaim, "", "nothing is claimed, so nothing can come in", "claim a name: homehook claim NAME")
		return
	case d.running == nil:
		for _, c := range d.config.Claims {
			if f, not := d.claimless[c.Name]; not {
				d.problem(checkClaim, c.Name, f.Text, f.Remedy)
				continue
			}
			d.skip(checkClaim, c.Name, "not linked: the agent is not running; answer mode "+c.Answer)
		}
		return
	}
	for _, c := range d.running.Claims() {
		d.claim(c)
		if c.Silent {
			d.found = append(d.found, silenceFinding(&c))
		}
	}
}

// claim tells of a claim of a running agent.
func (d *doctor) claim(c control.Claim) {
	mode := "answer mode " + c.Answer
	try := "see why: homehook relay test " + c.Relay
	if what := d.ill[c.Relay]; what != "" {
		try = "put right what is wrong with " + what + ", as said above"
	}
	switch f, not := d.claimless[c.Name]; {
	case c.Connected && c.Error != "":
		d.warn(checkClaim, c.Name, fmt.Sprintf("linked, %s, but: %s", mode, c.Error), try)
	case c.Connected:
		d.ok(checkClaim, c.Name, fmt.Sprintf("linked, %s, deliveries that wait at the relay: %d", mode, c.Queued))
	case d.status.Paused:
		d.skip(checkClaim, c.Name, "not linked: the agent is paused; "+mode)
	case not:
		d.problem(checkClaim, c.Name, fmt.Sprintf("not linked, %s: %s", mode, f.Text), f.Remedy)
	case c.Error != "":
		d.problem(checkClaim, c.Name, fmt.Sprintf("not linked, %s: %s", mode, c.Error), try)
	default:
		d.warn(checkClaim, c.Name, "not linked yet, "+mode, try)
	}
}
