package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
)

// Retry runs a delivery again, under its own id: one that is waiting now, one
// that has failed, was rejected or is a duplicate as if it had just come. The
// sender is not checked again: the user vouches for it.
func (b *backend) Retry(ctx context.Context, id string) (*control.Delivery, error) {
	rec, err := b.journal.Get(ctx, id)
	if err != nil {
		return nil, translated(err)
	}
	d := &rec.Delivery
	switch d.State {
	case history.Waiting:
		if !b.inbox.executor.wake(d.ID) {
			return nil, busy(d)
		}
		return newest(ctx, b.journal, d)
	case history.Received, history.Running:
		return nil, busy(d)
	case history.Succeeded:
		return nil, marked{fmt.Errorf("delivery %s has succeeded; replay it to run it once more", d.ID), control.ErrConflict}
	}
	if err := b.journal.Reopen(ctx, d.ID); err != nil {
		return nil, reopening(d, err)
	}
	d.State, d.Starts = history.Received, 0
	b.inbox.readmit(b.inbox.restartOf(d), time.Now())
	return newest(ctx, b.journal, d)
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
