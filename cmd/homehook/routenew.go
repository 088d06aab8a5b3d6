package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"strings"

	"homehook/agent/config"
	"homehook/agent/templates"
	"homehook/routes"
)

// routeNewCmd is "homehook route new".
type routeNewCmd struct {
	Template string            `arg:"" optional:"" help:"Which template; asked for on a terminal."`
	Set      map[string]string `placeholder:"KEY=VALUE" mapsep:"none" help:"A value of the template; may be given again."`
	Claim    string            `placeholder:"NAME" help:"The claim; may be left out when there is one only."`
	List     bool              `help:"List the templates, and write nothing."`
	DryRun   bool              `help:"Show the route, and write nothing."`
}

// Help says what it does and shows examples.
func (*routeNewCmd) Help() string {
	return `On a terminal it asks for what the template needs, shows the route and writes it
when you agree. Elsewhere the values come with --set; those with a default may be
left out.

Examples:

    homehook route new
    homehook route new --list
    homehook route new github-deploy --set script=/home/me/bin/deploy --set branch=main`
}

// Run makes a route of a template.
func (c *routeNewCmd) Run(ctx context.Context, a *app) error {
	all, err := templates.All()
	if err != nil {
		return err
	}
	if c.List {
		return a.listTemplates(all)
	}
	cfg, p, err := a.configuration()
	if err != nil {
		return err
	}
	defer cfg.Table.Close()
	d := dialogue{app: a}
	if isTerminal(a.in) && !a.json {
		d.lines = bufio.NewReader(a.in)
	}
	claim, err := d.claim(ctx, &importFlags{Claim: c.Claim, DryRun: c.DryRun}, cfg, p.Config)
	if err != nil {
		return err
	}
	t, answers, err := d.choose(ctx, all, c.Template, c.Set)
	if err != nil {
		return err
	}
	specs, err := t.Fill(answers, cmp.Or(claim, "any"))
	if err != nil {
		return setRemedies(err)
	}
	for i := range specs {
		specs[i].Claim = claim
	}
	return c.finish(ctx, &d, t, answers, specs, p.Config)
}

// setRemedies takes places out of problems with a route that is in no file yet.
func setRemedies(err error) error {
	if problems, ok := errors.AsType[config.Problems](err); ok {
		p := problems[0]
		return &failure{error: errors.New(p.Message), next: p.Remedy, code: exitUsage}
	}
	if wrong, ok := errors.AsType[*templates.AnswerError](err); ok {
		return misused("%w", wrong)
	}
	return err
}

// newAnswer is the JSON of "route new".
type newAnswer struct {
	Template string   `json:"template"`
	Routes   []string `json:"routes"`
	YAML     string   `json:"yaml"`
	Config   string   `json:"config"`
	Written  bool     `json:"written"`
	// Missing are the credentials that the route needs and that are not stored.
	Missing []string `json:"missing_credentials"`
	After   string   `json:"after"`
}

// finish shows the routes, writes them if that is wanted, and says what is left
// to do.
func (c *routeNewCmd) finish(ctx context.Context, d *dialogue, t *templates.Template, answers map[string]string, specs []routes.Spec, path string) error {
	a := d.app
	out := newAnswer{Template: t.Name, Config: path, Routes: []string{}, After: a.afterwards(ctx, t, answers, specs)}
	for _, s := range specs {
		text, err := config.RouteText(s)
		if err != nil {
			return err
		}
		out.YAML += text
		out.Routes = append(out.Routes, s.Name)
	}
	if !a.json && (c.DryRun || d.asks()) {
		a.block("", out.YAML)
	}
	if !c.DryRun {
		agreed, err := d.agree(ctx, "Write it to "+path+"?")
		if err != nil || !agreed {
			return err
		}
		if _, err := a.folders(); err != nil {
			return err
		}
		if err := config.AddRoutes(path, specs); err != nil {
			return newFailure(err)
		}
		out.Written = true
	}
	out.Missing = a.missingCredentials(ctx, specs)
	if a.json {
		return a.writeJSON(out)
	}
	a.afterNew(&out, specs)
	return nil
}

// afterwards is what is left to do outside of Homehook. Where the claim's address
// is not known, a word stands for it.
func (a *app) afterwards(ctx context.Context, t *templates.Template, answers map[string]string, specs []routes.Spec) string {
	address := a.publicURL(ctx, specs[0].Claim)
	text := t.Afterwards(answers, cmp.Or(address, "ADDRESS"))
	if address == "" && t.NeedsAddress() {
		text = strings.TrimSuffix(text, ".") + "; ADDRESS is the claim's, which homehook claims shows while the agent runs"
	}
	return text
}

// publicURL is the public address of a claim, with a slash at its end; empty
// where nobody knows it now.
func (a *app) publicURL(ctx context.Context, claim string) string {
	client, _, err := a.client()
	if err != nil {
		return ""
	}
	defer client.Close()
	all, err := client.Claims(ctx)
	if err != nil {
		return "" // it is a help and no more
	}
	for i := range all {
		if all[i].Name == claim {
			return all[i].URL
		}
	}
	return ""
}

// newFailure says what to do about a name that is taken.
func newFailure(err error) error {
	if errors.Is(err, config.ErrExists) {
		return withNext(err, "choose another name: --set name=TEXT")
	}
	return err
}

// afterNew says what was done and what is left.
func (a *app) afterNew(out *newAnswer, specs []routes.Spec) {
	if out.Written {
		a.say("%s added to %s: %s", count(len(out.Routes), "route"), out.Config, strings.Join(out.Routes, ", "))
	}
	for _, name := range out.Missing {
		a.note("next: homehook secret set %s, %s", name, secretSource(specs, name))
	}
	a.note("next: %s", out.After)
}

// listTemplates prints the templates.
func (a *app) listTemplates(all []templates.Template) error {
	if a.json {
		return a.writeJSON(all)
	}
	for _, t := range all {
		a.say("%s  %s", a.paint(bold, t.Name), t.Title)
		a.wrapped("    ", t.About)
		for _, q := range t.Ask {
			line := q.Key + ": " + q.Text
			switch {
			case q.Default != "":
				line += " (" + q.Default + ")"
			case q.Optional:
				line += " (may be left out)"
			}
			a.wrapped("    - ", line)
		}
	}
	return nil
}
