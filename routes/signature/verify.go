package signature

import (
	"bytes"
	"cmp"
	"time"
)

// Verify reports whether one of the secrets made the signature of a message.
// Secrets are as the sender's pages show them; for schemes with key pairs they
// are public keys. A tolerance of 0 is the default, a negative one leaves the
// time unchecked. The error is a [*Failure] that names the likely cause.
// Comparing takes the same time whatever the signature is.
func (s *Scheme) Verify(m *Message, secrets [][]byte, tolerance time.Duration) error {
	return s.Explain(s.Check(m, secrets, tolerance), m, secrets)
}

// Check is Verify, but looks for no cause of a failure. That takes long, beside
// the check itself: see [Scheme.Explain].
func (s *Scheme) Check(m *Message, secrets [][]byte, tolerance time.Duration) error {
	if err := s.allows(m.Remote); err != nil {
		return err
	}
	if s.keyless {
		return nil
	}
	if len(secrets) == 0 {
		return failf(StepSecret, "there is no secret to check with")
	}
	for _, secret := range secrets {
		if err := s.CheckSecret(secret); err != nil {
			return err
		}
	}
	return s.verify(m, secrets, tolerance)
}

// verify is Check, for secrets that are keys.
func (s *Scheme) verify(m *Message, secrets [][]byte, tolerance time.Duration) error {
	l, err := s.find(m, secrets)
	if err != nil {
		return err
	}
	list, all, err := s.read(l, m)
	if err != nil {
		return err
	}
	var first error
	for _, p := range list {
		err := s.judge(l, p, m, secrets, tolerance)
		if err != nil && all || err == nil && !all {
			return err
		}
		first = cmp.Or(first, err)
	}
	return first
}

// judge checks one of the parts that a message says are signed.
func (s *Scheme) judge(l *layout, p *parts, m *Message, secrets [][]byte, tolerance time.Duration) error {
	r := s.recipeOf(l)
	switch kind, ok := s.fits(l, p, secrets); {
	case !kind:
		return failf(StepSignature, "%s "+otherKind, l.signature)
	case !ok:
		return failf(StepSignature, mismatch)
	}
	if p.also != nil {
		if err := p.also(); err != nil {
			return err
		}
	}
	// Only a time that the sender has signed is worth a word of its own.
	if tolerance < 0 {
		return nil
	}
	return r.inTime(p, m.Received, cmp.Or(tolerance, r.within, DefaultTolerance))
}

// mismatch stands for a cause that is still to be found.
const mismatch = "wrong key or body changed: the signature does not fit"

// passes reports whether a message is signed by one of the secrets, at
// whatever time.
func (s *Scheme) passes(m *Message, secrets [][]byte) bool {
	return s.verify(m, secrets, -1) == nil
}

// CheckSecret reports a secret that no sender of the scheme can have. The
// error is a [*Failure].
func (s *Scheme) CheckSecret(secret []byte) error {
	if s.open != nil && len(s.layouts) == 0 {
		return failf(StepSecret, "the scheme %s needs to be told more, such as the name of a header", s.name)
	}
	if len(bytes.TrimSpace(secret)) == 0 {
		return failf(StepSecret, "the secret is empty")
	}
	var first error
	for i := range s.layouts {
		for _, tag := range s.layouts[i].tags {
			k, err := s.recipeOf(&s.layouts[i]).key(tag, secret)
			if k != nil {
				return nil
			}
			first = cmp.Or(first, err)
		}
	}
	if first == nil {
		return failf(StepSecret, "the secret is of no kind that %s signs with", s.title)
	}
	return s.explainSecret(first, secret)
}

// fits reports whether one of the secrets made one of the signatures, and
// whether the secrets make signatures of any kind that is there. All are
// tried, so that the time it takes does not tell which one fitted.
func (s *Scheme) fits(l *layout, p *parts, secrets [][]byte) (kind, ok bool) {
	r := s.recipeOf(l)
	for _, url := range p.urls {
		text := r.text(p, url)
		for _, tag := range l.tags {
			var given [][]byte
			for _, c := range p.signatures {
				if c.tag == tag {
					given = append(given, c.value)
				}
			}
			if given == nil {
				continue
			}
			for _, secret := range secrets {
				k, err := r.key(tag, secret)
				if err != nil || k == nil {
					continue
				}
				kind = true
				ok = k.check(text, given) || ok
			}
		}
	}
	return kind, ok
}
