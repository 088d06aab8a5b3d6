package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"homehook/agent/control"
)

// journey is one webhook of "try": out to the public URL, home over a link,
// and the answer back.
type journey struct {
	sent   time.Time
	answer *answer
	record *control.Record
}

// arrival is how long after its answer a delivery is waited for.
const arrival = 5 * time.Second

// send sends a webhook to the public URL and finds it in the history.
func (t *trial) send(ctx context.Context, version, url, body string) (*journey, error) {
	cmd := sendCmd{URL: url, Data: body}
	req, err := cmd.request(ctx, version, []byte(body))
	if err != nil {
		return nil, err
	}
	j := &journey{sent: time.Now()}
	if j.answer, err = exchange(newSender(nil), req); err != nil {
		return nil, err
	}
	late := time.NewTimer(arrival)
	defer late.Stop()
	for {
		select {
		case d := <-t.deliveries:
			// At home the path is without the prefix of the claim.
			if !strings.HasSuffix(req.URL.Path, d.Path) || underWay(d) {
				continue // somebody else found the URL, or it has not ended
			}
			j.record, err = t.client.Delivery(ctx, d.ID)
			return j, err
		case <-late.C:
			return j, fmt.Errorf("the webhook was answered with %d and never came home", j.answer.Status)
		case <-ctx.Done():
			return j, context.Cause(ctx)
		}
	}
}

// problem says why the journey is no success; nil if it is one.
func (j *journey) problem() error {
	switch {
	case j.record.State != control.Succeeded:
		return fmt.Errorf("delivery %s is %s: %s", j.record.ID, j.record.State, j.record.Reason)
	case j.answer.Status >= 400:
		return fmt.Errorf("delivery %s was answered with %d", j.record.ID, j.answer.Status)
	}
	return nil
}

// step is one part of the way, in words, and how long it took.
type step struct {
	Step string  `json:"step"`
	MS   float64 `json:"ms"`
}

// stepOf makes a step. A time below zero comes from rounding, and is none.
func stepOf(d time.Duration, format string, args ...any) step {
	return step{fmt.Sprintf(format, args...), float64(max(d, 0).Microseconds()) / 1000}
}

// steps tells the way of a webhook that came home. The times of sender and
// agent are of one clock here.
func (j *journey) steps() []step {
	r := j.record
	total := time.Duration(j.answer.DurationMS * float64(time.Millisecond))
	if len(r.Log) == 0 {
		return []step{stepOf(total, "the relay took it in as delivery %s, and at home no route takes it", r.ID)}
	}
	t := &r.Log[0]
	outward := t.Started.Sub(j.sent)
	handled := time.Duration(t.DurationMS * float64(time.Millisecond))
	return []step{
		stepOf(outward, "the relay took it in as delivery %s and handed it to a link", r.ID),
		stepOf(handled, "at home it matched route %q, and %s", t.Route, handledBy(t)),
		stepOf(total-outward-handled, "the answer came back: %d %s, %s in all",
			j.answer.Status, http.StatusText(j.answer.Status), took(total)),
	}
}

// handledBy says what a handler did.
func handledBy(t *control.Attempt) string {
	switch {
	case t.Handler == "script" && t.Exit >= 0:
		return fmt.Sprintf("the script ran and ended with exit code %d", t.Exit)
	case t.Error != "":
		return fmt.Sprintf("the %s handler failed: %s", t.Handler, t.Error)
	}
	return fmt.Sprintf("the %s handler was answered with %d", t.Handler, t.Status)
}
