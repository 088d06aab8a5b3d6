package agent

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
	"homehook/http1"
	"homehook/routes"
	"homehook/routes/signature"
)

// whole returns a delivery by its id, or the beginning of one, with all that is
// kept of it.
func (b *backend) whole(ctx context.Context, id string) (*history.Record, error) {
	found, err := b.journal.Get(ctx, id)
	if err != nil {
		return nil, translated(err)
	}
	rec, err := b.journal.Original(ctx, found.ID)
	if err != nil {
		if closed := b.unhindered(found.Claim); closed != nil {
			return nil, closed // the key to it may be what is missing
		}
		return nil, translated(err)
	}
	return rec, nil
}

// copyOf makes a delivery of a stored one, with what the user has changed.
func (b *backend) copyOf(ctx context.Context, id string, r *control.Replay) (*history.Record, error) {
	stored, err := b.whole(ctx, id)
	if err != nil {
		return nil, err
	}
	if stored.BodyTruncated && r.Body == nil {
		return nil, partial(stored, "the end of its body is not kept")
	}
	if stored.Redacted && (r.Body == nil || r.Headers == nil) {
		return nil, partial(stored, "values were taken out of it before it was kept")
	}
	if r, err = b.filledIn(ctx, id, r); err != nil {
		return nil, err
	}
	body := r.Body
	if body == nil {
		body = stored.Body
	}
	req, err := b.requestOf(stored, r, body)
	if err != nil {
		return nil, err
	}
	path, query := req.PathQuery()
	sum := sumOf(body)
	return &history.Record{
		Delivery: history.Delivery{
			ID: newID(), Claim: stored.Claim, Relay: stored.Relay, State: history.Received, ReplayOf: stored.ID,
			Method: string(req.Method), Path: string(path), Query: string(query), Remote: stored.Remote,
			Received: time.Now(), Size: int64(len(body)), BodySHA256: sum, Answer: stored.Answer,
		},
		Head: append(slices.Clone(req.Raw()), "\r\n"...), Body: body,
	}, nil
}

// filledIn is what the user has changed, with the values of credentials where it has
// their marks as the stored delivery has them.
func (b *backend) filledIn(ctx context.Context, id string, r *control.Replay) (*control.Replay, error) {
	kept, err := b.journal.Get(ctx, id)
	if err != nil {
		return nil, translated(err)
	}
	m, marked, out := b.journal.veil.marks(), slices.Concat(kept.Head, kept.Body), *r
	out.Target = string(m.revealOnly([]byte(r.Target), marked))
	if r.Body != nil {
		out.Body = m.revealOnly(r.Body, marked)
	}
	out.Headers = slices.Clone(r.Headers)
	for i, f := range out.Headers {
		out.Headers[i][1] = string(m.revealOnly([]byte(f[1]), marked))
	}
	return &out, nil
}

// partial says why a delivery cannot be run again as it is kept.
func partial(d *history.Record, why string) error {
	return marked{fmt.Errorf("delivery %s cannot be replayed as it is kept: %s; edit it to fill in what is missing", d.ID, why), control.ErrConflict}
}

// requestOf makes the request of a replay.
func (b *backend) requestOf(stored *history.Record, r *control.Replay, body []byte) (*http1.Request, error) {
	old, err := http1.ParseRequest(stored.Head, nil, 0)
	if err != nil {
		return nil, fmt.Errorf("read stored request: %w", err)
	}
	target := stored.Path
	if stored.Query != "" {
		target += "?" + stored.Query
	}
	method, target := cmp.Or(r.Method, stored.Method), cmp.Or(r.Target, target)
	fields := fieldsOf(old, r.Headers)
	if len(body) > 0 || old.ContentLength() >= 0 {
		fields = append(fields, http1.Field{Name: "Content-Length", Value: strconv.Itoa(len(body))})
	}
	build := func() (*http1.Request, error) {
		req, err := http1.BuildRequest(method, target, fields, bytes.NewReader(body), int64(len(body)))
		if err != nil {
			return nil, marked{fmt.Errorf("the request cannot be made: %w", err), control.ErrInvalid}
		}
		return req, nil
	}
	req, err := build()
	if err != nil || r.Sign == nil {
		return req, err
	}
	signed, err := b.sign(req, body, r.Sign)
	if err != nil {
		return nil, err
	}
	fields = replaced(fields, signed)
	return build()
}

// fieldsOf lists the fields of a replay: those given, or those of the stored
// request. What belongs to a connection, or is the relay's word, is left out.
func fieldsOf(old *http1.Request, given []control.Field) []http1.Field {
	var list []http1.Field
	add := func(name, value string) {
		low := strings.ToLower(name)
		if low != "content-length" && low != "expect" && !strings.HasPrefix(low, "homehook-") && !strings.HasPrefix(low, "ptth-") {
			list = append(list, http1.Field{Name: name, Value: value})
		}
	}
	if given != nil {
		for _, f := range given {
			add(f[0], f[1])
		}
		return list
	}
	for name, value := range old.All() {
		add(string(name), string(value))
	}
	return list
}

// sign makes the signature of a request anew.
func (b *backend) sign(req *http1.Request, body []byte, with *control.Sign) ([]signature.Header, error) {
	scheme, err := b.schemeFor(with)
	if err != nil {
		return nil, marked{err, control.ErrInvalid}
	}
	secret, err := b.opts.Credentials.Get(with.Secret)
	if err != nil {
		return nil, translated(err)
	}
	now := time.Now()
	prefix, _ := req.Get("X-Forwarded-Prefix")
	m := &signature.Message{Method: string(req.Method), URL: routes.PublicURL(req, string(prefix)), Header: req.Values, Body: body, Received: now}
	fields, err := scheme.Sign(m, []byte(secret), now)
	if err != nil {
		return nil, marked{fmt.Errorf("sign with credential %q: %w", with.Secret, err), control.ErrInvalid}
	}
	return fields, nil
}

// schemeFor is a scheme as the routes have it that check by it with the same
// credential: some need to be told more than their name.
func (b *backend) schemeFor(with *control.Sign) (*signature.Scheme, error) {
	scheme, ok := signature.Find(with.Scheme)
	if !ok {
		return nil, fmt.Errorf("there is no signature scheme %q; use one of %s", with.Scheme, strings.Join(signature.Names(), ", "))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.config.Routes {
		if v := s.Verify; v != nil && v.Scheme == with.Scheme && (v.Secret == with.Secret || slices.Contains(v.Secrets, with.Secret)) {
			return scheme.With(v.Options())
		}
	}
	if open, err := scheme.With(signature.Options{}); err == nil {
		return open, nil
	}
	return nil, fmt.Errorf("no route checks by the scheme %s with the credential %q, so that what is to be signed is not known", with.Scheme, with.Secret)
}

// replaced puts signed fields where fields of the same names stand, else at the
// end.
func replaced(fields []http1.Field, signed []signature.Header) []http1.Field {
	for _, s := range signed {
		same := func(f http1.Field) bool { return strings.EqualFold(f.Name, s.Name) }
		at := slices.IndexFunc(fields, same)
		fields = slices.DeleteFunc(fields, same)
		if at < 0 {
			at = len(fields)
		}
		fields = slices.Insert(fields, at, http1.Field{Name: s.Name, Value: s.Value})
	}
	return fields
}
