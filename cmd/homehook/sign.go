package main

import (
	"errors"
	"fmt"
	"iter"
	"net/http"

	"homehook/agent/credentials"
	"homehook/routes/signature"
)

// sign adds the signature that the flags ask for.
func (c *sendCmd) sign(a *app, req *http.Request, body []byte) error {
	switch {
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
	scheme, ok := signature.Find(c.As)
	if ok {
		_, err := scheme.With(signature.Options{})
		ok = err == nil
	}
	if !ok {
		return misused("--as %s is for routes that say what their signature looks like; it cannot be made here", c.As)
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	secret, err := store.Get(c.Secret)
	if errors.Is(err, credentials.ErrNotFound) {
		return withNext(err, "store it first: homehook secret set %s", c.Secret)
	}
	if err != nil {
		return err
	}
	fields, err := scheme.Sign(&signature.Message{
		Method: req.Method, URL: c.URL, Body: body, Received: a.now(),
		Header: func(name string) iter.Seq[[]byte] { return valuesOf(req.Header, name) },
	}, []byte(secret), a.now())
	if err != nil {
		return fmt.Errorf("sign with credential %s: %w", c.Secret, err)
	}
	for _, f := range fields {
		req.Header.Set(f.Name, f.Value)
	}
	return nil
}

// valuesOf are the values of a field of a request.
func valuesOf(h http.Header, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, v := range h.Values(name) {
			if !yield([]byte(v)) {
				return
			}
		}
	}
}
