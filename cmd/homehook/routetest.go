package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"homehook/agent/config"
	"homehook/agent/control"
)

// routeTestCmd is "homehook route test".
type routeTestCmd struct {
	Name     string `arg:"" optional:"" help:"Only deliveries that this route took, or takes before or after the change; by default all."`
	Delivery string `placeholder:"ID" help:"Only this delivery, whatever takes it."`
	Config   string `placeholder:"FILE" help:"A changed configuration to try; by default the one in use."`
	Last     int    `default:"100" placeholder:"N" help:"Try the N newest deliveries, of those of the route if one is named; ${default} by default, 1000 at most."`
}

// Help says what it does and shows examples.
func (*routeTestCmd) Help() string {
	return `Nothing is started and nothing is sent: it says which route would take stored
deliveries, whether the sender would pass, and what would run. With --delivery it
also shows what each route said and why, the whole command line, and what a
transform makes of the request. With --config it says what a changed file would do
otherwise than the one in use.

Examples:

    homehook route test 'deploy the blog' --delivery 0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f
    homehook route test --config ./new-config.yaml --last 500`
}

// Run tries the routes.
func (c *routeTestCmd) Run(ctx context.Context, a *app) error {
	ask := control.RouteTest{Route: c.Name, Limit: c.Last}
	if c.Last < 1 || c.Last > control.MaxLimit {
		return misused("--last is %d; it is a number from 1 to %d", c.Last, control.MaxLimit)
	}
	var names []string
	var err error
	if c.Delivery != "" {
		if ask.Delivery, err = checkID(c.Delivery); err != nil {
			return err
		}
	}
	if ask.Config, names, err = readConfig(c.Config); err != nil {
		return err
	}
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	if c.Name != "" {
		used, err := routeNames(ctx, client)
		if err != nil {
			return err
		}
		if names = append(names, used...); !slices.Contains(names, c.Name) {
			return noRoute(c.Name, names)
		}
	}
	got, err := client.RouteTest(ctx, ask)
	if ask.Delivery != "" {
		err = unknownID(ctx, client, ask.Delivery, err)
	}
	switch {
	case err != nil:
		return err
	case a.json:
		return a.writeJSON(got)
	case len(got) == 0:
		a.note("no delivery to try")
	case ask.Delivery != "":
		a.showRouteResult(&got[0])
	default:
		a.routeResultTable(got)
	}
	return nil
}

// readConfig reads a configuration file that is to be tried, and finds here
// already what is wrong with it: with its name, line and column. names are those
// of its routes.
func readConfig(path string) (text string, names []string, err error) {
	if path == "" {
		return "", nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", nil, fmt.Errorf("read config: %w", err)
	}
	cfg, err := config.Load(path)
	if err != nil {
		return "", nil, err
	}
	cfg.Table.Close()
	if len(raw) == 0 {
		return "", nil, errors.New("read config: " + path + " is empty")
	}
	for i := range cfg.Routes {
		names = append(names, cfg.Routes[i].Name)
	}
	return string(raw), names, nil
}

// showRouteResult prints what the routes would do with one delivery.
func (a *app) showRouteResult(r *control.RouteResult) {
	a.say("Delivery  %s, %s %s", a.paint(bold, r.Delivery.ID), r.Delivery.Method, target(&r.Delivery))
	a.say("Route     %s", orNone(r.After))
	if r.Before != r.After {
		a.say("Before    %s", orNone(r.Before))
	}
	if r.Verified != "" {
		a.say("Sender    %s", verifiedText(r.Verified))
	}
	a.optional("Reason    %s", r.Reason)
	if r.Plan != nil {
		a.say("Would     %s", planText(r.Plan))
		if r.Plan.Dir != "" {
			a.say("In        %s", r.Plan.Dir)
		}
		a.planExtras(r.Plan)
		a.optional("Note      %s", r.Plan.Note)
		for i := range r.Plan.Also {
			a.say("Also      %s", alsoText(&r.Plan.Also[i]))
			a.planExtras(&r.Plan.Also[i])
		}
	}
	if r.PlanBefore != nil {
		a.say("Now       %s", planDetails(r.PlanBefore))
	}
	a.optional("Change    %s", changeText(r))
	a.showTrace(r.Trace)
}

// changeText says what changes and, where it is what a handler does, both.
func changeText(r *control.RouteResult) string {
	if r.PlanBefore == nil || r.Plan == nil {
		return r.Change
	}
	will, was := planText(r.Plan), planText(r.PlanBefore)
	if will == was {
		will, was = planDetails(r.Plan), planDetails(r.PlanBefore)
	}
	return fmt.Sprintf("%s: %s; now: %s", r.Change, will, was)
}

// routeResultTable prints what the routes would do with many deliveries.
func (a *app) routeResultTable(all []control.RouteResult) {
	rows := make([][]cell, 0, len(all))
	changed := 0
	fit := func(s string, _ int) string { return visible(s) } // what is no terminal has room for all of it
	if isTerminal(a.out) {
		fit = oneLine
	}
	for i := range all {
		r := &all[i]
		row := plainCells(r.Delivery.ID, fit(r.Delivery.Method+" "+target(&r.Delivery), 32), fit(orNone(r.Before), 24),
			fit(orNone(r.After), 24), fit(verifiedText(r.Verified), 24), fit(wouldText(r), 48), fit(changeText(r), 160))
		if r.Change != "" {
			changed++
			row[6].colour = yellow
		}
		rows = append(rows, row)
	}
	a.table([]string{"ID", "REQUEST", "BEFORE", "AFTER", "SENDER", "WOULD", "CHANGE"}, rows)
	a.note("%s tried, %d would go otherwise; nothing was started or sent", shown(count(len(all), "delivery")), changed)
}

// orNone names a route.
func orNone(route string) string {
	if route == "" {
		return "no route"
	}
	return route
}

// verifiedText says whether a signature is good.
func verifiedText(verified string) string {
	switch verified {
	case "":
		return ""
	case "ok":
		return "verified"
	}
	return "refused: " + verified
}
