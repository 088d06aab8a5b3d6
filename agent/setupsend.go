package agent

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/agent/history"
	sender "homehook/agent/senders"
	"homehook/routes"
	"homehook/routes/signature"
)

const (
	// testField is a field of a test by which its delivery is found at home. It has
	// no meaning to a relay or a route.
	testField = "X-Homehook-Test"
	// mostAnswer is how many bytes are told of the answer to a test.
	mostAnswer = 64 << 10
	// mostNewest is how many of a claim's newest deliveries are looked at for a test.
	mostNewest = 200
	// arriveWait is how long the delivery of a test is waited for behind the answer:
	// a relay that has kept it may bring it home after that.
	arriveWait = 2 * time.Second
)

// SendTest sends a webhook to the public URL of a claim as its sender would.
func (b *backend) SendTest(ctx context.Context, t control.TestSend) (*control.TestSent, error) {
	claim, relay, err := b.reachable(t.Claim)
	if err != nil {
		return nil, err
	}
	nonce := rand.Text()
	req, body, err := testRequest(&t, claim.URL, nonce)
	if err != nil {
		return nil, err
	}
	if err := b.signTest(req, body, &t); err != nil {
		return nil, err
	}
	events, cancel := b.hub.Subscribe(0)
	defer cancel()
	sent, err := b.exchange(req.WithContext(ctx), relay)
	if err != nil {
		return nil, err
	}
	if sent.Delivery, err = b.arrived(ctx, events, &t, nonce, sent.Status/100 == 2); err != nil {
		return nil, err
	}
	return sent, nil
}

// reachable returns a claim that is configured and linked, with its relay.
func (b *backend) reachable(name string) (*control.Claim, *config.Relay, error) {
	all := b.Claims()
	i := slices.IndexFunc(all, func(c control.Claim) bool { return c.Name == name })
	if i < 0 {
		return nil, nil, marked{fmt.Errorf("the configuration has no claim %q", name), control.ErrNotFound}
	}
	c := &all[i]
	b.mu.Lock()
	paused, r := b.pausing.paused, b.relayLocked(c.Relay)
	b.mu.Unlock()
	switch why := strayed(strings.TrimSuffix(c.URL, "/"), c.Name, r); {
	case paused:
		return nil, nil, marked{fmt.Errorf("the agent is paused, so nothing comes home for claim %q; resume it first", name), control.ErrConflict}
	case !c.Connected && c.Error != "":
		return nil, nil, marked{fmt.Errorf("claim %q is not linked to its relay: %s", name, c.Error), control.ErrConflict}
	case !c.Connected:
		return nil, nil, marked{fmt.Errorf("claim %q is not linked to its relay now; try relay %s, or wait until the agent has linked it", name, c.Relay), control.ErrConflict}
	case c.URL == "":
		return nil, nil, marked{fmt.Errorf("the relay has not told the public URL of claim %q", name), control.ErrConflict}
	case why != "":
		return nil, nil, marked{fmt.Errorf("nothing is sent for claim %q: %s", name, why), control.ErrConflict}
	}
	return c, &r, nil
}

// testRequest makes the request, but for its signature.
func testRequest(t *control.TestSend, public, nonce string) (*http.Request, []byte, error) {
	sample, err := sampleOf(t)
	if err != nil {
		return nil, nil, err
	}
	method := cmp.Or(strings.ToUpper(t.Method), http.MethodPost)
	body := t.Body
	if len(body) == 0 && method != http.MethodGet && method != http.MethodHead {
		body = sample.Body
	}
	target := strings.TrimSuffix(public, "/") + cmp.Or(t.Path, "/")
	base, _ := url.Parse(public)
	req, err := http.NewRequest(method, target, bytes.NewReader(body))
	if err != nil || base == nil || req.URL.Host != base.Host || req.URL.Fragment != "" || method == http.MethodConnect {
		return nil, nil, invalid("nothing can be sent to %q by %q: it is no path with a query, or no method", t.Path, t.Method)
	}
	for _, f := range sample.Fields {
		req.Header.Set(f[0], f[1])
	}
	given := http.Header{}
	for _, f := range t.Fields {
		given.Add(f[0], f[1])
	}
	for name, list := range given {
		if unfit := slices.ContainsFunc(list, func(v string) bool { return strings.ContainsFunc(v, unfitByte) }); unfit || !fieldName(name) || name == "Host" {
			return nil, nil, invalid("nothing can be sent with the header field %q: it has no name that a test can have, or a control character in its value", name)
		}
		req.Header[name] = list
	}
	if len(body) == 0 {
		req.Header.Del("Content-Type")
	}
	req.Header.Set(testField, nonce)
	return req, body, nil
}

// unfitByte reports whether a value of a header field cannot have a character.
func unfitByte(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// fieldName reports whether a text can be the name of a header field that a request
// chooses by itself.
func fieldName(name string) bool {
	const signs = "!#$%&'*+-.^_`|~"
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !('0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune(signs, r))
	}) && !slices.Contains([]string{"Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "Te", "Trailer"}, name)
}

// sampleOf is what the sender of a test sends.
func sampleOf(t *control.TestSend) (sender.Sample, error) {
	name := cmp.Or(t.Sender, sender.Other)
	s, ok := sender.Find(name)
	if !ok {
		if near := sender.Nearest(name); near != "" {
			return sender.Sample{}, invalid("there is no sender %q; did you mean %q?", name, near)
		}
		return sender.Sample{}, invalid("there is no sender %q; leave it out, or use %q", name, sender.Other)
	}
	return s.Sample(time.Now()), nil
}

// signTest signs a test with a stored credential, if that is wanted. Where the scheme
// leaves something open, such as the name of the field, it is as a route says that
// checks with the same credential.
func (b *backend) signTest(req *http.Request, body []byte, t *control.TestSend) error {
	if t.Credential == "" {
		return nil
	}
	scheme, err := b.schemeOf(t)
	if err != nil {
		return err
	}
	secret, err := b.opts.Credentials.Get(t.Credential)
	if errors.Is(err, credentials.ErrNotFound) {
		err = marked{fmt.Errorf("the credential %q is not stored; set it first", t.Credential), credentials.ErrNotFound}
	}
	if err != nil {
		return translated(err)
	}
	if b.checkedBy(t, "") == nil { // what it signs goes to the claim's handlers, so not with just any
		return invalid("no route of claim %q checks with the credential %q, so nothing is signed with it", t.Claim, t.Credential)
	}
	if err := sender.Sign(scheme, req, body, []byte(secret), time.Now()); err != nil {
		return invalid("cannot sign with the credential %q: %w", t.Credential, err)
	}
	return nil
}

// schemeOf is the scheme that a test is signed by: that of its sender, or of the route
// that checks with the same credential where the sender has none of its own.
func (b *backend) schemeOf(t *control.TestSend) (*signature.Scheme, error) {
	s, ok := sender.Find(t.Sender)
	if !ok || s.Scheme != "" && !s.Signs {
		return nil, invalid("nobody but the sender %q can sign as it does; send without a credential", t.Sender)
	}
	name := s.Scheme
	var options signature.Options
	if v := b.checkedBy(t, name); v != nil {
		name, options = v.Scheme, v.Options()
		options.From = nil // whom it comes from is not ours to choose
	}
	scheme, known := signature.Find(name)
	if !known || scheme.Keyless() {
		return nil, invalid("no route of claim %q checks with the credential %q, so nobody knows how to sign", t.Claim, t.Credential)
	}
	with, err := scheme.With(options)
	if err != nil {
		return nil, invalid("no route of claim %q checks with the scheme %s and the credential %q, so nobody knows how to sign: %w", t.Claim, name, t.Credential, err)
	}
	return with, nil
}

// checkedBy is how the first route for a claim checks that does so with the credential
// of a test, by a scheme or with "" by any; nil where none does.
func (b *backend) checkedBy(t *control.TestSend, scheme string) *routes.VerifySpec {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.config.Routes {
		s := &b.config.Routes[i]
		if (s.Claim == t.Claim || s.Claim == "") && s.Verify != nil && (scheme == "" || s.Verify.Scheme == scheme) && slices.Contains(secretNames(s), t.Credential) {
			return s.Verify
		}
	}
	return nil
}

// exchange sends a test as the world would, without a token of the relay.
func (b *backend) exchange(req *http.Request, relay *config.Relay) (*control.TestSent, error) {
	dialer, err := newDialer(*relay, "", b.opts.Credentials.Get)
	if err != nil {
		return nil, err
	}
	dialer.Guard = guardOf(req.Context(), *relay, systemLookup)
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "Homehook/"+b.opts.Version+" (test)")
	}
	client := *newRegistry(dialer).client
	client.Timeout = 0 // that of the context
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	sent := &control.TestSent{Sent: time.Now()}
	to := req.URL.Scheme + "://" + req.URL.Host + req.URL.EscapedPath() // a query may have a secret in it
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("send to %s: %w", to, innermostURL(err))
	}
	defer res.Body.Close()
	if sent.Body, err = io.ReadAll(io.LimitReader(res.Body, mostAnswer)); err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", to, err)
	}
	sent.Status, sent.DurationMS = res.StatusCode, milliseconds(time.Since(sent.Sent))
	return sent, nil
}

// arrived returns the id of the delivery that a test has become; empty if it is not
// home yet, or the history keeps nothing.
func (b *backend) arrived(ctx context.Context, events <-chan control.Event, t *control.TestSend, nonce string, expected bool) (string, error) {
	wait := arriveWait
	if !expected {
		wait /= 2 // what home has turned away is written down already
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	looked := make(map[string]bool)
	for {
		select {
		case e, ok := <-events:
			if !ok { // so much comes that it fell behind
				return b.among(ctx, t.Claim, nonce)
			}
			if e.Delivery == nil || e.Delivery.Claim != t.Claim || looked[e.Delivery.ID] {
				continue
			}
			rec, err := b.journal.Get(ctx, e.Delivery.ID)
			if err == nil && bytes.Contains(rec.Head, []byte(nonce)) {
				return rec.ID, nil
			}
			looked[e.Delivery.ID] = err == nil
		case <-late.C:
			return "", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// among looks for a test among the newest deliveries of a claim.
func (b *backend) among(ctx context.Context, claim, nonce string) (string, error) {
	found, _, err := b.journal.List(ctx, history.Query{Claim: claim, Limit: mostNewest})
	if err != nil {
		return "", translated(err)
	}
	for i := range found {
		if rec, err := b.journal.Get(ctx, found[i].ID); err == nil && bytes.Contains(rec.Head, []byte(nonce)) {
			return rec.ID, nil
		}
	}
	return "", nil
}
