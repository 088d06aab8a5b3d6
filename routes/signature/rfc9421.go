package signature

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Message signatures of RFC 9421, of requests: what is signed is a text that is
// made of the components that the field Signature-Input lists.

const inputField = "Signature-Input"

// hasMessageSignature asks for both fields: others use the name Signature alone.
func hasMessageSignature(m *Message) bool { return m.has("Signature") && m.has(inputField) }

// readMessageSignatures reads the signatures of a message, each of which has its
// own text. Those that cannot be checked are passed over as long as there are
// others.
func readMessageSignatures(s *Scheme, l *layout, m *Message) (list []*parts, all bool, err error) {
	var found [2][]dictMember
	for i, name := range []string{inputField, l.signature} {
		value, err := m.one(name, "signature")
		if err != nil {
			return nil, false, err
		}
		m.spend(parsing * len(value))
		if found[i], err = readDictionary(value); err != nil {
			return nil, false, failf(StepFormat, "%s cannot be read", name)
		}
	}
	var first error
	covers := newCoverage(m, s.urlOf(m))
	for _, in := range found[0] {
		if len(list) == maxSignatures {
			break
		}
		at := slices.IndexFunc(found[1], func(sig dictMember) bool { return sig.name == in.name })
		if at < 0 {
			continue
		}
		p, err := s.messageParts(l, covers, in, found[1][at])
		if first = cmp.Or(first, err); err == nil {
			list = append(list, p)
		}
	}
	switch {
	case len(list) > 0:
		return list, false, nil
	case first != nil:
		return nil, false, first
	}
	return nil, false, failf(StepFormat, "%s and %s have no name in common", inputField, l.signature)
}

// messageParts reads one signature.
func (s *Scheme) messageParts(l *layout, covers *coverage, in, sig dictMember) (p *parts, err error) {
	if !in.isList || sig.isList || sig.item.kind != 'b' {
		return nil, failf(StepFormat, "%s or %s cannot be read", inputField, l.signature)
	}
	p = &parts{urls: []string{""}}
	if p.base, err = covers.base(in); err != nil {
		return nil, err
	}
	ps := in.item.params
	for _, name := range []string{"created", "expires"} {
		if _, there := ps.has(name); !there {
			continue
		}
		text, _ := ps.get(name, 'i')
		at, err := seconds1970.read(text, inputField)
		if err != nil {
			return nil, err
		}
		if name == "expires" {
			p.expires = max(at, 1)
			continue
		}
		p.time, p.at = text, at
	}
	tags := l.tags
	if _, there := ps.has("alg"); there {
		alg, _ := ps.get("alg", 's')
		if !slices.Contains(tags, alg) {
			return nil, failf(StepFormat, "%s names an algorithm that is none of %s", inputField, strings.Join(tags, ", "))
		}
		tags = []string{alg}
	}
	for _, tag := range tags {
		p.signatures = append(p.signatures, candidate{tag, []byte(sig.item.text)})
	}
	p.also = func() error { return s.covered(in.list, covers.m) }
	return p, nil
}

// covered checks that a signature is over what matters: what the options say,
// and otherwise the body. A digest that is signed must be the body's.
func (s *Scheme) covered(list []item, m *Message) error {
	covers := s.covers
	if covers == nil && len(m.Body) > 0 {
		covers = []string{"content-digest"}
	}
	for _, name := range covers {
		if !slices.ContainsFunc(list, func(i item) bool { return i.text == name && len(i.params) == 0 }) {
			return failf(StepSignature, "the signature does not cover %s, so that anybody could change it", name)
		}
	}
	if slices.ContainsFunc(list, func(i item) bool { return i.text == "content-digest" }) {
		return checkDigest(m)
	}
	return nil
}

// components checks the names of components that have to be covered.
func components(list []string) ([]string, error) {
	for i, name := range list {
		if _, derived := strings.CutPrefix(name, "@"); !derived && !isToken(name) || name != strings.ToLower(name) {
			return nil, &OptionError{fmt.Sprintf("covers[%d]", i), fmt.Sprintf("%q is no component of a message", name), `write it in lower case, such as content-digest or "@method"`}
		}
	}
	return list, nil
}
