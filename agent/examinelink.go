package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"homehook/agent/config"
	"homehook/agent/credentials"
	"homehook/ptth"
)

const (
	remedyPortal   = "open a web page in a browser on this machine and log in to the network, then try again"
	remedyStripped = "use https://, or have the proxy in between pass Upgrade and Connection on"
)

// links asks for a link in each dialect that makes sense, as the agent would,
// and says which one it would use.
func (x *examiner) links(ctx context.Context) {
	x.dialer.Ping, x.dialer.MaxLinks = pingEvery, 1
	var trip float64
	stripped, upgraded := false, false
	unset := x.settle(ctx, x.Claim)
	chosen, err := x.dialer.Probe(ctx, x.Claim, func(a ptth.Attempt) {
		x.tell(attemptFinding(a))
		if refused, ok := errors.AsType[*ptth.RefusedError](a.Err); ok && refused.Stripped() {
			stripped = true
		}
		if a.Err == nil && trip == 0 {
			trip = milliseconds(a.Link.RoundTrip)
		}
		upgraded = upgraded || a.Err == nil && ptth.Token(a.Link.Dialect) != ""
	})
	if stripped = stripped && !upgraded; stripped {
		x.tell(Finding{
			Step: StepDialect, State: FindingWarning, Remedy: remedyStripped,
			Text: "something between this machine and the relay removes the field Upgrade from requests",
		})
	}
	if chosen == "" {
		x.unlinked(x.Claim, err, stripped)
		if refused, ok := errors.AsType[*ptth.RefusedError](err); ok && refused.Status == 403 {
			x.more(ctx, x.Relay.Dialect) // another name may be theirs
		}
		return
	}
	x.verdict.OK, x.verdict.Dialect, x.verdict.RoundTripMS = true, chosen, trip
	f := Finding{Step: StepLink, State: FindingOK, Dialect: chosen, MS: trip}
	f.Text = fmt.Sprintf("the agent links %s with %s", x.Claim, chosen)
	if x.Relay.Dialect != "" {
		f.Text += ", as the configuration says"
	}
	x.tell(f)
	x.unsettled(x.Claim, unset)
	x.more(ctx, chosen)
}

// settle tells a relay of ours the settings of a claim. Why it does not take them is
// worth a word only where it takes a link.
func (x *examiner) settle(ctx context.Context, name string) error {
	i := slices.IndexFunc(x.Claims, func(c config.Claim) bool { return c.Name == name })
	if i < 0 || !x.ours {
		return nil
	}
	secret := x.Secret
	if secret == nil {
		secret = func(string) (string, error) { return "", credentials.ErrNotFound }
	}
	// What needs a credential that is not there is left out, as an agent does.
	set, _ := settingsOf(&x.Claims[i], secret)
	_, err := newRegistry(x.dialer).put(ctx, name, set)
	return err
}

// unsettled tells that the relay does not take the settings of a claim.
func (x *examiner) unsettled(name string, err error) {
	if err == nil || errors.Is(err, errForeign) {
		return
	}
	x.tell(Finding{
		Step: StepLink, State: FindingWarning, Text: "the settings of " + name + " did not reach the relay: " + err.Error(), claim: name,
		Remedy: "check the claim in the configuration: homehook route check",
	})
}

// more tries the other names, in a dialect that is known to work or, with "", in
// all of them.
func (x *examiner) more(ctx context.Context, dialect string) {
	for _, name := range x.More {
		d, err := newDialer(x.Relay, x.Token, x.Secret)
		if err != nil {
			return // it was told where the first name was tried
		}
		d.Ping, d.MaxLinks, d.Agent, d.Dialect = pingEvery, 1, x.dialer.Agent, dialect
		unset := x.settle(ctx, name)
		link, err := d.Dial(ctx, name)
		if err != nil {
			x.unlinked(name, err, false)
			continue
		}
		link.Close()
		x.tell(Finding{Step: StepLink, State: FindingOK, Dialect: link.About().Dialect, Text: name + " can be linked too", claim: name})
		x.unsettled(name, unset)
	}
}

// unlinked tells why there is no link for a name.
func (x *examiner) unlinked(name string, err error, stripped bool) {
	f := Finding{
		Step: StepLink, State: FindingProblem, Text: "no link for " + name + " can be opened: " + err.Error(),
		Remedy: x.remedy(err, stripped), claim: name, check: checkRelay,
	}
	c, unconnected := errors.AsType[*ptth.ConnectError](err)
	refused, answered := errors.AsType[*ptth.RefusedError](err)
	switch {
	case unconnected:
		f.check = checkOf(c.Step)
	case answered && refused.Status == 401:
		f.check = checkToken
	case answered && (refused.Status == 403 || refused.Status == 429):
		f.check = checkClaim
	}
	x.tell(f)
}

// attemptFinding puts what came of one dialect into words.
func attemptFinding(a ptth.Attempt) Finding {
	f := Finding{Step: StepDialect, Dialect: a.Dialect, State: FindingOK, Text: a.Dialect + " is offered"}
	switch {
	case a.Err != nil:
		f.State, f.Text = FindingNo, fmt.Sprintf("%s is not offered: %s", a.Dialect, a.Err)
		return f
	case a.Link.Dialect != a.Dialect:
		f.Text = fmt.Sprintf("%s is not offered: the relay took it for %s", a.Dialect, a.Link.Dialect)
	case a.Link.Parked:
		f.Text += ", parked until somebody asks"
	case a.Link.Shared:
		f.Text += ", with HTTP/2"
	}
	f.MS = milliseconds(a.Link.RoundTrip)
	return f
}

// remedy is what to do about links that cannot be opened.
func (x *examiner) remedy(err error, stripped bool) string {
	var c *ptth.ConnectError
	var refused *ptth.RefusedError
	switch {
	case errors.As(err, &c):
		return c.Remedy
	case errors.Is(err, ptth.ErrPortal):
		return remedyPortal
	case stripped:
		return remedyStripped
	case !errors.As(err, &refused):
		return "check that the url is that of a relay, and try again"
	case refused.Status == 401:
		return "store the token that the relay's operator gave you: homehook secret set " + credentialOf(x.Relay)
	case refused.Status == 403:
		return "claim another name: homehook claim NAME --relay " + x.Relay.Name + "; or ask the relay's operator whose this one is"
	case refused.Status == 429:
		return "end other agents that use this claim, or wait"
	case x.Relay.Dialect != "":
		return "take dialect: out of the relay's entry in the configuration, so that the agent can choose"
	}
	return "check that the url is that of a relay"
}

// credentialOf is the credential of a relay, or what it would be called.
func credentialOf(r config.Relay) string {
	if r.Token != "" {
		return r.Token
	}
	return "relay/" + r.Name
}
