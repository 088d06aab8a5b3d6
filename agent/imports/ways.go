package imports

import (
	"errors"
	"fmt"
	"strings"

	"homehook/routes"
)

// signed reports whether a rule is about a signature.
func (r *rule) signed() bool {
	switch {
	case r.And != nil:
		return anySigned(*r.And)
	case r.Or != nil:
		return anySigned(*r.Or)
	case r.Not != nil:
		return r.Not.signed()
	case r.Match != nil:
		return r.Match.signed()
	}
	return false
}

func anySigned(list []rule) bool {
	for i := range list {
		if list[i].signed() {
			return true
		}
	}
	return false
}

func (m *match) signed() bool {
	return m.Type == "scalr-signature" || strings.HasPrefix(string(m.Type), "payload-hmac-") || strings.HasPrefix(string(m.Type), "payload-hash-")
}

// way is one of the ways in which a request may meet a rule.
type way struct {
	check *check // whose signature it has; nil for none
	from  []string
	when  expr
}

// check is how the sender of a hook is checked, and with which secrets.
type check struct {
	spec   routes.VerifySpec
	values []string
}

// ways turns a rule into the routes that it takes: a condition where there is
// no signature in it, else one way for each signature.
func (v *values) ways(r *rule) ([]way, error) {
	if r == nil {
		return []way{{when: always}}, nil
	}
	if !r.signed() {
		return v.unsigned(r)
	}
	list, err := v.split(r)
	if err != nil {
		return nil, err
	}
	return v.merge(list)
}

// unsigned gives the one way of a rule without a signature. What all of it
// demands of the sender becomes a check: an address, or a token in a field.
func (v *values) unsigned(r *rule) ([]way, error) {
	w := way{when: always}
	rest := []rule{}
	if r.And == nil && (r.Match == nil || r.Or != nil || r.Not != nil) {
		c, err := v.condition(r)
		return []way{{when: c.met}}, err
	}
	for _, part := range conjuncts(r) {
		switch m := part.Match; {
		case m == nil || part.And != nil || part.Or != nil || part.Not != nil:
			rest = append(rest, part)
		case m.Type == "ip-whitelist" && w.from == nil:
			var err error
			if w.from, err = v.ranges(string(m.IPRange)); err != nil {
				return nil, err
			}
		case m.Type == "value" && w.check == nil && tokenField(m):
			w.check = tokenCheck(m)
		default:
			rest = append(rest, part)
		}
	}
	c, err := v.and(rest)
	w.when = c.met
	if w.check != nil || w.from != nil {
		v.item.differ("refused-sender", "a sender who fails the check is answered 401; webhook answers as for rules that are not met", Status, Body)
	}
	return []way{w}, err
}

// conjuncts are the parts of a rule that all have to be met.
func conjuncts(r *rule) []rule {
	if r.And == nil {
		return []rule{*r}
	}
	var parts []rule
	for i := range *r.And {
		parts = append(parts, conjuncts(&(*r.And)[i])...)
	}
	return parts
}

// maxWays is how many routes one hook may become.
const maxWays = 16

// split finds the ways of a rule with a signature in it.
func (v *values) split(r *rule) ([]way, error) {
	switch {
	case !r.signed():
		c, err := v.condition(r)
		return []way{{when: c.met}}, err
	case r.And != nil:
		return v.splitAnd(*r.And)
	case r.Or != nil:
		v.item.differ("either-signature", "of several ways to be let in those without a signature are tried first, and a signature that does not fit ends with 401; webhook goes in the order of its rules", Status, Body)
		var list []way
		for i := range *r.Or {
			ways, err := v.split(&(*r.Or)[i])
			if err != nil {
				return nil, err
			}
			list = append(list, ways...)
		}
		return list, nil
	case r.Not != nil:
		return nil, errors.New("it runs for requests whose signature is wrong, which Homehook has no use for")
	}
	c, err := v.signature(r.Match)
	return []way{{check: c, when: always}}, err
}

// splitAnd joins the ways of rules that all have to be met: those without a
// signature as one condition.
func (v *values) splitAnd(rules []rule) ([]way, error) {
	start, rest := way{when: always}, []rule{}
	var signed []rule
	for _, part := range conjuncts(&rule{And: &rules}) {
		switch m := part.Match; {
		case part.signed():
			signed = append(signed, part)
		case m != nil && part.Or == nil && part.Not == nil && m.Type == "ip-whitelist":
			ranges, err := v.ranges(string(m.IPRange))
			if err != nil {
				return nil, err
			}
			start = start.only(ranges)
		default:
			rest = append(rest, part)
		}
	}
	c, err := v.and(rest)
	if err != nil {
		return nil, err
	}
	start.when = all(start.when, c.met)
	list := []way{start}
	for i := range signed {
		ways, err := v.split(&signed[i])
		if err != nil {
			return nil, err
		}
		if list, err = product(list, ways); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// only narrows a way to senders of some addresses.
func (w way) only(ranges []string) way {
	if w.from == nil {
		w.from = ranges
	} else {
		w.when = all(w.when, expr{text: "inRange(remote, " + quoted(strings.Join(ranges, " ")) + ")"})
	}
	return w
}

// product pairs each way of one list with each of another.
func product(a, b []way) ([]way, error) {
	var list []way
	for _, x := range a {
		for _, y := range b {
			if x.check != nil && y.check != nil {
				return nil, errors.New("it wants two signatures of one request, and a route checks one")
			}
			w := way{check: x.check, from: x.from, when: all(x.when, y.when)}
			if w.check == nil {
				w.check = y.check
			}
			if y.from != nil {
				w = w.only(y.from)
			}
			list = append(list, w)
		}
	}
	if len(list) > maxWays {
		return nil, fmt.Errorf("its rules come to more than %d routes", maxWays)
	}
	return list, nil
}
