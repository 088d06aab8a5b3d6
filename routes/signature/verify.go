package signature

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Verify reports whether one of the secrets made the signature of a message.
// Secrets are as the sender's pages show them; for schemes with key pairs they
// are public keys. A tolerance of 0 is the default, a negative one leaves the
// time unchecked. The error is a [*Failure]. Comparing takes the same time
// whatever the signature is.
func (s *Scheme) Verify(m *Message, secrets [][]byte, tolerance time.Duration) error {
	if len(secrets) == 0 {
		return failf(StepSecret, "there is no secret to check with")
	}
	for _, secret := range secrets {
		if err := s.CheckSecret(secret); err != nil {
			return err
		}
	}
	l, err := s.find(m)
	if err != nil {
		return err
	}
	p, at, err := l.parts(m)
	if err != nil {
		return err
	}
	kind, ok := s.fits(l, p, m.Body, secrets)
	switch {
	case !kind:
		return failf(StepSignature, "%s has only signatures of another kind than the secret makes", l.signature)
	case !ok:
		return failf(StepSignature, "%s", s.guess(l, p, m.Body, secrets))
	case tolerance < 0:
		return nil
	}
	// Only a time that the sender has signed is worth a word of its own.
	return s.window.check(at, m.Received, cmp.Or(tolerance, DefaultTolerance))
}

// CheckSecret reports a secret that no sender of the scheme can have. The
// error is a [*Failure].
func (s *Scheme) CheckSecret(secret []byte) error {
	if len(bytes.TrimSpace(secret)) == 0 {
		return failf(StepSecret, "the secret is empty")
	}
	if s.open {
		return failf(StepSecret, "the scheme %s needs the name of a header", s.name)
	}
	for _, tag := range s.layouts[0].tags {
		if _, err := s.key(tag, secret); err != nil {
			return err
		}
	}
	return nil
}

// find returns the layout that a message follows.
func (s *Scheme) find(m *Message) (*layout, error) {
	for i := range s.layouts {
		if m.has(s.layouts[i].signature) {
			return &s.layouts[i], nil
		}
	}
	missing := fmt.Sprintf("there is no %s header", s.layouts[0].signature)
	if o := recognise(m); o != nil {
		return nil, failf(StepHeader, "%s: the request is signed as %s does it", missing, o.title)
	}
	return nil, failf(StepHeader, "%s: %s has no secret set, or somebody else sent the request", missing, s.title)
}

// recognise returns the first scheme whose field a message has.
func recognise(m *Message) *Scheme {
	for i := range schemes {
		for _, l := range schemes[i].layouts {
			if m.has(l.signature) {
				return &schemes[i]
			}
		}
	}
	return nil
}

// parts reads what a message says about its signature, and the time that is
// signed, if there is one.
func (l *layout) parts(m *Message) (p *parts, at int64, err error) {
	value, err := m.one(l.signature, "signature")
	if err != nil {
		return nil, 0, err
	}
	p = &parts{}
	if err := l.read(value, p); err != nil {
		return nil, 0, err
	}
	if l.id != "" {
		if p.id, err = m.one(l.id, "id"); err != nil {
			return nil, 0, err
		}
	}
	where := l.signature
	if l.time != "" {
		where = l.time
		if p.time, err = m.one(l.time, "time"); err != nil {
			return nil, 0, err
		}
	}
	if p.time != "" {
		at, err = readTime(p.time, where)
	}
	return p, at, err
}

// readTime reads seconds since 1970, as decimal digits alone.
func readTime(text, field string) (int64, error) {
	at, err := strconv.ParseUint(text, 10, 40)
	if err != nil {
		return 0, failf(StepFormat, "the time in %s is not a number of seconds", field)
	}
	return int64(at), nil
}

// fits reports whether one of the secrets made one of the signatures, and
// whether the secrets make signatures of any kind that is there. All are
// tried, so that the time it takes does not tell which one fitted.
func (s *Scheme) fits(l *layout, p *parts, body []byte, secrets [][]byte) (kind, ok bool) {
	text := s.text(p, body)
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
			k, err := s.key(tag, secret)
			if err != nil || k == nil {
				continue
			}
			kind = true
			ok = k.check(text, given) || ok
		}
	}
	return kind, ok
}

// text returns the pieces that are signed.
func (s *Scheme) text(p *parts, body []byte) (pieces [][]byte) {
	for rest := s.signed; rest != ""; {
		before, after, _ := strings.Cut(rest, "{")
		name, more, _ := strings.Cut(after, "}")
		pieces = append(pieces, []byte(before))
		switch name {
		case "id":
			pieces = append(pieces, []byte(p.id))
		case "time":
			pieces = append(pieces, []byte(p.time))
		case "body":
			pieces = append(pieces, body)
		}
		rest = more
	}
	return pieces
}

// maxAge bounds what is said of a time that makes no sense, in seconds.
const maxAge = 1e9

// check compares the time that is signed with that of receipt, in whole
// seconds as senders count them.
func (w window) check(at int64, received time.Time, tolerance time.Duration) error {
	if w == untimed {
		return nil
	}
	if received.IsZero() {
		return failf(StepTime, "the time of receipt is not known")
	}
	age := time.Duration(min(max(received.Unix()-at, -maxAge), maxAge)) * time.Second
	switch {
	case age > tolerance:
		return failf(StepTime, "too old by %s: signed %s before it was received, %s at most is allowed", seconds(age-tolerance), seconds(age), tolerance)
	case w == both && -age > tolerance:
		return failf(StepTime, "too early by %s: signed %s after it was received, %s at most is allowed; one of the clocks is wrong",
			seconds(-age-tolerance), seconds(-age), tolerance)
	}
	return nil
}

// seconds writes a time as "301 s".
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
}
