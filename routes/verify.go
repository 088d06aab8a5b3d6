package routes

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"homehook/http1"
	"homehook/routes/signature"
)

// verifier is how a route checks its senders.
type verifier struct {
	scheme    *signature.Scheme
	secrets   []string // names of credentials
	tolerance time.Duration
	causes    causes
}

// SecretError reports that a route could not check a sender because a
// credential of its own could not be used. The sender is not to blame.
type SecretError struct {
	Name string // of the credential
	Err  error
}

var _ error = (*SecretError)(nil)

func (e *SecretError) Error() string {
	return fmt.Sprintf("the credential %q cannot be used: %s", e.Name, e.Err)
}

// Unwrap returns why.
func (e *SecretError) Unwrap() error { return e.Err }

// verify checks how a route verifies its senders, or says that it does not.
func (c *compiler) verify(path string, s *Spec, r *Route) {
	switch {
	case s.Verify == nil && !s.Unverified:
		c.report(path+".unverified", fmt.Sprintf("route %q does not verify its sender", r.Name), `add verify: {scheme: …, secret: …}, or say "unverified: true" to allow that`)
	case s.Verify == nil:
	case s.Unverified:
		c.report(path+".unverified", fmt.Sprintf("route %q both verifies its sender and allows that nobody does", r.Name), "leave out one of verify and unverified")
	default:
		r.verifier = c.verifier(path+".verify", s.Verify)
	}
}

func (c *compiler) verifier(path string, s *VerifySpec) *verifier {
	v := &verifier{tolerance: time.Duration(s.Tolerance)}
	if s.Tolerance < 0 {
		c.report(path+".tolerance", "a tolerance cannot be negative", "leave it out for "+Duration(signature.DefaultTolerance).String())
	}
	scheme, ok := signature.Find(s.Scheme)
	all := strings.Join(signature.Names(), ", ")
	switch {
	case s.Scheme == "":
		c.report(path+".scheme", "the scheme is missing: whose way of signing is it?", "use one of "+all)
		return v
	case !ok:
		c.report(path+".scheme", fmt.Sprintf("there is no scheme %q", s.Scheme), "use one of "+all)
		return v
	}
	with, err := scheme.With(s.Options())
	var wrong *signature.OptionError
	if errors.As(err, &wrong) {
		c.report(path+"."+wrong.Option, wrong.Message, wrong.Remedy)
		return v
	}
	v.scheme = with
	if !scheme.Keyless() {
		v.secrets = c.secrets(path, s)
	} else if s.Secret != "" || len(s.Secrets) > 0 {
		c.report(path+".secret", fmt.Sprintf("the scheme %s has no secret", s.Scheme), "leave it out")
	}
	if s.Tolerance != 0 && !with.Timed() {
		c.report(path+".tolerance", fmt.Sprintf("senders of %s signatures promise no time that could be checked", s.Scheme), "leave it out")
	}
	if s.Token != "" && s.Scheme != "meta" {
		c.report(path+".token", fmt.Sprintf("the sender of %s signatures asks for no token", s.Scheme), "leave it out; it belongs to meta")
	}
	return v
}

// Options returns what the specification says beside the name of the scheme.
func (s *VerifySpec) Options() signature.Options {
	return signature.Options{
		Header: s.Header, Hash: s.Hash, Encoding: s.Encoding, Prefix: s.Prefix, Signed: s.Signed, Time: s.Time,
		User: s.User, URL: s.URL, From: s.From, Covers: s.Covers,
	}
}

// secrets returns the names of a route's credentials.
func (c *compiler) secrets(path string, s *VerifySpec) []string {
	switch {
	case s.Secret != "" && len(s.Secrets) > 0:
		c.report(path+".secrets", "there are both secret and secrets", "put all names under secrets")
	case s.Secret != "":
		return []string{s.Secret}
	case len(s.Secrets) == 0:
		c.report(path+".secret", "the secret is missing", "name the credential that homehook secret set has stored")
	}
	for i, name := range s.Secrets {
		at := fmt.Sprintf("%s.secrets[%d]", path, i)
		switch {
		case name == "":
			c.report(at, "the name of a secret is empty", "leave it out")
		case slices.Contains(s.Secrets[:i], name):
			c.report(at, fmt.Sprintf("the secret %q is there twice", name), "leave it out")
		}
	}
	return slices.Clone(s.Secrets)
}

// Verifies reports whether the route checks its senders, for which Verify
// needs the whole body.
func (r *Route) Verifies() bool { return r.verifier != nil }

// Scheme returns the name of the scheme that the route's senders sign by, ""
// when it does not check them.
func (r *Route) Scheme() string {
	if r.verifier == nil {
		return ""
	}
	return r.verifier.scheme.Name()
}

// secretFields are the fields in which senders send the secret itself by which they
// are checked. No program needs it after that.
func (r *Route) secretFields() []string {
	if r.verifier == nil || r.verifier.scheme == nil {
		return nil
	}
	return r.verifier.scheme.SecretFields()
}

// Timed reports whether the route judges deliveries by when they were signed.
func (r *Route) Timed() bool { return r.verifier != nil && r.verifier.scheme.Timed() }

// Authenticate returns the value of the field WWW-Authenticate that belongs to
// the answer 401 to a sender who is refused, "" where there is none.
func (r *Route) Authenticate() string {
	if r.verifier == nil {
		return ""
	}
	return r.verifier.scheme.Authenticate()
}

// secretNames returns the names of the credentials that Verify asks for.
func (r *Route) secretNames() []string {
	if r.verifier == nil {
		return nil
	}
	return slices.Clone(r.verifier.secrets)
}

// Verify checks the sender of a delivery by its head, its whole body and the
// time at which the relay received it (d.Received). It returns nil for a route
// that checks nobody. What the sender is refused for is a [*signature.Failure];
// a [*SecretError] says that it could not be checked. Verify does not read
// d.Request.Body.
//
// secrets returns the values of a credential that are valid, newest first: each of
// them is as good as another. While one of several credentials cannot be used, the
// others still count.
func (r *Route) Verify(d *Delivery, body []byte, secrets func(name string) ([][]byte, error)) error {
	v := r.verifier
	if v == nil {
		return nil
	}
	keys, unusable := v.keys(secrets)
	if keys == nil && unusable != nil {
		return unusable
	}
	m := message(d, body)
	err := v.scheme.Check(m, keys, v.tolerance)
	if err != nil && v.causes.take(d.Received) {
		err = v.explain(err, m, keys)
	}
	var f *signature.Failure
	if unusable != nil && errors.As(err, &f) && f.Step == signature.StepSignature {
		return unusable // the one that is missing may be the sender's
	}
	return err
}

// keys returns what may have signed, and, as a [*SecretError], why that is not all.
// Of the older values of a credential those count that the scheme can use: the
// newest one is there because of the others.
func (v *verifier) keys(secrets func(name string) ([][]byte, error)) (keys [][]byte, unusable error) {
	for _, name := range v.secrets {
		values, err := secrets(name)
		for i, value := range values {
			switch wrong := v.scheme.CheckSecret(value); {
			case wrong == nil:
				keys = append(keys, value)
			case i == 0:
				err = wrong
			}
		}
		if err != nil {
			unusable = &SecretError{name, err}
		}
	}
	return keys, unusable
}

// explain looks for the cause of a failure, one at a time.
func (v *verifier) explain(err error, m *signature.Message, secrets [][]byte) error {
	defer v.causes.done()
	return v.scheme.Explain(err, m, secrets)
}

// message is a delivery as its sender made it.
func message(d *Delivery, body []byte) *signature.Message {
	r := d.Request
	return &signature.Message{
		Method: string(r.Method), URL: PublicURL(r, d.Prefix), Header: r.Values,
		Remote: d.Remote, Body: body, Received: d.Received,
	}
}

// PublicURL is the URL that the sender of a request used, as far as the relay
// tells: raw, with the prefix that the relay took off the path.
func PublicURL(r *http1.Request, prefix string) string {
	scheme := "https"
	if v, ok := r.Get("X-Forwarded-Proto"); ok && string(v) == "http" {
		scheme = "http"
	}
	path, query := r.PathQuery()
	url := scheme + "://" + string(r.Host()) + prefix + string(path)
	if query != nil {
		url += "?" + string(query)
	}
	return url
}
