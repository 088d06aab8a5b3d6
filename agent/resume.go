package agent

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
	"homehook/routes"
)

// newInbox makes an inbox. What it needs of the configuration, its contexts and
// the credentials have to be given to it before it is used. Nothing that is
// written down runs before resume.
func newInbox(j *history.Journal, hub *control.Hub, log *slog.Logger) *inbox {
	in := &inbox{journal: j, hub: hub, log: log, bodies: newBudget(bodiesAtOnce), kept: newBudget(bodiesKept)}
	in.executor = newExecutor(in.run)
	in.executor.held = true
	return in
}

// resumePage is how many deliveries are read from the journal at once.
const resumePage = 1000

// resume puts all that an agent before this one left unfinished into its line,
// in the order in which it came, and then lets handlers run unless paused.
func (in *inbox) resume(ctx context.Context, paused bool) error {
	count, after := 0, int64(0)
	for {
		page, err := in.journal.Unfinished(ctx, "", after, resumePage)
		if err != nil {
			return fmt.Errorf("read unfinished deliveries: %w", err)
		}
		for i := range page {
			after = page[i].Seq
			in.readmit(&page[i].Delivery, time.Now())
		}
		if count += len(page); len(page) < resumePage {
			break
		}
	}
	if count > 0 {
		in.log.Info("deliveries are unfinished and go on now", "count", count)
	}
	in.executor.hold(paused)
	return nil
}

// readmit gives a delivery that the journal has its place in line, or has it
// wait for its time.
func (in *inbox) readmit(d *history.Delivery, now time.Time) {
	j := restored(d)
	route, _, found := in.table.Load().Find(d.Claim, []byte(d.Method), []byte(d.Path))
	to := lane{claim: d.Claim, kind: laneReplay}
	latest := false
	if !j.replay {
		to = laneOf(route, d.Claim, d.Method)
		if found {
			j.route, latest = route.Name, route.WhileRunning() == routes.WhileRunningLatest
		}
	}
	if d.State == history.Waiting && d.Due.After(now) {
		in.executor.schedule(j, to, d.Due)
		return
	}
	in.executor.placeAnyway(j, to)
	in.supersede(in.executor.ready(j, latest), j.id)
}
