package signature

import (
	"fmt"
	"net/netip"
)

// ranges reads ranges of addresses; a single address is a range of one.
func ranges(list []string) (found []netip.Prefix, err error) {
	for i, text := range list {
		p, err := rangeOf(text)
		if err != nil {
			return nil, &OptionError{fmt.Sprintf("from[%d]", i), fmt.Sprintf("%q is no range of addresses", text), "write an address or a range, such as 192.0.2.0/24 or 2001:db8::1"}
		}
		found = append(found, p)
	}
	return found, nil
}

// rangeOf reads one range. IPv4 addresses that are written as IPv6 ones are
// IPv4 addresses.
func rangeOf(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return a.Prefix(a.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	if err == nil && p.Addr().Is4In6() && p.Bits() >= 96 {
		return p.Addr().Unmap().Prefix(p.Bits() - 96)
	}
	return p.Masked(), err
}

// Allows reports whether a message may come from an address, with or without a
// port: the error is a [*Failure]. It is the part of [Scheme.Check] that looks at
// nothing else.
func (s *Scheme) Allows(remote string) error { return s.allows(remote) }

// allows reports an address that the message must not come from.
func (s *Scheme) allows(remote string) error {
	if s.from == nil {
		if s.keyless {
			return failf(StepAddress, "the scheme %s needs ranges of addresses", s.name)
		}
		return nil
	}
	a, err := netip.ParseAddr(remote)
	if err != nil {
		at, err := netip.ParseAddrPort(remote)
		if err != nil {
			return failf(StepAddress, "the address of the sender is not known")
		}
		a = at.Addr()
	}
	a = a.Unmap().WithZone("")
	for _, p := range s.from {
		if p.Contains(a) {
			return nil
		}
	}
	return failf(StepAddress, "sent from %s, which is in none of the ranges that are allowed", a)
}
