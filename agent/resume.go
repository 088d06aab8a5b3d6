package agent

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
	"homehook/routes"
)

// newInbox makes an inbox. What it needs of the configuration, its contexts and
// the credentials have to be given to it before it is used. Nothing that is
// written down runs before resume.
func newInbox(j *ledger, hub *control.Hub, log *slog.Logger) *inbox {
	in := &inbox{journal: j, hub: hub, log: log, bodies: newRoom(bodiesAtOnce), kept: newBudget(bodiesKept)}
	in.heard = func(*history.Delivery) {}
	in.host = &host{in}
	in.executor = newExecutor(in.run)
	in.executor.held = true
	return in
}

// resumePage is how many deliveries are read from the journal at once.
const resumePage = 1000

// resume puts all that an agent before this one left unfinished into its line
// and then lets handlers run unless paused. The order is that of the ids, in
// which the relay took deliveries in: the last of them were written down side by
// side.
func (in *inbox) resume(ctx context.Context, paused bool) error {
	var left []restart
	for after := int64(0); ; {
		page, err := in.journal.Unfinished(ctx, "", after, resumePage)
		if err != nil {
			return fmt.Errorf("read unfinished deliveries: %w", err)
		}
		for i := range page {
			after = page[i].Seq
			left = append(left, in.restartOf(&page[i].Delivery, page[i].Checked))
		}
		if len(page) < resumePage {
			break
		}
	}
	slices.SortStableFunc(left, func(a, b restart) int { return strings.Compare(a.id, b.id) })
	if n := routes.SweepDelivery(crashed(left)...); n > 0 {
		in.log.Warn("scripts that the agent before this one left behind were killed", "processes", n)
	}
	for _, r := range left {
		in.readmit(r, time.Now())
	}
	if len(left) > 0 {
		in.log.Info("deliveries are unfinished and go on now", "count", len(left))
	}
	in.executor.begin(paused)
	return nil
}

// restart is a delivery that is to go on.
type restart struct {
	*job
	to     lane
	latest bool      // it takes the place of older ones of its route
	due    time.Time // of its next attempt; zero for at once
}

// crashed lists the deliveries that ran when the agent died: what may be left of
// their scripts must not run beside the next attempt.
func crashed(list []restart) (ids []string) {
	for _, r := range list {
		if r.crashed {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// restartOf finds out how a delivery goes on that the journal has. checked says
// that it is known whether the sender is who it should be.
func (in *inbox) restartOf(d *history.Delivery, checked bool) restart {
	r := restart{job: restored(d, checked), to: lane{claim: d.Claim, kind: laneReplay}}
	if d.State == history.Waiting {
		r.due = d.Due
	}
	if r.replay {
		return r
	}
	route := likely(in.table.Load(), d)
	r.to = laneOf(route, d.Claim, d.Method)
	if route != nil {
		r.route, r.latest = route.Name, route.WhileRunning() == routes.WhileRunningLatest
	}
	return r
}

// likely is the route that takes a delivery again: the one that took it before,
// if it fits still, or else the first that fits; nil for none. What they want is
// asked at the turn of the delivery.
func likely(table *routes.Table, d *history.Delivery) (first *routes.Route) {
	for route := range table.Fits(d.Claim, []byte(d.Method), []byte(d.Path)) {
		if route.Name == d.Route {
			return route
		}
		if first == nil {
			first = route
		}
	}
	return first
}

// readmit gives a delivery its place in line, or has it wait for its time.
func (in *inbox) readmit(r restart, now time.Time) {
	if r.due.After(now) {
		in.executor.schedule(r.job, r.to, r.due)
		return
	}
	in.executor.placeAnyway(r.job, r.to)
	// One that is not checked yet takes nobody's place.
	in.supersede(in.executor.ready(r.job, r.latest && !r.unchecked), r.id)
}
