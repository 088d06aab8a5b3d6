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
	reason := err.Error()
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

// checkStored checks who has sent a delivery of the history, as far as that has
// not been done.
func (b *backend) checkStored(rec *history.Record) error {
	t := turn{rec: rec, claim: b.inbox.claimOf(rec.Claim)}
	j := &job{id: rec.ID, claim: rec.Claim}
	if err := b.inbox.parse(j, &t); err != nil {
		return fmt.Errorf("read stored request: %w", err)
	}
	c, err := b.inbox.ask(j, &t)
	switch {
	case err != nil:
		return err
	case c.missing != nil:
		return c.missing
	case c.no != nil && c.no.refused:
		return errors.New(c.no.reason)
	}
	return nil // its turn tells if nothing takes it
}

// vouched says what the checks of a replay's sender would have come to, "" where
// nobody is checked. A signature counts that is good as of now, or as of when the
// delivery came that is replayed.
func (in *inbox) vouched(t *turn) string {
	const byHand = "replayed by hand; the signature "
	good := ""
	for i := range t.steps {
		route := t.steps[i].route
		if !route.Verifies() || t.steps[i].place > 0 {
			continue
		}
		err := in.vouch(route, t)
		if _, ours := errors.AsType[*routes.SecretError](err); ours {
			return byHand + "cannot be checked: " + err.Error()
		} else if err != nil {
			return byHand + "would be refused: " + err.Error()
		}
		good = byHand + "is good"
	}
	return good
}

// vouch makes the check of a route for a replay.
func (in *inbox) vouch(route *routes.Route, t *turn) (why error) {
	times := []time.Time{t.rec.Received}
	if first, found, err := in.journal.Find(in.work, t.rec.ReplayOf); err == nil && found {
		times = append(times, first.Received)
	}
	d := t.d
	for _, d.Received = range times {
		err := route.Verify(&d, t.rec.Body, in.secrets)
		if err == nil {
			return nil
		}
		if f, ok := errors.AsType[*signature.Failure](err); why == nil || ok && f.Step != signature.StepTime {
			why = err
		}
	}
	return why
}
