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

// Retry runs a delivery again, under its own id: one that is waiting now, one
// that has failed, was rejected or is a duplicate as if it had just come. Its
// sender is checked again, and it stays as it is when that fails.
//
// A sender who was told that the delivery is taken is not told more, so Status
// stays what that was. For one who was refused, or told nothing, Status and
// DurationMS are those of the run from then on.
func (b *backend) Retry(ctx context.Context, id string) (*control.Delivery, error) {
	rec, err := b.journal.Get(ctx, id)
	if err != nil {
		return nil, translated(err)
	}
	d := &rec.Delivery
	switch d.State {
	case history.Waiting:
		if !b.inbox.executor.wake(d.ID, true) {
			return nil, busy(d)
		}
		return newest(ctx, b.journal.Journal, d)
	case history.Received, history.Running:
		return nil, busy(d)
	case history.Succeeded:
		return nil, marked{fmt.Errorf("delivery %s has succeeded; replay it to run it once more", d.ID), control.ErrConflict}
	}
	if err := b.unhindered(d.Claim); err != nil {
		return nil, err
	}
	if err := b.checkAgain(ctx, d); err != nil {
		return nil, err
	}
	if d.Reason == history.Interrupted {
		routes.SweepDelivery(d.ID) // nobody has looked what is left of it
	}
	if err := b.journal.Reopen(ctx, d.ID); err != nil {
		return nil, reopening(d, err)
	}
	// As Reopen has made it: what it failed for is over.
	d.State, d.Starts, d.Reason, d.DuplicateOf = history.Received, 0, "", ""
	b.inbox.readmit(b.inbox.restartOf(d, false), time.Now())
	return newest(ctx, b.journal.Journal, d)
}

// busy says that a delivery is on its way.
func busy(d *history.Delivery) error {
	return marked{fmt.Errorf("delivery %s is on its way already (%s)", d.ID, d.State), control.ErrConflict}
}

// reopening says why a delivery cannot be run again.
func reopening(d *history.Delivery, err error) error {
	switch {
	case errors.Is(err, history.ErrIncomplete):
		return marked{fmt.Errorf("delivery %s is not kept whole, so it cannot be run again; have the sender send it again", d.ID), control.ErrConflict}
	case errors.Is(err, history.ErrUnfinished):
		return busy(d)
	}
	return translated(err)
}

// newest is a delivery as the journal has it now.
func newest(ctx context.Context, j *history.Journal, d *history.Delivery) (*control.Delivery, error) {
	now, found, err := j.Find(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	if !found {
		now = *d
	}
	out := control.Delivery(now)
	return &out, nil
}
