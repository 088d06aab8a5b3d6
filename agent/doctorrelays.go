package agent

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/ptth"
)

// abreast is how many relays are examined at once.
const abreast = 8

// relays examines each relay, side by side, and tells in the order of the
// configuration.
func (d *doctor) relays(ctx context.Context) {
	if d.unconfigured(checkRelay) {
		return
	}
	if len(d.config.Relays) == 0 {
		d.skip(checkRelay, "", "none is configured")
		d.clock(nil)
		return
	}
	all, cancel := context.WithTimeout(ctx, d.overall)
	defer cancel()
	verdicts := make([]*Verdict, len(d.config.Relays))
	places := make(chan struct{}, abreast)
	var wg sync.WaitGroup
	for i, r := range d.config.Relays {
		wg.Go(func() {
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
				verdicts[i] = d.examine(all, r)
			case <-all.Done():
			}
		})
	}
	wg.Wait()
	for i, r := range d.config.Relays {
		d.relay(r, verdicts[i])
	}
	d.direct()
	d.clock(verdicts)
}

// examine tries one relay; nil is that the time did not do, or that the relay is one of
// the agent's own and does not run: its token is for nobody else at that address.
func (d *doctor) examine(ctx context.Context, r config.Relay) *Verdict {
	if r.Embedded && (d.running == nil || d.running.unserved(r) != nil) {
		return nil
	}
	e := Examination{Relay: r, Version: d.Version, Secret: d.stored}
	linked := make(map[string]bool)
	if d.running != nil {
		for _, c := range d.running.Claims() {
			linked[c.Name] = c.Connected
		}
	}
	for _, c := range d.config.Claims {
		if !linked[c.Name] { // of the others the agent has told the relay
			e.Claims = append(e.Claims, c)
		}
		switch {
		case c.Relay != r.Name:
		case e.Claim == "":
			e.Claim = c.Name
		case !linked[c.Name]:
			e.More = append(e.More, c.Name)
		}
	}
	if r.Token != "" {
		e.Token, e.TokenErr = d.credential(r.Token)
	}
	ctx, cancel := context.WithTimeout(ctx, d.each)
	defer cancel()
	v := Examine(ctx, e)
	if ctx.Err() != nil {
		return nil
	}
	return &v
}

// checkOf is the check that a step of an examination belongs to.
func checkOf(step string) string {
	switch step {
	case ptth.StepDNS:
		return checkDNS
	case ptth.StepProxy:
		return checkProxy
	case ptth.StepTLS:
		return checkTLS
	case StepToken:
		return checkToken
	case StepClock:
		return checkClock
	}
	return checkRelay
}

// relay tells what is wrong with a relay, step by step, or that it works.
func (d *doctor) relay(r config.Relay, v *Verdict) {
	if r.Embedded && d.unembedded(r) {
		return
	}
	if v == nil {
		// A relay of another make may hold what it is asked, links or no links.
		d.unanswered(r)
		return
	}
	told := make(map[string]bool) // checks with a problem
	for _, f := range v.Steps {
		check := f.check
		if check == "" {
			check = checkOf(f.Step)
		}
		if f.State != FindingProblem || check == checkClock {
			d.step(r, f, check)
			continue
		}
		switch {
		case check == checkClaim:
			d.claimless[f.claim] = f
		case check == checkCredentials: // where it is told
			d.skip(checkToken, r.Name, f.Text)
		case !told[check] || check == checkRelay:
			d.problem(check, r.Name, f.Text, f.Remedy)
			if check == checkToken && r.Token != "" && !r.Embedded {
				d.act(control.ActionSetCredential, r.Token)
			}
		}
		told[check] = true
		switch check {
		case checkClaim:
		case checkCredentials:
			d.ill[r.Name] = "the credentials"
		default:
			d.ill[r.Name] = "relay " + r.Name
		}
	}
	d.plain(r)
	switch {
	case v.OK:
		d.ok(checkRelay, r.Name, working(v))
	case len(told) == 0: // the steps did not say why not
		d.problem(checkRelay, r.Name, "no link can be opened", "see each step: homehook relay test "+r.Name)
	}
}

// step tells of a step that is no problem, if that is worth a word.
func (d *doctor) step(r config.Relay, f Finding, check string) {
	worth := check == checkDNS || check == checkProxy || check == checkTLS || check == checkToken
	switch {
	case check == checkClock:
		// One finding tells of all relays.
	case f.State == FindingWarning, worth && f.State != FindingNo:
		d.tell(check, r.Name, f.State, f.Text, f.Remedy)
	}
}

// working says how a relay works: how links are made, and how they could be.
func working(v *Verdict) string {
	if v.Dialect == "" {
		return "can be reached"
	}
	text := fmt.Sprintf("works with %s, round trip %.1f ms", v.Dialect, v.RoundTripMS)
	var offered, not []string
	for _, f := range v.Steps {
		switch {
		case f.Step != StepDialect || f.Dialect == "":
		case f.State == FindingOK:
			offered = append(offered, f.Dialect)
		default:
			not = append(not, f.Dialect)
		}
	}
	if len(offered) > 1 {
		text += "; it offers " + strings.Join(offered, ", ")
	}
	if len(not) > 0 {
		text += "; it does not offer " + strings.Join(not, ", ")
	}
	return text
}

// plain tells of a relay without TLS: what is said there is not said in private,
// unless it never leaves this machine.
func (d *doctor) plain(r config.Relay) {
	u, err := url.Parse(r.URL)
	switch {
	case err != nil || u.Scheme != "http":
	case isHere(u.Hostname()):
		d.skip(checkTLS, r.Name, "it is on this machine and needs none: "+r.URL)
	default:
		d.warn(checkTLS, r.Name, "there is none: anybody on the way to "+r.URL+" reads deliveries and the token", "have the relay serve https://, and write that in the configuration")
	}
}

// isHere reports whether a host is this machine by its name.
func isHere(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() || strings.EqualFold(host, "localhost")
}

// direct tells that no relay was asked for through a proxy.
func (d *doctor) direct() {
	for _, f := range d.found {
		if f.Check == checkProxy {
			return
		}
	}
	d.ok(checkProxy, "", "none is used: neither the configuration nor the environment of this program names one for a relay")
}

// unanswered tells that the time did not do for a relay.
func (d *doctor) unanswered(r config.Relay) {
	const text = "it could not be examined in the time there was"
	remedy := "see each step: homehook relay test " + r.Name
	for _, known := range d.status.Relays {
		if known.Name == r.Name && known.State == control.StateConnected {
			d.warn(checkRelay, r.Name, text+", but links are open", remedy)
			return
		}
	}
	d.ill[r.Name] = "relay " + r.Name
	d.problem(checkRelay, r.Name, text, remedy)
}
