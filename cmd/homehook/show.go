package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homehook/agent/control"
)

// showCmd is "homehook show".
type showCmd struct {
	ID  string `arg:"" name:"id" help:"The delivery's id, or enough of its beginning."`
	Raw bool   `help:"Only the request's body, byte for byte as it is kept."`
}

// Help shows examples.
func (*showCmd) Help() string {
	return `JSON, forms and XML are laid out to be read, what is no text is dumped in hex, and
long bodies are cut. --json gives everything that is kept, bodies in base64.

Examples:

    homehook show 0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f
    homehook show 0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f --raw > payload.json`
}

// Run shows one delivery.
func (c *showCmd) Run(ctx context.Context, a *app) error {
	if c.Raw && a.json {
		return misused("--raw and --json are two ways to print a delivery; give one")
	}
	client, _, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	r, err := stored(ctx, client, c.ID)
	switch {
	case err != nil:
		return err
	case c.Raw:
		return a.rawBody(r)
	case a.json:
		return a.writeJSON(r)
	}
	a.showRecord(r)
	return nil
}

// stored finds the delivery whose id a user gave, or the beginning of it.
func stored(ctx context.Context, client *control.Client, given string) (*control.Record, error) {
	id, err := checkID(given)
	if err != nil {
		return nil, err
	}
	r, err := client.Delivery(ctx, id)
	return r, unknownID(ctx, client, id, err)
}

// unknownID adds to err, of a request about a delivery, the next step for an id
// that there is not, or that several deliveries begin with.
func unknownID(ctx context.Context, client *control.Client, id string, err error) error {
	switch {
	case id == "":
		return err // it was about several
	case errors.Is(err, control.ErrNotFound):
		return withNext(fmt.Errorf("no delivery %s in the history", id), "see: homehook history")
	case errors.Is(err, control.ErrInvalid) && len(id) < maxID:
		// Of what can be wrong with an id only this is left.
		return withNext(err, "%s", likely(ctx, client, id))
	}
	return err
}

// rawBody prints what is kept of a request's body. On a terminal what would
// act on it is escaped all the same.
func (a *app) rawBody(r *control.Record) error {
	if r.BodyTruncated {
		a.note("only the first %s of %s are kept", shown(size(int64(len(r.Body)))), shown(size(r.Size)))
	}
	body := r.Body
	if isTerminal(a.out) {
		body = []byte(visibleText(string(body)))
	}
	if _, err := a.out.Write(body); err != nil {
		return fmt.Errorf("write body: %w", err)
	}
	return nil
}

// showRecord prints a delivery for a person to read.
func (a *app) showRecord(r *control.Record) {
	a.say("Delivery  %s", a.paint(bold, r.ID))
	a.say("State     %s", a.paint(stateColour(r.State), r.State))
	a.say("Request   %s %s from %s", r.Method, target(&r.Delivery), r.Remote)
	mode := ""
	if r.Answer != "" {
		mode = ", answer mode " + r.Answer
	}
	a.say("Claim     %s on relay %s%s", r.Claim, r.Relay, mode)
	a.say("Route     %s", routeText(&r.Delivery))
	a.optional("Sender    %s", senderText(r))
	a.say("Received  %s", r.Received.Local().Format("2006-01-02T15:04:05.000Z07:00"))
	if r.Status != 0 {
		a.say("Answer    %d after %s", r.Status, ms(r.DurationMS))
	}
	if r.Reason != "" && r.Reason != routeText(&r.Delivery) {
		a.say("Reason    %s", r.Reason)
	}
	if !r.Due.IsZero() {
		a.say("Next try  %s, in %s", r.Due.Local().Format(time.DateTime), max(r.Due.Sub(a.now()), 0).Round(time.Second))
	}
	if cut := r.Starts - r.Attempts; cut > 0 && r.State != control.Running {
		a.say("Cut off   %s, by the end of the agent", count(cut, "run"))
	}
	a.optional("Sender's id   %s", r.SenderID)
	a.optional("Duplicate of  %s", r.DuplicateOf)
	a.optional("Replay of     %s", r.ReplayOf)
	a.showTrace(r.Trace)
	redacted := ""
	if r.Redacted {
		redacted = ", without what the configuration redacts"
	}
	a.say("\nRequest%s", redacted)
	a.block("  ", string(r.Head))
	if r.Size > 0 || len(r.Body) > 0 {
		a.say("\nBody, %s%s", size(r.Size), hashText(r.BodySHA256))
		a.body("  ", r.Body, contentTypeOf(r.Head, true), r.Size, r.BodyTruncated)
	}
	for i := range r.Log {
		a.showAttempt(&r.Log[i], runText(r.Log, i))
	}
}

// senderText says what was known at the time of who has sent a delivery; "" is
// nothing that the reason does not tell.
func senderText(r *control.Record) string {
	switch r.Verified {
	case "":
		return ""
	case control.VerifiedNone:
		return "not checked: the route asks for nothing"
	}
	return "verified (" + r.Verified + ")"
}

// runText says of which handler an attempt was, and which of that handler's. The
// numbers of attempts count all handlers of a delivery, so that a clean run of
// several would read as so many tries.
func runText(log []control.Attempt, at int) string {
	t := &log[at]
	same := func(o *control.Attempt) bool {
		return o.Route == t.Route && o.Place == t.Place && o.Handler == t.Handler
	}
	nth, several := 0, false
	for i := range log {
		if o := &log[i]; same(o) && i <= at {
			nth++
		}
		several = several || log[i].Route == t.Route && log[i].Place > 0
	}
	text := "Handler"
	if several {
		text = fmt.Sprintf("Handler %d", t.Place+1)
	}
	return fmt.Sprintf("%s: %s, route %s, attempt %d", text, t.Handler, t.Route, nth)
}

// optional prints a line about a value that most deliveries have not.
func (a *app) optional(format, value string) {
	if value != "" {
		a.say(format, value)
	}
}

// hashText adds the hash of a body that came whole.
func hashText(sum string) string {
	if sum == "" {
		return ""
	}
	return ", SHA-256 " + sum
}

// showAttempt prints what a handler did and answered, under a title.
func (a *app) showAttempt(t *control.Attempt, title string) {
	exit := ""
	if t.Exit >= 0 { // only a script that ran has one
		exit = fmt.Sprintf(", exit code %d", t.Exit)
	}
	a.say("\n%s%s, %s, at %s", title, exit, ms(t.DurationMS), t.Started.Local().Format(time.TimeOnly))
	if t.Error != "" {
		a.say("  %s", a.paint(red, t.Error))
	}
	if len(t.Output) > 0 {
		a.say("  Output%s", cutText(t.OutputTruncated))
		a.excerpt("    ", t.Output)
	}
	if len(t.ResponseHead) == 0 && t.ResponseSize == 0 {
		return // the sender got nothing, or the history keeps no bodies
	}
	a.say("  Response, %s", size(t.ResponseSize))
	a.block("    ", string(t.ResponseHead))
	if len(t.ResponseBody) > 0 {
		a.say("")
		a.body("    ", t.ResponseBody, contentTypeOf(t.ResponseHead, false), t.ResponseSize, t.ResponseTruncated)
	}
}

// cutText says that the end of something was not kept.
func cutText(cut bool) string {
	if cut {
		return ", its beginning"
	}
	return ""
}
