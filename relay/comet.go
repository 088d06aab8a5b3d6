package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// cometHold is how long a poll waits for a request.
const cometHold = 25 * time.Second

const cometMethods = "POST, OPTIONS"

// The media types of an event, best first. In the last two it is the request
// as it is.
const (
	typeJSON    = "application/json"
	typeMessage = "message/http"
	typeText    = "text/plain"
)

// comet answers an agent's poll at /comet/{name}, which may hold the reply to
// an earlier one.
func (v *visitor) comet(ctx context.Context) *refusal {
	r := v.x.Request
	if !v.relay.speaks(ptth.DialectComet) {
		return errDialect
	}
	if v.upgradesHere(r) {
		return v.upgrade(ctx)
	}
	switch {
	case r.IsMethod("OPTIONS"):
		return v.preflight(cometMethods)
	case !r.IsMethod("POST"):
		return notAllowed(cometMethods)
	case len(v.place.name) == 0:
		return errUnknown
	}
	t, err := v.relay.dir.token(ctx, v.bearer(r))
	if err != nil {
		return asRefusal(err)
	}
	name, err := claimName(string(v.place.name))
	if err != nil {
		return asRefusal(err)
	}
	c, err := v.relay.takeClaim(ctx, name, t)
	if err != nil {
		return asRefusal(err)
	}
	if ref := v.cometReply(c); ref != nil {
		return ref
	}
	return v.cometPoll(ctx, c, t)
}

// upgradesHere reports whether a request asks for a link in a dialect that
// begins with a path like this, and that the relay speaks.
func (v *visitor) upgradesHere(r *http1.Request) bool {
	o, err := ptth.ParseOffer(r, ptth.Dialect10, ptth.Dialect09)
	return err == nil && v.relay.speaks(o.Dialect)
}

// cometReply takes the reply that a poll may hold. One that nobody waits for is
// dropped: an error would break an agent whose next poll this is.
func (v *visitor) cometReply(c *claim) *refusal {
	r := v.x.Request
	body := r.Body
	id, named := r.Get("Message-Id")
	if body.Empty() {
		return nil
	}
	if kind := mediaType(r); named && kind != typeJSON {
		body.SetLimit(0)
		a := c.replies.Take(string(id))
		if a == nil {
			body.Drain(maxUpgradeBody)
			return nil
		}
		if err := a.Message(v.x); err != nil && !errors.Is(err, ptth.ErrNoExchange) {
			return v.badReply(err)
		}
		return nil
	}
	text, grant, err := ptth.ReadObject(body, v.relay.objects)
	switch {
	case errors.Is(err, ptth.ErrNoRoom):
		v.x.CloseAfter()
		return errNoRoom
	case err != nil:
		return v.senderBroke(err)
	}
	if err := c.replies.Object(text, grant); err != nil {
		return v.badReply(err)
	}
	return nil
}

// cometPoll waits for a request for the agent.
func (v *visitor) cometPoll(ctx context.Context, c *claim, t *tokenRecord) *refusal {
	kind, wishes, id := eventType(v.x.Request), ptth.Wishes(v.x.Request, ptth.DialectComet), newMessageID()
	fields := func(w *http1.Writer) {
		openToPages(w)
		w.Field("Cache-Control", "no-store")
		grantPolls(w, wishes, c.pool.links)
	}
	p := v.newPoll(ptth.PollOptions{
		Dialect: ptth.DialectComet, ID: id, Replies: &c.replies, Budget: v.relay.objects, Type: kind, Ours: wishes.Ours,
		Fields: func(w *http1.Writer) {
			if kind != typeJSON {
				w.Field("Message-Id", id)
			}
			fields(w)
		},
	})
	l, ref := v.pool(p, c, t, nil)
	if ref != nil {
		return ref
	}
	if p.Park(ctx, v.relay.hold(cometHold), func() bool { return c.withdraw(l) }) {
		return nil
	}
	if ctx.Err() != nil {
		v.x.CloseAfter() // the relay ends
	}
	v.noEvent(kind, fields)
	return nil
}

// noEvent answers a poll for which no request came.
func (v *visitor) noEvent(kind string, fields func(*http1.Writer)) {
	x := v.x
	if kind != typeJSON {
		x.Start(204, nil)
		fields(x.Writer)
		x.EndEmpty()
		x.Finish()
		return
	}
	x.Start(200, nil)
	x.Field("Content-Type", typeJSON)
	fields(x.Writer)
	x.EndLength(int64(len(ptth.EmptyEvent)))
	io.WriteString(x.Writer, ptth.EmptyEvent)
	x.Finish()
}

// eventType chooses the form of an event from what a poll accepts.
func eventType(r *http1.Request) string {
	if accepts(r, typeMessage) {
		return typeMessage
	}
	if accepts(r, typeText) && !accepts(r, typeJSON) {
		return typeText
	}
	return typeJSON
}

// accepts reports whether Accept lists a media type by its name.
func accepts(r *http1.Request, kind string) bool {
	for value := range r.Values("Accept") {
		for item := range bytes.SplitSeq(value, []byte{','}) {
			media, _, _ := bytes.Cut(item, []byte{';'})
			if foldedEqual(bytes.TrimSpace(media), kind) {
				return true
			}
		}
	}
	return false
}

// mediaType returns what of Content-Type stands before its parameters, in lower
// case.
func mediaType(r *http1.Request) string {
	value, _ := r.Get("Content-Type")
	media, _, _ := bytes.Cut(value, []byte{';'})
	return string(bytes.ToLower(bytes.TrimSpace(media)))
}
