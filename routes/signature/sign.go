package signature

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"time"
)

// Sign returns the fields that make a message one of this scheme's, signed at
// now. They replace those of the same names. A message that has signatures
// already gets the same fields anew, and keeps its id; where the scheme wants
// an id and there is none, it is made. The secret is what Verify takes; where
// that is a public key, Sign needs the private one: for Discord its 128
// hexadecimal digits, for Standard Webhooks the text that begins with whsk_.
func (s *Scheme) Sign(m *Message, secret []byte, now time.Time) ([]Header, error) {
	if err := s.CheckSecret(secret); err != nil {
		return nil, err
	}
	var fields []Header
	for i := range s.layouts {
		if l := &s.layouts[i]; m.has(l.signature) {
			set, err := s.build(l, m, secret, now)
			if err != nil {
				return nil, err
			}
			fields = append(fields, set...)
		}
	}
	if fields == nil {
		return s.build(&s.layouts[0], m, secret, now)
	}
	return fields, nil
}

// build signs a message by one layout.
func (s *Scheme) build(l *layout, m *Message, secret []byte, now time.Time) (set []Header, err error) {
	p := &parts{time: strconv.FormatInt(now.Unix(), 10)}
	if l.id != "" {
		if p.id, err = m.one(l.id, "id"); err != nil {
			p.id = "msg_" + rand.Text()
		}
		set = append(set, Header{l.id, p.id})
	}
	if l.time != "" {
		set = append(set, Header{l.time, p.time})
	}
	tag, k, err := s.signerOf(l, secret)
	if err != nil {
		return nil, err
	}
	sum, err := k.sign(s.text(p, m.Body))
	if err != nil {
		return nil, fmt.Errorf("sign as %s: %w", s.name, err)
	}
	return append(set, Header{l.signature, l.write(tag, p.time, sum)}), nil
}

// signerOf returns the best kind of signature that a secret makes.
func (s *Scheme) signerOf(l *layout, secret []byte) (tag string, k signer, err error) {
	for _, tag = range l.tags {
		if k, err = s.key(tag, secret); err != nil || k != nil {
			return tag, k, err
		}
	}
	return "", nil, failf(StepSecret, "the secret makes no signature for %s", l.signature)
}
