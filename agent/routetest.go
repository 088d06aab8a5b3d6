package agent

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/history"
	"homehook/routes"
)

// RouteTest says what the routes of a changed configuration would do with
// stored deliveries. It starts and sends nothing.
func (b *backend) RouteTest(ctx context.Context, t control.RouteTest) ([]control.RouteResult, error) {
	before := b.inbox.table.Load()
	after := before
	if t.Config != "" {
		c, err := config.Parse(b.opts.Config, []byte(t.Config))
		if err != nil {
			return nil, marked{err, control.ErrInvalid}
		}
		defer c.Table.Close()
		after = c.Table
	}
	if t.Delivery != "" {
		rec, err := b.whole(ctx, t.Delivery)
		if err != nil {
			return nil, err
		}
		return []control.RouteResult{b.tryRoutes(rec, before, after)}, nil
	}
	return b.tryMany(ctx, t, before, after)
}

// mostLookedAt is how many deliveries are looked at for those of one route.
const mostLookedAt = 100_000

// tryMany tries the newest deliveries, of one route those that it took, or takes
// in one of the tables.
func (b *backend) tryMany(ctx context.Context, t control.RouteTest, before, after *routes.Table) ([]control.RouteResult, error) {
	var results []control.RouteResult
	q := history.Query{Limit: t.Limit}
	if t.Route != "" {
		q.Limit = control.MaxLimit
	}
	for looked := 0; looked < mostLookedAt; looked += q.Limit {
		found, next, err := b.journal.List(ctx, q)
		if err != nil {
			return nil, translated(err)
		}
		for i := range found {
			d := &found[i]
			if len(results) == t.Limit || t.Route != "" && !mayBeOf(t.Route, d, before, after) {
				continue
			}
			rec, err := b.whole(ctx, d.ID)
			if err != nil {
				return nil, err
			}
			if r := b.tryRoutes(rec, before, after); t.Route == "" || d.Route == t.Route || r.Before == t.Route || r.After == t.Route {
				results = append(results, r)
			}
		}
		if next == "" || len(results) >= t.Limit {
			break
		}
		q.Cursor = next
	}
	return results, nil
}

// mayBeOf reports whether a route took a delivery, or its pattern fits it in one
// of the tables.
func mayBeOf(route string, d *history.Delivery, tables ...*routes.Table) bool {
	if d.Route == route {
		return true
	}
	for _, t := range tables {
		for r := range t.Fits(d.Claim, []byte(d.Method), []byte(d.Path)) {
			if r.Name == route {
				return true
			}
		}
	}
	return false
}

// outlook is what a table would do with a delivery.
type outlook struct {
	route    string
	verified string
	plan     *control.Plan
	trace    []control.Trace
	unwanted bool   // routes fit, and none of them takes it
	reason   string // why no route takes it
}

func (b *backend) tryRoutes(rec *history.Record, before, after *routes.Table) control.RouteResult {
	was, will := b.look(rec, before), b.look(rec, after)
	// What a route would do has values of the delivery in it, and may be shown.
	m := b.journal.veil.marks()
	m.plan(was.plan)
	m.plan(will.plan)
	m.traces(will.trace)
	r := control.RouteResult{
		Delivery: control.Delivery(b.journal.veil.concealed(rec).Delivery), Before: was.route, After: will.route,
		Verified: will.verified, Reason: will.reason, Plan: will.plan, Change: change(was, will), Trace: will.trace,
	}
	if differ(was, will) {
		r.PlanBefore = was.plan
	}
	return r
}

// differ reports whether the same route would do another thing.
func differ(was, will outlook) bool {
	return was.route == will.route && was.plan != nil && will.plan != nil && !reflect.DeepEqual(was.plan, will.plan)
}

// look asks a table about a delivery. The time of receipt is that in the history.
func (b *backend) look(rec *history.Record, table *routes.Table) (o outlook) {
	t := turn{rec: rec, claim: b.inbox.claimOf(rec.Claim)}
	if err := b.inbox.parse(&job{id: rec.ID, claim: rec.Claim}, &t); err != nil {
		return o
	}
	whole := !rec.BodyTruncated && !rec.Redacted
	c := b.inbox.decide(&question{table: table, claim: t.claim, d: t.d, n: &t.n, trusted: !whole, now: rec.Received})
	o.trace = traceOf(c.trace)
	o.unwanted = c.route == nil && c.no != errNoRoute
	if c.route == nil {
		o.reason = c.no.reason
		return o
	}
	o.route = c.route.Name
	switch {
	case c.missing != nil:
		o.verified = c.missing.Error()
	case c.no != nil && c.no.refused:
		o.verified = strings.TrimPrefix(c.no.reason, notVerified)
	case c.no != nil:
		o.plan = &control.Plan{Handler: "respond", Status: c.no.status, Note: c.no.reason}
	case c.route.Verifies() && !whole:
		o.verified = "cannot be checked: the delivery is not kept whole"
	default:
		if c.route.Verifies() {
			o.verified = verifiedOK
		}
		o.plan = planOf(&c, &t.d)
	}
	return o
}

// planOf is what the routes that take a delivery would do with it.
func planOf(c *decision, d *routes.Delivery) *control.Plan {
	var plan *control.Plan
	for _, t := range c.taken {
		at := *d
		at.Route, at.Params = t.Route.Name, t.Params
		p := planned(t.Route.Plan(&at))
		if plan == nil {
			plan = &p
			continue
		}
		also := p.Also
		p.Also, p.Route = nil, t.Route.Name
		plan.Also = append(plan.Also, p)
		for _, h := range also {
			h.Route = t.Route.Name
			plan.Also = append(plan.Also, h)
		}
	}
	return plan
}

// verifiedOK is the word for a signature that is good.
const verifiedOK = "ok"

// change says in words what becomes different.
func change(was, will outlook) string {
	var parts []string
	switch {
	case was.route == "" && will.route == "":
	case was.route == "":
		parts = append(parts, fmt.Sprintf("route %q takes it, where none did", will.route))
	case will.route == "" && will.unwanted:
		parts = append(parts, fmt.Sprintf("no route wants it, where %q took it", was.route))
	case will.route == "":
		parts = append(parts, fmt.Sprintf("no route takes it, where %q did", was.route))
	case was.route != will.route:
		parts = append(parts, fmt.Sprintf("route %q takes it in place of %q", will.route, was.route))
	}
	refused := func(o outlook) bool { return o.verified != "" && o.verified != verifiedOK }
	switch {
	case refused(will) && !refused(was):
		parts = append(parts, "its sender is refused: "+will.verified)
	case refused(was) && !refused(will) && will.route != "":
		parts = append(parts, "its sender is no longer refused")
	}
	if differ(was, will) {
		parts = append(parts, "the handler does something else")
	}
	return strings.Join(parts, "; ")
}

// planned puts a plan into the words of the control API.
func planned(p routes.Plan) control.Plan {
	out := control.Plan{
		Handler: p.Handler, Command: p.Command, Dir: p.Dir, Method: p.Method, URL: p.URL, Host: p.Host,
		Status: p.Status, Files: p.Files, Note: p.Note, Variables: p.Variables,
	}
	if g := p.Given; g != nil {
		out.Given = &control.Given{Target: g.Target, Dropped: g.Dropped, Body: g.Body, Size: g.Size}
		for _, f := range g.Fields {
			out.Given.Fields = append(out.Given.Fields, f)
		}
	}
	for _, also := range p.Also {
		out.Also = append(out.Also, planned(also))
	}
	return out
}
