package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strconv"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

const (
	// requestHold is how long a poll at a Request URL waits for a request.
	requestHold = 30 * time.Second

	// replyWithin is how long an agent has for its reply.
	replyWithin = 60 * time.Second

	accessMethods  = "POST, OPTIONS"
	privateMethods = "GET, PUT, DELETE, OPTIONS"
	requestMethods = "GET, POST, OPTIONS"
)

var (
	errReleased    = refuse(410, "the name has been released")
	errWrongSecret = refuse(403, "the address is not the one that the name was claimed with")
	errNoMessage   = refuse(400, "the body holds no response; send one as message/http")
)

// reverseHTTP answers what comes to /reversehttp, which is the access point,
// and below: /{name}/{secret}, a Private URL, and /{id} behind that, a Request
// URL.
func (v *visitor) reverseHTTP(ctx context.Context) *refusal {
	if !v.relay.speaks(ptth.DialectReverseHTTP) {
		return errDialect
	}
	r := v.x.Request
	rest := bytes.TrimPrefix(bytes.TrimPrefix(r.Path(), reverseHTTPPath), slash)
	if len(rest) == 0 {
		switch {
		case r.IsMethod("OPTIONS"):
			return v.preflight(accessMethods)
		case r.IsMethod("POST"):
			return v.register(ctx)
		}
		return notAllowed(accessMethods)
	}
	parts := bytes.Split(rest, slash)
	switch len(parts) {
	case 2:
		return v.privateURL(ctx, parts[0], string(parts[1]))
	case 3:
		return v.requestURL(ctx, parts[0], string(parts[1]), string(parts[2]))
	}
	return errUnknown
}

// registration returns that of a name and secret in a URL.
func (v *visitor) registration(rawName []byte, secret string) (*registration, *refusal) {
	var b nameBuffer
	name, ok := b.fold(rawName)
	if !ok {
		return nil, errUnknown
	}
	g := v.relay.dir.registration(name)
	if g != nil && g.opens(secret) {
		return g, nil
	}
	if old := v.relay.dir.released(name, secret); old != nil {
		return old, nil
	}
	if g == nil {
		return nil, errUnknown
	}
	return nil, errWrongSecret
}

// privateURL lets an agent look at its registration, change and end it.
func (v *visitor) privateURL(ctx context.Context, rawName []byte, secret string) *refusal {
	r := v.x.Request
	if r.IsMethod("OPTIONS") {
		return v.preflight(privateMethods)
	}
	if !r.IsMethod("GET") && !r.IsMethod("PUT") && !r.IsMethod("DELETE") {
		return notAllowed(privateMethods)
	}
	g, ref := v.registration(rawName, secret)
	if ref != nil {
		return ref
	}
	switch {
	case g.isEnded():
		return errUnknown
	case r.IsMethod("PUT"):
		return v.updateRegistration(ctx, g, secret)
	case r.IsMethod("DELETE"):
		if err := v.relay.dir.unregister(ctx, g); err != nil {
			return asRefusal(err)
		}
		v.empty(204, nil)
		return nil
	}
	state := url.Values{"name": {g.claim.name}, "lease": {strconv.Itoa(int(g.record().Lease / time.Second))}}.Encode()
	v.x.Start(200, nil)
	v.x.Field("Content-Type", "application/x-www-form-urlencoded")
	openToPages(v.x.Writer)
	v.x.Field("Cache-Control", "no-store")
	v.x.EndLength(int64(len(state)))
	io.WriteString(v.x.Writer, state)
	v.x.Finish()
	return nil
}

// requestURL gives the agent a request, or takes its reply.
func (v *visitor) requestURL(ctx context.Context, rawName []byte, secret, id string) *refusal {
	r := v.x.Request
	if r.IsMethod("OPTIONS") {
		return v.preflight(requestMethods)
	}
	if !r.IsMethod("GET") && !r.IsMethod("POST") {
		return notAllowed(requestMethods)
	}
	g, ref := v.registration(rawName, secret)
	switch {
	case ref != nil:
		return ref
	case !goodRequestID(secret, id):
		return errUnknown
	case r.IsMethod("POST"):
		return v.takeReply(g, id)
	}
	return v.pollRequest(ctx, g, secret, id)
}

// pollRequest waits for a request for the agent.
func (v *visitor) pollRequest(ctx context.Context, g *registration, secret, id string) *refusal {
	c := g.claim
	t := v.relay.dir.owner(c)
	if t == nil {
		return errUnknown
	}
	wishes := ptth.Wishes(v.x.Request, ptth.DialectReverseHTTP)
	next := "<" + v.privateAddress(g, secret) + "/" + newRequestID(secret) + `>; rel="next"`
	fields := func(w *http1.Writer) {
		w.Field("Link", next)
		openToPages(w)
		w.Field("Cache-Control", "no-store")
		grantPolls(w, wishes, c.pool.links)
	}
	p := v.newPoll(ptth.PollOptions{
		Dialect: ptth.DialectReverseHTTP, ID: id, Replies: &c.replies, Type: typeMessage, Fields: fields,
		Ours: wishes.Ours || g.ours.Load(), Whole: true, Named: true, MaxWait: replyWithin,
	})
	l, ref := v.pool(p, c, t, func(l *link) *refusal { return g.park(id, l) })
	if ref != nil {
		if l != nil {
			g.unpark(id, l)
		}
		return ref
	}
	answered := p.Park(ctx, v.relay.hold(requestHold), func() bool { return c.withdraw(l) })
	if !answered && ctx.Err() != nil {
		v.x.CloseAfter() // the relay ends
	}
	switch ended := g.unpark(id, l); {
	case answered:
	case ended:
		return errReleased
	default:
		v.empty(204, fields)
	}
	return nil
}

// takeReply hands the agent's reply to the sender that waits for it.
func (v *visitor) takeReply(g *registration, id string) *refusal {
	switch {
	case !g.claim.replies.Waiting(id):
		return errUnknown
	case v.x.Request.Body.Empty():
		return errNoMessage
	}
	a := g.take(id)
	if a == nil {
		return errUnknown
	}
	g.touch()
	v.x.Request.Body.SetLimit(0)
	switch err := a.Message(v.x); {
	case errors.Is(err, ptth.ErrNoExchange):
		return errUnknown
	case err != nil:
		return v.badReply(err)
	}
	v.empty(202, nil)
	return nil
}

// empty answers without a body.
func (v *visitor) empty(status int, fields func(*http1.Writer)) {
	x := v.x
	x.Start(status, nil)
	if fields != nil {
		fields(x.Writer)
	} else {
		openToPages(x.Writer)
		x.Field("Cache-Control", "no-store")
	}
	if status == 204 {
		x.EndEmpty()
	} else {
		x.EndLength(0)
	}
	x.Finish()
}

// origin is scheme and authority under which the agent has reached the relay.
func (v *visitor) origin() string {
	if u := v.relay.where.public; u != nil {
		return u.Scheme + "://" + u.Host
	}
	scheme, host := "http://", string(v.place.host)
	if v.secure {
		scheme = "https://"
	}
	if host == "" {
		host = "localhost"
	}
	return scheme + host
}

// privateAddress is a registration's Private URL.
func (v *visitor) privateAddress(g *registration, secret string) string {
	return v.origin() + string(reverseHTTPPrefix) + g.claim.name + "/" + secret
}
