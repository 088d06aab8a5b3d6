package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
	"homehook/routes"
	"homehook/routes/signature"
)

// Who has sent a delivery is asked once more when the user has it retried: it
// runs in the name of its sender. What the user replays is the user's own
// request, which runs whoever has signed what it was made of; its record says
// what the route would have made of it.

// checkAgain checks who has sent a delivery that is to be retried, as of the
// time at which it was received. The error says why it must not run.
func (b *backend) checkAgain(ctx context.Context, d *history.Delivery) error {
	if d.ReplayOf != "" {
		return nil
	}
	rec, err := b.whole(ctx, d.ID)
	if err != nil || rec.BodyTruncated || rec.Redacted {
		return err // what is not whole does not run anyway
	}
	err = b.checkStored(rec)
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*routes.SecretError](err); ours {
		return marked{fmt.Errorf("the sender of delivery %s cannot be checked: %w", d.ID, err), control.ErrConflict}
	}
	reason := refused("not verified: " + err.Error()).reason
	if d.State == history.Rejected {
		// For what it is rejected may have changed with the routes.
		again := &history.Record{Delivery: *d}
		again.Reason = reason
		if err := b.journal.Finish(again); err != nil {
			return err
		}
	}
	return marked{fmt.Errorf("delivery %s is rejected again, %s; replay it to run it as a request of your own", d.ID, reason), control.ErrConflict}
}

// checkStored checks who has sent a delivery of the history.
func (b *backend) checkStored(rec *history.Record) error {
	var t turn
	j := &job{id: rec.ID, claim: rec.Claim}
	if err := b.inbox.parse(j, rec, &t); err != nil {
		return fmt.Errorf("read stored request: %w", err)
	}
	if found, err := b.inbox.routeOf(j, &t); err != nil || !found {
		return err // its turn tells that nothing takes it
	}
	return t.route.Verify(&t.d, rec.Body, b.inbox.secret)
}

// vouched says what the check of a replay's sender would have come to, "" for a
// route that checks nobody. A signature counts that is good as of now, or as of
// when the delivery came that is replayed.
func (in *inbox) vouched(rec *history.Record, t *turn) string {
	if !t.route.Verifies() {
		return ""
	}
	const byHand = "replayed by hand; the signature "
	times := []time.Time{rec.Received}
	if first, found, err := in.journal.Find(in.work, rec.ReplayOf); err == nil && found {
		times = append(times, first.Received)
	}
	d, why := t.d, error(nil)
	for _, d.Received = range times {
		err := t.route.Verify(&d, rec.Body, in.secret)
		if err == nil {
			return byHand + "is good"
		}
		if f, ok := errors.AsType[*signature.Failure](err); why == nil || ok && f.Step != signature.StepTime {
			why = err
		}
	}
	if _, ours := errors.AsType[*routes.SecretError](why); ours {
		return byHand + "cannot be checked: " + why.Error()
	}
	return byHand + "would be refused: " + why.Error()
}
