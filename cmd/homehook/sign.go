package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"homehook/agent/credentials"
	"homehook/agent/senders"
	"homehook/routes"
	"homehook/routes/signature"
)

// sign adds the signature that the flags ask for.
func (c *sendCmd) sign(ctx context.Context, a *app, req *http.Request, body []byte) error {
	switch {
	case c.As == "" && len(c.With) > 0:
		return misused("--with is there without --as; name the scheme to sign by")
	case c.As == "" && c.Event != "":
		return misused("--event is there without --as; name the scheme of the sender, or give the field with --header")
	case c.As == "" && c.Secret == "":
		return nil
	case c.As == "":
		return misused("--secret is there without --as; name the scheme to sign by")
	case c.Secret == "":
		return misused("--as %s needs --secret NAME, the credential to sign with", c.As)
	}
	if err := checkCredential("--secret", c.Secret); err != nil {
		return err
	}
	scheme, err := c.scheme()
	if err != nil {
		return err
	}
	if err := c.name(req); err != nil {
		return err
	}
	store, err := a.store(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	secret, err := store.Get(c.Secret)
	if errors.Is(err, credentials.ErrNotFound) {
		return withNext(err, "store it first: homehook secret set %s", c.Secret)
	}
	if err != nil {
		return a.unlockable(err)
	}
	if err := senders.Sign(scheme, req, body, []byte(secret), a.now()); err != nil {
		return fmt.Errorf("sign with credential %s: %w", c.Secret, err)
	}
	return nil
}

// name sets the field in which the sender says what a delivery is about.
func (c *sendCmd) name(req *http.Request) error {
	if c.Event == "" {
		return nil
	}
	field := routes.EventField(c.As)
	if field == "" {
		return misused("--event goes with no header field of %s: what its deliveries are about stands in their bodies, if at all; write it into --data", c.As)
	}
	req.Header.Set(field, c.Event)
	return nil
}

// scheme is what --as and --with name.
func (c *sendCmd) scheme() (*signature.Scheme, error) {
	var o signature.Options
	keys := map[string]*string{
		"header": &o.Header, "hash": &o.Hash, "encoding": &o.Encoding, "prefix": &o.Prefix,
		"signed": &o.Signed, "time": &o.Time, "user": &o.User, "url": &o.URL,
	}
	for _, text := range c.With {
		key, value, _ := strings.Cut(text, "=")
		if keys[key] == nil || value == "" {
			return nil, misused("--with %q is no key of verify with its value; use %s", text, strings.Join(slices.Sorted(maps.Keys(keys)), ", "))
		}
		*keys[key] = value
	}
	scheme, ok := signature.Find(c.As)
	if !ok || scheme.Keyless() {
		return nil, misused("--as %s signs nothing", c.As)
	}
	scheme, err := scheme.With(o)
	var wrong *signature.OptionError
	if errors.As(err, &wrong) {
		return nil, misused("--as %s: %s; %s (--with %s=…)", c.As, wrong.Message, wrong.Remedy, wrong.Option)
	}
	return scheme, err
}
