package routes

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
)

// metadata are the addresses at which clouds hand a machine its secrets.
// Those that lie in the link-local ranges are not listed.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"),
	netip.MustParseAddr("fd20:ce::254"),
	netip.MustParseAddr("100.100.100.200"),
	netip.MustParseAddr("168.63.129.16"),
	netip.MustParseAddr("192.0.0.192"),
}

var (
	// nat64 and sixToFour are prefixes under which gateways map IPv4 into IPv6.
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")

	// homely are the ranges beside the private and loopback ones that do not lie
	// in the public Internet.
	homely = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),       // this machine
		netip.MustParsePrefix("100.64.0.0/10"),   // behind the provider's translation
		netip.MustParsePrefix("192.0.0.0/24"),    // of protocols
		netip.MustParsePrefix("198.18.0.0/15"),   // for measurements
		netip.MustParsePrefix("240.0.0.0/4"),     // not assigned, and the broadcast address
		netip.MustParsePrefix("64:ff9b:1::/48"),  // translation within a network
		netip.MustParsePrefix("fec0::/10"),       // site-local, as it was
		netip.MustParsePrefix("::/96"),           // this machine, and IPv4 as it once was written
		netip.MustParsePrefix("2001:0000::/32"),  // Teredo, which has IPv4 inside
		netip.MustParsePrefix("::ffff:0:0:0/96"), // translated IPv4
	}
)

// errAddress reports an address that no route may reach.
var errAddress = mistaken("name another address", "link-local and cloud metadata addresses are never connected to")

// plainAddress returns the address that packets to ip end at: the IPv4 address
// inside one of IPv6 that stands for it.
func plainAddress(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	switch b := ip.As16(); {
	case nat64.Contains(ip):
		return netip.AddrFrom4([4]byte(b[12:]))
	case sixToFour.Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip
}

func checkAddress(ip netip.Addr) error {
	ip = plainAddress(ip)
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() {
		return errAddress
	}
	for _, m := range metadata {
		if ip == m {
			return errAddress
		}
	}
	return nil
}

// isHomely reports whether an address is one of the local network, or of this
// machine.
func isHomely(ip netip.Addr) bool {
	ip = plainAddress(ip)
	if ip.IsPrivate() || ip.IsLoopback() {
		return true
	}
	for _, p := range homely {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// homelyNames are the ends of names that the public name service does not have,
// or never will (RFC 6761, RFC 6762, RFC 8375, and what ICANN set aside).
var homelyNames = []string{"localhost", "local", "home.arpa", "internal", "lan", "home", "corp", "test"}

// isHomelyName reports whether a host is an address, or a name that only the
// local network can know: who writes it means what is there.
func isHomelyName(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return true
	}
	for _, end := range homelyNames {
		if strings.HasSuffix(host, "."+end) {
			return true
		}
	}
	return false
}

// lanError reports a name of the public name service that led into the local
// network.
type lanError struct {
	name string
	ip   netip.Addr
}

var _ error = (*lanError)(nil)

func (e *lanError) Error() string {
	return fmt.Sprintf("the name %s leads to %s, an address of the local network; if that is meant, say lan: true", e.name, e.ip)
}

// guard is the Control of a dialer. It sees the address that is about to be
// connected to, behind every look-up, so that no name can turn into one that
// is refused.
func guard(network, address string, _ syscall.RawConn) error {
	if strings.HasPrefix(network, "unix") {
		return nil
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("read address %s: %w", address, err)
	}
	return checkAddress(ap.Addr())
}

// guardOf is guard for one target, whose name may not lead home unless it is a
// name of home.
func guardOf(t *target, lan bool) func(network, address string, c syscall.RawConn) error {
	if lan || t.network == "unix" || isHomelyName(t.name) {
		return guard
	}
	return func(network, address string, c syscall.RawConn) error {
		if err := guard(network, address, c); err != nil {
			return err
		}
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if isHomely(ap.Addr()) {
			return &lanError{t.name, ap.Addr().Unmap()}
		}
		return nil
	}
}

// Homely reports whether an address is one of this machine, of the local network,
// or one that no route may reach, such as those of clouds' metadata.
func Homely(ip netip.Addr) bool { return isHomely(ip) || checkAddress(ip) != nil }

// HomelyName reports whether a host is an address, or a name that only the local
// network can know.
func HomelyName(host string) bool { return isHomelyName(host) }
