package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"homehook/agent/config"
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
	all, err := readTemplates()
	if err != nil {
		return err
	}
	if c.List {
		return a.listTemplates(all)
	}
	p, err := a.paths()
	if err != nil {
		return err
	}
	cfg, err := config.Load(p.Config)
	if err != nil {
		return err
	}
	defer cfg.Table.Close()
	claim, err := (&importFlags{Claim: c.Claim, DryRun: c.DryRun}).claim(cfg, p.Config)
	if err != nil {
		return err
	}
	d := dialogue{app: a, ctx: ctx}
	if isTerminal(a.in) && !a.json {
		d.lines = bufio.NewReader(a.in)
	}
	t, answers, err := d.choose(all, c.Template, c.Set)
	if err != nil {
		return err
	}
	if claim == "" {
		claim = "any"
	}
	specs, err := t.fill(answers, claim)
	if err != nil {
		return setRemedies(err)
	}
	return c.finish(&d, t, answers, specs, p.Config)
}

// setRemedies takes places out of problems with a route that is in no file yet.
func setRemedies(err error) error {
	if problems, ok := errors.AsType[config.Problems](err); ok {
		p := problems[0]
		return &failure{error: errors.New(p.Message), next: p.Remedy, code: exitUsage}
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
func (c *routeNewCmd) finish(d *dialogue, t *routeTemplate, answers map[string]string, specs []routes.Spec, path string) error {
	a := d.app
	out := newAnswer{Template: t.Name, Config: path, Routes: []string{}, After: withAnswers(t.After, answers).(string)}
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
		agreed, err := d.agree("Write it to " + path + "?")
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
	out.Missing = a.missingCredentials(d.ctx, specs)
	if a.json {
		return a.writeJSON(out)
	}
	a.afterNew(&out)
	return nil
}

// newFailure says what to do about a name that is taken.
func newFailure(err error) error {
	if errors.Is(err, config.ErrExists) {
		return withNext(err, "choose another name: --set name=TEXT")
	}
	return err
}

// afterNew says what was done and what is left.
func (a *app) afterNew(out *newAnswer) {
	if out.Written {
		a.say("%s added to %s: %s", count(len(out.Routes), "route"), out.Config, strings.Join(out.Routes, ", "))
	}
	for _, name := range out.Missing {
		a.note("next: homehook secret set %s, or with --generate --show for a new one", name)
	}
	a.note("next: %s", out.After)
}

// missingCredentials are those that routes name and nobody has stored. Where
// that cannot be found out, none is missing.
func (a *app) missingCredentials(ctx context.Context, specs []routes.Spec) []string {
	missing := []string{}
	client, _, err := a.client()
	if err != nil {
		return missing
	}
	defer client.Close()
	have, err := client.Credentials(ctx)
	if noAgent(err) {
		have, err = a.storedCredentials()
	}
	if err != nil {
		return missing
	}
	known := map[string]bool{}
	for _, c := range have {
		known[c.Name] = true
	}
	for _, s := range specs {
		if v := s.Verify; v != nil && v.Secret != "" && !known[v.Secret] {
			known[v.Secret] = true
			missing = append(missing, v.Secret)
		}
	}
	return missing
}

// listTemplates prints the templates.
func (a *app) listTemplates(all []routeTemplate) error {
	if a.json {
		return a.writeJSON(all)
	}
	for _, t := range all {
		a.say("%s  %s", a.paint(bold, t.Name), t.Title)
		a.wrapped("    ", t.About)
		for _, q := range t.Ask {
			line := q.Key + ": " + q.Text
			if q.Default != "" {
				line += " (" + q.Default + ")"
			}
			a.wrapped("    - ", line)
		}
	}
	return nil
}

// dialogue asks for what the command line has not said.
type dialogue struct {
	app   *app
	ctx   context.Context
	lines *bufio.Reader // nil where there is nobody to ask
}

func (d *dialogue) asks() bool { return d.lines != nil }

// choose finds the template and the answers.
func (d *dialogue) choose(all []routeTemplate, name string, set map[string]string) (*routeTemplate, map[string]string, error) {
	t, err := d.template(all, name)
	if err != nil {
		return nil, nil, err
	}
	answers := map[string]string{}
	var unset []string
	for i := range t.Ask {
		q := &t.Ask[i]
		value, given := set[q.Key]
		switch {
		case given:
		case d.asks():
			if value, err = d.question(q); err != nil {
				return nil, nil, err
			}
		case q.Default == "":
			unset = append(unset, fmt.Sprintf("--set %s=… (%s)", q.Key, q.Text))
			continue
		default:
			value = q.Default
		}
		if err := q.check(value); err != nil {
			return nil, nil, misused("%s %q: %w", q.Key, value, err)
		}
		answers[q.Key] = value
	}
	for key := range set {
		if !slices.ContainsFunc(t.Ask, func(q question) bool { return q.Key == key }) {
			return nil, nil, misused("the template %s has no value %q", t.Name, key)
		}
	}
	if len(unset) > 0 {
		return nil, nil, misused("the template %s needs %s", t.Name, strings.Join(unset, ", "))
	}
	return t, answers, nil
}

// template finds a template by its name, or asks for its number.
func (d *dialogue) template(all []routeTemplate, name string) (*routeTemplate, error) {
	if name == "" && d.asks() {
		for i, t := range all {
			d.app.say("%2d  %-17s %s", i+1, t.Name, t.Title)
		}
		answer, err := d.read("Which one? ")
		if err != nil {
			return nil, err
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(all) {
			return &all[n-1], nil
		}
		name = answer
	}
	var names []string
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
		names = append(names, all[i].Name)
	}
	if name == "" {
		return nil, misused("which template? There are: %s", strings.Join(names, ", "))
	}
	return nil, misused("there is no template %q; there are: %s", name, strings.Join(names, ", "))
}

// question asks until the answer will do.
func (d *dialogue) question(q *question) (string, error) {
	prompt := q.Text
	if q.Default != "" {
		prompt += " [" + q.Default + "]"
	}
	for {
		value, err := d.read(prompt + ": ")
		if err != nil {
			return "", err
		}
		if value == "" {
			value = q.Default
		}
		if err = q.check(value); err == nil {
			return value, nil
		}
		d.app.say("%s", err)
	}
}

// agree asks for a yes. Where nobody is asked, the command line is the yes.
func (d *dialogue) agree(prompt string) (bool, error) {
	if !d.asks() {
		return true, nil
	}
	answer, err := d.read(prompt + " [Y/n] ")
	if err != nil {
		return false, err
	}
	if answer = strings.ToLower(answer); answer == "" || answer == "y" || answer == "yes" {
		return true, nil
	}
	d.app.note("nothing was written")
	return false, nil
}

// read asks for one line.
func (d *dialogue) read(prompt string) (string, error) {
	fmt.Fprint(d.app.out, prompt)
	line, err := await(d.ctx, func() ([]byte, error) {
		line, err := d.lines.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" {
			return nil, errors.New("the input has ended")
		}
		return []byte(line), nil
	})
	return strings.TrimSpace(string(line)), err
}
