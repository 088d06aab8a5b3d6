package signature

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// Sign returns the fields that make a message one of this scheme's, signed at
// now. They replace those of the same names. A message that has signatures
// already gets the same fields anew, and keeps its id; where the scheme wants
// an id and there is none, it is made. The secret is what Verify takes; where
// that is a public key, Sign needs the private one: for Discord its 128
// hexadecimal digits, for Standard Webhooks the text that begins with whsk_.
func (s *Scheme) Sign(m *Message, secret []byte, now time.Time) ([]Header, error) {
	if s.keyless {
		return nil, failf(StepSecret, "the scheme %s signs nothing", s.name)
	}
	if err := s.CheckSecret(secret); err != nil {
		return nil, err
	}
	var fields []Header
	done := map[string]bool{}
	for i := range s.layouts {
		if l := &s.layouts[i]; l.in(m) && !l.inBody() && s.suits(l, [][]byte{secret}) && !done[l.signature] {
			done[l.signature] = true
			set, err := s.build(l, m, secret, now)
			if err != nil {
				return nil, err
			}
			fields = append(fields, set...)
		}
	}
	if fields != nil {
		return fields, nil
	}
	for i := range s.layouts {
		if l := &s.layouts[i]; !l.inBody() && s.suits(l, [][]byte{secret}) {
			return s.build(l, m, secret, now)
		}
	}
	return nil, failf(StepSecret, "the signature of %s stands in the body: write it there", s.title)
}

// inBody reports whether signatures of the layout are no fields.
func (l *layout) inBody() bool { return l.custom != nil && l.custom.sign == nil }

// build signs a message by one layout.
func (s *Scheme) build(l *layout, m *Message, secret []byte, now time.Time) (set []Header, err error) {
	r := s.recipeOf(l)
	if url := s.urlOf(m); strings.Contains(r.signed, "{url}") && !strings.Contains(url, "://") {
		return nil, failf(StepFormat, "%s signs the URL, which is not known", s.title)
	}
	if l.custom != nil {
		return l.custom.sign(s, l, m, secret, now)
	}
	p, err := s.about(l, m)
	if err != nil {
		return nil, err
	}
	if err := digestNeeded(r, p, m.Body); err != nil {
		return nil, err
	}
	p.time = r.clock.write(now)
	if l.id != "" {
		if p.id, err = m.one(l.id, "id"); err != nil {
			p.id = "msg_" + rand.Text()
		}
		set = append(set, Header{l.id, p.id})
	}
	if l.where != nil {
		set = append(set, *l.where)
	}
	if l.time != "" {
		set = append(set, Header{l.time, p.time})
	}
	tag, k, err := s.signerOf(l, secret)
	if err != nil {
		return nil, err
	}
	sum, err := k.sign(r.text(p, p.urls[0]))
	if err != nil {
		return nil, fmt.Errorf("sign as %s: %w", s.name, err)
	}
	return append(set, Header{l.signature, l.write(tag, p.time, sum)}), nil
}

// digestNeeded reports a body that a sender covers by a digest in the URL only,
// which is not there.
func digestNeeded(r *recipe, p *parts, body []byte) error {
	if r.content == nil || p.content == nil || !bytes.ContainsAny(body[:1], "{[") {
		return nil
	}
	sum := sha256.Sum256(body)
	return failf(StepFormat, "a body that is no form is signed by its digest: put bodySHA256=%x into the query of the URL", sum)
}

// signerOf returns the best kind of signature that a secret makes.
func (s *Scheme) signerOf(l *layout, secret []byte) (tag string, k signer, err error) {
	for _, tag = range l.tags {
		if k, err = s.recipeOf(l).key(tag, secret); err != nil || k != nil {
			return tag, k, err
		}
	}
	return "", nil, failf(StepSecret, "the secret makes no signature for %s", l.signature)
}
