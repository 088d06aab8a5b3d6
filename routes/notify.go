package routes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"homehook/http1"
	"homehook/routes/expression"
)

// notifier tells a person of a delivery, in one or several places.
type notifier struct {
	title, text, link *text // nil for the default, or none
	urgent            bool
	places            []teller
}

var _ handler = (*notifier)(nil)

// teller tells a person in one place.
type teller interface {
	// tell tells of n. The result is empty when it went well.
	tell(ctx context.Context, n *Notification, host Host) notified
	// String names the place for the history.
	String() string
}

// notified is what telling in one place came to.
type notified struct {
	err   error
	kind  Failure
	retry bool
	after time.Duration // that the place asks to wait for, 0 when it does not say
}

func (c *compiler) notify(path string, s *NotifySpec, r *Route) *notifier {
	h := &notifier{urgent: s.Urgent}
	for _, t := range []struct {
		to         **text
		key, value string
	}{{&h.title, "title", s.Title}, {&h.text, "text", s.Text}, {&h.link, "link", s.Link}} {
		if t.value != "" {
			compiled := c.text(path+"."+t.key, t.value, r)
			*t.to = &compiled
		}
	}
	if h.link != nil {
		c.link(path+".link", h.link)
	}
	if s.Desktop || s.NTFY == nil && s.Mail == nil {
		h.places = append(h.places, desktop{})
	}
	if s.NTFY != nil {
		h.places = append(h.places, c.ntfy(path+".ntfy", s.NTFY))
	}
	if s.Mail != nil {
		h.places = append(h.places, c.mail(path+".mail", s.Mail))
	}
	return h
}

// link checks the part of a link that stands in the configuration.
func (c *compiler) link(path string, t *text) {
	begin := t.fixed
	if t.template != nil {
		own, err := t.template.Parts(expression.NewInput(expression.Delivery{}))
		if err != nil || len(own) == 0 || own[0].Value {
			return // it is looked at when it is filled in
		}
		begin = own[0].Text
	}
	if begin != "" && !strings.HasPrefix(begin, "https://") && !strings.HasPrefix(begin, "http://") {
		c.report(path, fmt.Sprintf("%q begins no address for a click", begin), "begin it with https:// or http://")
	}
}

func (h *notifier) close() {}

func (h *notifier) serve(ctx context.Context, d *Delivery, x *http1.Exchange) Result {
	n, note, err := h.fill(d)
	if err != nil {
		return (&fault{500, "the notification cannot be made", err, FailedRequest}).reply(x)
	}
	if err := consume(d.Request.Body, consumeMax); err != nil {
		return failBody(x, err)
	}
	all := make([]notified, len(h.places))
	for i, p := range h.places {
		all[i] = p.tell(ctx, n, d.Host)
	}
	f, retry, after := h.outcome(ctx, all)
	if f == nil {
		res := done(x)
		res.Output = []byte(note)
		return res
	}
	res := f.reply(x)
	res.Retry, res.RetryAfter = retry, after
	return res
}

// outcome joins what the places came to; the fault is nil when all were told.
// When one of several may be told later, all will be told again then.
func (h *notifier) outcome(ctx context.Context, all []notified) (f *fault, retry bool, after time.Duration) {
	var errs []error
	var kind Failure
	for i, t := range all {
		if t.err == nil {
			continue
		}
		errs = append(errs, fmt.Errorf("tell %s: %w", h.places[i], t.err))
		if kind == "" || t.retry && !retry {
			kind = t.kind
		}
		retry, after = retry || t.retry, max(after, t.after)
	}
	switch {
	case errs == nil:
		return nil, false, 0
	case ctx.Err() != nil:
		return &fault{503, textStopped, errStopped, FailedStopped}, true, 0
	}
	return &fault{502, "the notification did not get through", oneLine(errs), kind}, retry, after
}

// oneLine joins errors as a sentence, which errors.Join does not.
func oneLine(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	text := make([]string, len(errs))
	for i, err := range errs {
		text[i] = err.Error()
	}
	return &several{strings.Join(text, "; "), errors.Join(errs...)}
}

// several is several errors in one line.
type several struct {
	text string
	all  error
}

var _ error = (*several)(nil)

func (j *several) Error() string { return j.text }
func (j *several) Unwrap() error { return j.all }

func (h *notifier) plan(d *Delivery) Plan {
	n, note, err := h.fill(d)
	if err != nil {
		return Plan{Note: err.Error()}
	}
	names := make([]string, len(h.places))
	for i, p := range h.places {
		names[i] = p.String()
	}
	text := fmt.Sprintf("tells %s: %q, %q", strings.Join(names, " and "), n.Title, n.Text)
	if n.Link != "" {
		text += ", with the link " + n.Link
	}
	if note = strings.TrimSpace(note); note != "" {
		text += "; " + note
	}
	return Plan{Note: text}
}

// desktop is the screen of the agent's user.
type desktop struct{}

var _ teller = desktop{}

func (desktop) String() string { return "the desktop" }

func (desktop) tell(ctx context.Context, n *Notification, host Host) notified {
	if host == nil {
		return notified{err: errors.New("this program shows no notifications"), kind: FailedUnreachable}
	}
	if err := host.Notify(ctx, *n); err != nil {
		return notified{err: err, kind: FailedUnreachable, retry: true}
	}
	return notified{}
}
