package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"homehook/agent"
	"homehook/agent/config"
	"homehook/agent/control"
)

// routeCmd is "homehook route".
type routeCmd struct {
	List  routeListCmd  `cmd:"" help:"List the routes in the order in which they are tried."`
	New   routeNewCmd   `cmd:"" help:"Make a route of a template, step by step."`
	Check routeCheckCmd `cmd:"" help:"Check a configuration file and report all that is wrong with it."`
	Test  routeTestCmd  `cmd:"" help:"Say what the routes would do with stored deliveries."`

	Move   routeMoveCmd   `cmd:"" help:"Put a route before another one, or last."`
	On     routeOnCmd     `cmd:"" help:"Let deliveries go by a route again."`
	Off    routeOffCmd    `cmd:"" help:"Let no delivery go by a route."`
	Remove routeRemoveCmd `cmd:"" help:"Take a route out of the configuration."`

	Approve routeApproveCmd `cmd:"" help:"Allow the programs of a route as they are now, and no others."`
}

// Help shows an example.
func (*routeCmd) Help() string {
	return "Example:\n\n    homehook route check"
}

// routeListCmd is "homehook route list".
type routeListCmd struct{}

// Help shows an example.
func (*routeListCmd) Help() string {
	return `It reads the configuration file; the agent need not run.

Example:

    homehook route list`
}

// Run lists the routes of the file.
func (*routeListCmd) Run(a *app) error {
	cfg, p, err := a.configuration()
	if err != nil {
		return err
	}
	defer cfg.Table.Close()
	all := make([]control.Route, 0, len(cfg.Routes))
	for i := range cfg.Routes {
		all = append(all, agent.RouteOf(&cfg.Routes[i]))
	}
	if a.json {
		return a.writeJSON(all)
	}
	if len(all) == 0 {
		a.note("no route yet; write one into %s", p.Config)
		return nil
	}
	rows := make([][]cell, 0, len(all))
	for _, r := range all {
		verify := r.Verify
		if r.Unverified {
			verify = "unverified"
		}
		handlers := strings.Join(append([]string{r.Handler}, r.Also...), " + ")
		row := plainCells(r.Name, r.Claim, r.Match, verify, handlers, settings(&r), r.Target)
		row[5].colour = yellow
		rows = append(rows, row)
	}
	a.table([]string{"ROUTE", "CLAIM", "MATCH", "SENDER", "HANDLERS", "SETTINGS", "TARGET"}, rows)
	return nil
}

// settings are the words for what decides whether a route takes all that fits it
// and whether later ones are asked too.
func settings(r *control.Route) string {
	var words []string
	for _, s := range []struct {
		on   bool
		word string
	}{{r.Off, "off"}, {len(r.Events) > 0, "events"}, {r.When != "", "when"}, {r.Continue, "continue"}, {r.Background, "background"}} {
		if s.on {
			words = append(words, s.word)
		}
	}
	if words == nil {
		return "-"
	}
	return strings.Join(words, " ")
}

// routeCheckCmd is "homehook route check".
type routeCheckCmd struct {
	File string `arg:"" optional:"" help:"The file; default the one that the agent uses."`
}

// Help shows an example.
func (*routeCheckCmd) Help() string {
	return `Each problem comes with its line and column and what to do about it.
What is risky about routes, such as scripts that run text of strangers, is
told as a warning, and so is what keeps them from their work on this machine:
credentials that are missing, programs that have changed since they were
approved. The file is good all the same.

Example:

    homehook route check ./new-config.yaml`
}

// problemAnswer is one problem in the JSON of "route check".
type problemAnswer struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`

	// Warning says that the file is good with it.
	Warning bool `json:"warning"`
}

// Run checks the file.
func (c *routeCheckCmd) Run(ctx context.Context, a *app) error {
	path := c.File
	if path == "" {
		p, err := a.paths()
		if err != nil {
			return err
		}
		path = p.Config // which need not exist
	} else if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("check config: %w", err) // Load takes no file for an empty one
	}
	cfg, err := config.Load(path)
	var problems config.Problems
	if err != nil && !errors.As(err, &problems) {
		return err
	}
	// Problems are the answer here and no error of the check, so that programs
	// find them on stdout.
	var warnings config.Problems
	if err == nil {
		defer cfg.Table.Close()
		if problems = cfg.Faults; len(problems) > 0 {
			err = problems
		}
	}
	if err == nil {
		if warnings, err = config.Lint(path); err != nil {
			return err
		}
		warnings = append(warnings, a.findings(ctx, cfg, path)...)
	}
	if a.json {
		return c.encode(a, problems, warnings)
	}
	if err != nil {
		return err
	}
	for _, w := range warnings {
		a.note("warning: %s", w.Error())
	}
	a.say("%s is good: %s, %s, %s", path,
		count(len(cfg.Relays), "relay"), count(len(cfg.Claims), "claim"), count(len(cfg.Routes), "route"))
	return nil
}

// encode prints the problems and warnings as an array.
func (*routeCheckCmd) encode(a *app, problems, warnings config.Problems) error {
	answer := make([]problemAnswer, 0, len(problems)+len(warnings))
	for i, p := range append(problems, warnings...) {
		answer = append(answer, problemAnswer{p.File, p.Line, p.Column, p.Message, p.Remedy, i >= len(problems)})
	}
	if err := a.writeJSON(answer); err != nil {
		return err
	}
	if len(problems) > 0 {
		return errSilent
	}
	return nil
}
