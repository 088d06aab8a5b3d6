package imports

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"homehook/routes"
)

// verdict is what a rule comes to in the language of conditions. Webhook tells
// a rule that is not met from one that asks for a value that is not there, and
// "and" gives up at the latter even below "not".
type verdict struct {
	met  expr
	lost expr // the rule asked for a value that is not there
}

// condition turns a rule without signatures into a condition.
func (v *values) condition(r *rule) (verdict, error) {
	switch {
	case r.And != nil:
		return v.and(*r.And)
	case r.Or != nil:
		met := []expr{}
		for i := range *r.Or {
			c, err := v.condition(&(*r.Or)[i])
			if err != nil {
				return verdict{}, err
			}
			met = append(met, c.met)
		}
		return verdict{anyOf(met...), never}, nil
	case r.Not != nil:
		c, err := v.condition(r.Not)
		return verdict{not(c.met), c.lost}, err
	case r.Match != nil:
		return v.match(r.Match)
	}
	return verdict{never, never}, nil
}

// and joins rules as webhook does: one after the other, up to the first that is
// not met or asks for what is not there.
func (v *values) and(rules []rule) (verdict, error) {
	met, lost := always, never
	for i := range rules {
		c, err := v.condition(&rules[i])
		if err != nil {
			return verdict{}, err
		}
		lost = anyOf(lost, all(met, c.lost))
		if rules[i].Not != nil && rules[i].And == nil && rules[i].Or == nil {
			met = all(met, not(c.lost), c.met)
		} else {
			met = all(met, c.met) // it is not met where anything is lost
		}
	}
	return verdict{met, lost}, nil
}

// match turns a comparison into a condition.
func (v *values) match(m *match) (verdict, error) {
	if m.Type == "ip-whitelist" {
		ranges, err := v.ranges(string(m.IPRange))
		return verdict{expr{text: "inRange(remote, " + quoted(strings.Join(ranges, " ")) + ")"}, never}, err
	}
	of := v.of(m.Parameter)
	if of.unknown {
		return verdict{}, fmt.Errorf("the rule looks at source %q, name %q, which webhook does not know: it answers every request with 500", m.Parameter.Source, m.Parameter.Name)
	}
	lost := not(of.has())
	switch m.Type {
	case "value":
		return verdict{v.equals(of, string(m.Value)), lost}, nil
	case "regex":
		met, err := v.matches(of, string(m.Regex))
		return verdict{met, lost}, err
	}
	// Webhook does not mind a type that it does not know: nothing meets it.
	v.item.advise("the type %q of a rule is not known; nothing meets it, in webhook too", m.Type)
	return verdict{never, lost}, nil
}

// equals compares a value with a text.
func (v *values) equals(of value, want string) expr {
	switch {
	case of.fixed && of.literal == want:
		return always
	case of.fixed || of.missing():
		return never
	}
	same := expr{text: of.text() + " == " + quoted(want)}
	if want == "" {
		return all(of.has(), same) // what is missing comes to no text as well
	}
	return same
}

// matches compares a value with a regular expression.
func (v *values) matches(of value, pattern string) (expr, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return never, fmt.Errorf("the regular expression %q is malformed: webhook answers every request with 500", pattern)
	}
	if of.fixed {
		if re.MatchString(of.literal) {
			return always, nil
		}
		return never, nil
	}
	if of.missing() {
		return never, nil
	}
	left := of.text()
	if of.isText && !of.sure {
		left = "text(" + of.expr + ")"
	}
	met := expr{text: left + " matches " + quoted(pattern)}
	if re.MatchString("") {
		return all(of.has(), met), nil
	}
	return met, nil
}

// ranges reads a list of addresses and networks.
func (v *values) ranges(list string) ([]string, error) {
	fields := strings.Fields(list)
	for i, f := range fields {
		if p, err := netip.ParsePrefix(f); err == nil {
			fields[i] = p.Masked().String()
			continue
		}
		addr, err := netip.ParseAddr(f)
		if err != nil {
			return nil, fmt.Errorf("%q is not an address or a network: webhook answers every request with 500", f)
		}
		if addr.Is6() {
			v.item.differ("ipv6", fmt.Sprintf("%s is that one address; webhook takes it for the network %s/32", f, f), Status, Body, Process)
		}
	}
	if len(fields) == 0 {
		return nil, errors.New("the list of addresses is empty: webhook runs the hook for nobody")
	}
	v.item.differ("sender-address", "the sender's address is the one that the relay saw; webhook takes that of its last connection, which behind a proxy is the proxy", Status, Body, Process)
	return fields, nil
}

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
