package imports

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
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
