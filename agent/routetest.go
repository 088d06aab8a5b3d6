package agent

import (
	"context"
	"fmt"
	"reflect"
	"slices"
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
	ids, err := b.chosen(ctx, t, before, after)
	if err != nil {
		return nil, err
	}
	var results []control.RouteResult
	for _, id := range ids {
		rec, err := b.whole(ctx, id)
		if err != nil {
			return nil, err
		}
		results = append(results, b.tryRoutes(rec, before, after))
	}
	return results, nil
}

// mostLookedAt is how many deliveries are looked at for those of one route.
const mostLookedAt = 100_000

// chosen are the ids of the deliveries to try: of one route those that it took,
// or takes in one of the tables.
func (b *backend) chosen(ctx context.Context, t control.RouteTest, tables ...*routes.Table) ([]string, error) {
	if t.Delivery != "" {
		return []string{t.Delivery}, nil
	}
	var ids []string
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
			if d := &found[i]; len(ids) < t.Limit && (t.Route == "" || isOf(t.Route, d, tables)) {
				ids = append(ids, d.ID)
			}
		}
		if next == "" || len(ids) >= t.Limit {
			break
		}
		q.Cursor = next
	}
	return ids, nil
}

// isOf reports whether a route took a delivery, or takes it in one of the
// tables.
func isOf(route string, d *history.Delivery, tables []*routes.Table) bool {
	return d.Route == route || slices.ContainsFunc(tables, func(t *routes.Table) bool {
		r, _, found := t.Find(d.Claim, []byte(d.Method), []byte(d.Path))
		return found && r.Name == route
	})
}

// outlook is what a table would do with a delivery.
type outlook struct {
	route    string
	verified string
	plan     *control.Plan
}

func (b *backend) tryRoutes(rec *history.Record, before, after *routes.Table) control.RouteResult {
	was, will := b.look(rec, before), b.look(rec, after)
	r := control.RouteResult{
		Delivery: control.Delivery(rec.Delivery), Before: was.route, After: will.route,
		Verified: will.verified, Plan: will.plan, Change: change(was, will),
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

// look asks a table about a delivery.
func (b *backend) look(rec *history.Record, table *routes.Table) (o outlook) {
	var t turn
	j := &job{id: rec.ID, claim: rec.Claim}
	if err := b.inbox.parse(j, rec, &t); err != nil {
		return o
	}
	route, params, found := table.Find(rec.Claim, t.d.Request.Method, t.d.Request.Path())
	if !found {
		return o
	}
	o.route, t.d.Route, t.d.Params = route.Name, route.Name, params
	if o.verified = b.signed(route, &t.d, rec); o.verified == "" || o.verified == verifiedOK {
		p := planned(route.Plan(&t.d))
		o.plan = &p
	}
	return o
}

// verifiedOK is the word for a signature that is good.
const verifiedOK = "ok"

// signed says whether a stored delivery is signed as a route wants it, "" for
// one that checks nobody. The time of receipt is that in the history.
func (b *backend) signed(route *routes.Route, d *routes.Delivery, rec *history.Record) string {
	if !route.Verifies() {
		return ""
	}
	if rec.BodyTruncated || rec.Redacted {
		return "cannot be checked: the delivery is not kept whole"
	}
	if err := route.Verify(d, rec.Body, b.inbox.secret); err != nil {
		return err.Error()
	}
	return verifiedOK
}

// change says in words what becomes different.
func change(was, will outlook) string {
	var parts []string
	switch {
	case was.route == "" && will.route == "":
	case was.route == "":
		parts = append(parts, fmt.Sprintf("route %q takes it, where none did", will.route))
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
		Status: p.Status, Files: p.Files, Note: p.Note,
	}
	for _, also := range p.Also {
		out.Also = append(out.Also, planned(also))
	}
	return out
}
