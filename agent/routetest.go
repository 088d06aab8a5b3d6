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
	ids, err := b.chosen(ctx, t)
	if err != nil {
		return nil, err
	}
	var results []control.RouteResult
	for _, id := range ids {
		rec, err := b.whole(ctx, id)
		if err != nil {
			return nil, err
		}
		r := b.tryRoutes(rec, before, after)
		if t.Route == "" || t.Delivery != "" || r.Before == t.Route || r.After == t.Route {
			results = append(results, r)
		}
	}
	return results, nil
}

// chosen are the ids of the deliveries to try.
func (b *backend) chosen(ctx context.Context, t control.RouteTest) ([]string, error) {
	if t.Delivery != "" {
		return []string{t.Delivery}, nil
	}
	found, _, err := b.journal.List(ctx, history.Query{Limit: t.Limit})
	if err != nil {
		return nil, translated(err)
	}
	ids := make([]string, len(found))
	for i, d := range found {
		ids[i] = d.ID
	}
	return ids, nil
}

// outlook is what a table would do with a delivery.
type outlook struct {
	route    string
	verified string
	plan     *control.Plan
}

func (b *backend) tryRoutes(rec *history.Record, before, after *routes.Table) control.RouteResult {
	was, will := b.look(rec, before), b.look(rec, after)
	return control.RouteResult{
		Delivery: control.Delivery(rec.Delivery), Before: was.route, After: will.route,
		Verified: will.verified, Plan: will.plan, Change: change(was, will),
	}
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
		p := control.Plan(route.Plan(&t.d))
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
	if was.route == will.route && was.plan != nil && will.plan != nil && !reflect.DeepEqual(was.plan, will.plan) {
		parts = append(parts, "the handler does something else")
	}
	return strings.Join(parts, "; ")
}
