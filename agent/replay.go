package agent

import (
	"context"
	"fmt"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
	"homehook/routes"
)

// replayWait is how long Replay waits for the handler.
const replayWait = 60 * time.Second

// Replay makes a new delivery of a stored one, as the user has changed it, and
// runs it.
func (b *backend) Replay(ctx context.Context, id string, r control.Replay) (*control.Record, error) {
	rec, err := b.copyOf(ctx, id, &r)
	if err != nil {
		return nil, err
	}
	route, to, err := b.replayRoute(rec, &r)
	if err != nil {
		return nil, err
	}
	if route.Kind() == "script" && !r.Confirm {
		return nil, marked{fmt.Errorf("the route %q runs a script, which may do its work a second time", route.Name), control.ErrConfirm}
	}
	rec.Route = ""
	if r.Route != "" {
		rec.Route = route.Name // to be found again after a restart
	}
	ended := make(chan struct{})
	j := &job{id: rec.ID, claim: rec.Claim, route: rec.Route, forced: r.Route != "", replay: true, rec: rec, ended: ended}
	b.inbox.executor.place(j, to, false)
	if err := b.journal.Begin(rec, true); err != nil {
		b.inbox.executor.withdraw(j)
		return nil, fmt.Errorf("write replay down: %w", err)
	}
	b.inbox.executor.ready(j, false)
	late := time.NewTimer(replayWait)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
	case <-b.inbox.stopping.Done():
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return b.Delivery(ctx, rec.ID)
}

// replayRoute finds the route of a replay, and the line that it waits in.
func (b *backend) replayRoute(rec *history.Record, r *control.Replay) (*routes.Route, lane, error) {
	to := lane{claim: rec.Claim, kind: laneReplay}
	table := b.inbox.table.Load()
	if r.Route != "" {
		only, err := b.inbox.only(r.Route, rec.Claim)
		if err != nil {
			return nil, to, marked{err, control.ErrInvalid}
		}
		defer only.Close()
		table = only
	}
	route, _, found := table.Find(rec.Claim, []byte(rec.Method), []byte(rec.Path))
	if !found {
		return nil, to, marked{fmt.Errorf("no route takes %s %s; name one", rec.Method, rec.Path), control.ErrConflict}
	}
	return route, to, nil
}
