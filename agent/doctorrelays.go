package agent

import (
	"context"
	"fmt"
	"sync"

	"homehook/agent/config"
	"homehook/agent/control"
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
		d.skip(checkClock, "", "there is no relay to compare it with")
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
	d.clock(verdicts)
}

// examine tries one relay; nil is that the time did not do.
func (d *doctor) examine(ctx context.Context, r config.Relay) *Verdict {
	e := Examination{Relay: r, Version: d.Version}
	for _, c := range d.config.Claims {
		if c.Relay == r.Name && e.Claim == "" {
			e.Claim = c.Name
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

// relay tells what is wrong with a relay, step by step, or that it works.
func (d *doctor) relay(r config.Relay, v *Verdict) {
	if v == nil {
		// A relay of another make may hold what it is asked, links or no links.
		d.unanswered(r)
		return
	}
	told := v.OK
	if v.OK {
		text := "can be reached"
		if v.Dialect != "" {
			text = fmt.Sprintf("works with %s, round trip %.1f ms", v.Dialect, v.RoundTripMS)
		}
		d.ok(checkRelay, r.Name, text)
	}
	for _, f := range v.Steps {
		if f.Step == StepClock || f.State != FindingWarning && f.State != FindingProblem {
			continue
		}
		remedy := f.Remedy
		if f.Step == StepToken && remedy == "" {
			remedy = "set it: homehook secret set " + credentialOf(r)
		}
		told = told || f.State == FindingProblem
		d.tell(checkRelay, r.Name, f.State, f.Step+": "+f.Text, remedy)
	}
	if !told { // the steps did not say why not
		d.problem(checkRelay, r.Name, "no link can be opened", "see each step: homehook relay test "+r.Name)
	}
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
	d.problem(checkRelay, r.Name, text, remedy)
}

// clock tells the most that any relay's clock differs by.
func (d *doctor) clock(verdicts []*Verdict) {
	rank := map[string]int{FindingOK: 1, FindingWarning: 2, FindingProblem: 3}
	var most Finding
	from := ""
	for _, v := range verdicts {
		if v == nil {
			continue
		}
		for _, f := range v.Steps {
			if f.Step == StepClock && rank[f.State] > rank[most.State] {
				most, from = f, v.Relay
			}
		}
	}
	if rank[most.State] == 0 {
		d.skip(checkClock, "", "no relay says what time it is there")
		return
	}
	d.tell(checkClock, from, most.State, most.Text, most.Remedy)
}
