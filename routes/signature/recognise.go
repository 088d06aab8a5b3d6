package signature

import (
	"fmt"
	"slices"
)

// unsigned says why a message has no signature of the scheme.
func (s *Scheme) unsigned(m *Message, secrets [][]byte) error {
	l := &s.layouts[0]
	for i := range s.layouts {
		if s.suits(&s.layouts[i], secrets) {
			l = &s.layouts[i]
			break
		}
	}
	missing := fmt.Sprintf("there is no %s header", l.signature)
	if l.custom != nil && l.custom.sign == nil {
		missing = fmt.Sprintf("there is no %s in the body", l.signature)
	}
	if o := recognise(m); o != nil && o != s && o.name != s.name {
		if o.signs(m) {
			return failf(StepHeader, "%s: the request is signed as %s does it", missing, o.title)
		}
		return failf(StepHeader, "%s: the request is one of %s, which does not sign so", missing, o.title)
	}
	if s.mark != "" && m.has(s.mark) {
		return failf(StepHeader, "%s: %s has no secret set for this address", missing, s.title)
	}
	if s.recipeOf(l).signed == "" {
		return failf(StepHeader, "%s: the request names no secret", missing)
	}
	return failf(StepHeader, "%s: %s has no secret set, or somebody else sent the request", missing, s.title)
}

// signs reports whether a message has a signature of the scheme, whoever made
// it.
func (s *Scheme) signs(m *Message) bool {
	return slices.ContainsFunc(s.layouts, func(l layout) bool { return l.in(m) })
}

// recognise returns the scheme whose fields a message has, nil for none. What
// only one sender writes counts most.
func recognise(m *Message) *Scheme {
	for i := range schemes {
		if s := &schemes[i]; s.mark != "" && m.has(s.mark) {
			return s
		}
	}
	for i := range schemes {
		if s := &schemes[i]; !s.vague && len(s.layouts) > 0 && s.layouts[0].in(m) {
			return s
		}
	}
	for i := range schemes {
		if s := &schemes[i]; !s.vague && s.signs(m) {
			return s
		}
	}
	return nil
}
