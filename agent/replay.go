package agent

import (
	"context"
	"errors"
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
	if err := b.unhindered(rec.Claim); err != nil {
		return nil, err
	}
	taken, err := b.replayRoutes(rec, &r)
	if err != nil {
		return nil, err
	}
	if what := runsScripts(taken); what != "" && !r.Confirm {
		return nil, marked{errors.New(what), control.ErrConfirm}
	}
	rec.Route = r.Route // to be found again after a restart
	ended := make(chan struct{})
	j := &job{id: rec.ID, claim: rec.Claim, route: rec.Route, forced: r.Route != "", replay: true, rec: rec, ended: ended}
	b.inbox.executor.place(j, lane{claim: rec.Claim, kind: laneReplay}, false)
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

// replayRoutes finds the routes of a replay.
func (b *backend) replayRoutes(rec *history.Record, r *control.Replay) ([]routes.Taken, error) {
	t := turn{rec: rec, claim: b.inbox.claimOf(rec.Claim)}
	j := &job{id: rec.ID, claim: rec.Claim, route: r.Route, forced: r.Route != "", replay: true}
	if err := b.inbox.parse(j, &t); err != nil {
		return nil, marked{err, control.ErrInvalid}
	}
	c, err := b.inbox.ask(j, &t)
	if err != nil {
		return nil, marked{err, control.ErrInvalid}
	}
	if t.table != nil {
		defer t.table.Close()
	}
	switch {
	case c.no == errNoRoute:
		return nil, marked{fmt.Errorf("no route takes %s %s; name one", rec.Method, rec.Path), control.ErrConflict}
	case c.no != nil && c.no.answer == nil:
		return nil, marked{fmt.Errorf("%s; name a route", c.no.reason), control.ErrConflict}
	}
	return c.taken, nil
}

// runsScripts says what a replay may do a second time, "" for nothing that the
// other side of a request would not see.
func runsScripts(taken []routes.Taken) string {
	for _, t := range taken {
		for _, kind := range t.Route.Kinds() {
			switch kind {
			case "script", "cgi":
				return fmt.Sprintf("the route %q runs a %s, which may do its work a second time", t.Route.Name, kindName(kind))
			}
		}
	}
	return ""
}

// kindName is a handler that is a program, in a sentence.
func kindName(kind string) string {
	if kind == "cgi" {
		return "CGI program"
	}
	return kind
}
