package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/service"
)

// doctorCmd is "homehook doctor".
type doctorCmd struct {
	Canary bool   `negatable:"" default:"true" help:"Send a signed request to the public URL of each claim."`
	Bundle string `placeholder:"FILE" help:"Write what a bug report needs to a new .zip or .tar.gz."`
}

// Help says what it looks at and shows examples.
func (*doctorCmd) Help() string {
	return `It looks at the agent and its service, the configuration, who else may read its
folders, credentials and the keyring, scripts, the history, the disk, the
network, DNS, proxies, each relay with its TLS, token and dialects, the clock,
the claims, who shows notifications and newer versions, and says what to do
where something is wrong. It sends a signed request to the public URL of each
claim, which has to come home and back; no route and no history sees that. It
changes nothing. Without a running agent it looks at all that needs none. It may
take most of a minute where a relay does not answer.

With --bundle it also writes a file to attach to a bug report: versions, the
configuration with everything masked that may be secret, findings and the last
lines of the log. Look through it before you send it.

It ends with 0 when there is no problem and with 1 otherwise. A warning is no
problem.

Examples:

    homehook doctor
    homehook doctor --bundle homehook.zip`
}

// Run has the agent look at itself, or looks in its place.
func (c *doctorCmd) Run(ctx context.Context, a *app) error {
	var b *bundle
	if c.Bundle != "" {
		var err error
		if b, err = newBundle(c.Bundle); err != nil {
			return err
		}
		defer b.discard()
	}
	// What it looks at may hang, as files of a server that is gone do.
	v, err := await(ctx, func() (*visit, error) { return c.visit(ctx, a, b != nil) })
	if err != nil {
		return err
	}
	if a.json {
		err = a.writeJSON(v.checkup)
	} else {
		a.checkup(v.checkup)
	}
	if err == nil && b != nil {
		err = b.write(v)
		if err == nil {
			a.note("\nwrote %s; look through it before you send it", c.Bundle)
		}
	}
	if err != nil || v.checkup.OK {
		return err
	}
	if a.json {
		return errSilent
	}
	problems := slices.DeleteFunc(slices.Clone(v.checkup.Findings), func(f control.Finding) bool { return f.State != control.FindingProblem })
	return fmt.Errorf("%s found", count(len(problems), "problem"))
}

// visit is what a doctor has come to.
type visit struct {
	checkup *control.Checkup
	report  *control.Report // nil when none was asked for
	service *service.Status // nil where the system has none
}

// visit looks at the agent and, as the agent cannot, at its service.
func (c *doctorCmd) visit(ctx context.Context, a *app, report bool) (*visit, error) {
	client, p, err := a.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	v := new(visit)
	var unknown error
	v.service, unknown = a.serviceFor(ctx)
	patient := agent.Patient{
		Config: p.Config, History: p.History(), Socket: p.Socket(), Version: a.version,
		Canary: c.Canary, Open: a.lookIntoStore, Start: a.starter(ctx, v.service),
	}
	if err := a.agentsOwn(ctx, p); err != nil {
		patient.Withheld = err.Error()
	}
	v.checkup, err = client.Doctor(ctx, control.Examination{Canary: c.Canary})
	runs := err == nil
	if noAgent(err) {
		if !a.system && p.Foreign() {
			return nil, withNext(fmt.Errorf("the state folder %s belongs to another user, and no agent runs there", p.State), "run the doctor as that user")
		}
		v.checkup, err = agent.Diagnose(ctx, patient)
	}
	if err != nil {
		return nil, err
	}
	if runs {
		v.checkup.Findings = append(v.checkup.Findings, proxyFindings(p.Config, v.checkup.Findings, http.ProxyFromEnvironment)...)
	}
	if !runs {
		a.elsewhere(ctx, p, v)
	}
	v.checkup = control.NewCheckup(slices.Insert(slices.Clone(v.checkup.Findings), 1, a.serviceFindings(ctx, v.service, unknown, runs)...))
	a.sameAgent(v.checkup.Findings)
	switch {
	case report && runs:
		v.report, err = client.Report(ctx, v.checkup)
	case report:
		v.report, err = agent.ReportOn(ctx, patient, v.checkup, a.lastLog(ctx, v.service))
	}
	return v, err
}

// checkup prints what was found.
func (a *app) checkup(c *control.Checkup) {
	warnings := 0
	for _, f := range c.Findings {
		if f.State == control.FindingWarning {
			warnings++
		}
		a.checked(f)
	}
	if c.OK {
		a.say("\nno problem found, %s", count(warnings, "warning"))
	}
}

// ofSeveral are the checks whose texts do not say of what they are.
var ofSeveral = []string{"dns", "proxy", "relay", "tls", "token", "clock", "claim", "canary"}

// checked prints one finding and what to do about it.
func (a *app) checked(f control.Finding) {
	m := marks[f.State]
	text := f.Text
	if f.Subject != "" && slices.Contains(ofSeveral, f.Check) {
		text = f.Subject + ": " + text
	}
	a.say("%s %-13s %s", a.paint(m.colour, m.sign), f.Check, text)
	if f.Remedy != "" {
		a.say("  %-13s %s", "", a.paint(bold, "→ "+f.Remedy))
	}
}
