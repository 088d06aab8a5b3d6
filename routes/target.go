package routes

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// target is where a forward route sends its deliveries.
type target struct {
	network string // "tcp" or "unix"
	address string // host:port, or a path
	secure  bool   // speak TLS
	name    string // the host that TLS checks
	host    string // for the Host field
	base    string // path put before the delivery's own, without a slash at its end
}

// parseTarget reads the "to" of a forward route.
func parseTarget(to string) (target, error) {
	if path, ok := strings.CutPrefix(to, "unix:"); ok {
		if path = filepath.FromSlash(path); !filepath.IsAbs(path) {
			return target{}, errors.New("the path of a socket is absolute: unix:/run/app.sock")
		}
		return target{network: "unix", address: path, host: "localhost"}, nil
	}
	u, err := url.Parse(to)
	switch {
	case err != nil:
		return target{}, errors.New("it is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return target{}, errors.New("a target begins with http://, https:// or \"unix:\"")
	case u.User != nil:
		return target{}, errors.New("user and password in a URL are not sent; give an Authorization field under headers")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(to, "#"):
		return target{}, errors.New("a target has no query and no fragment")
	}
	t := target{network: "tcp", secure: u.Scheme == "https", name: u.Hostname(), host: u.Host}
	t.base = strings.TrimRight(u.EscapedPath(), "/")
	if err := checkHost(t.name); err != nil {
		return target{}, err
	}
	port := u.Port()
	if port == "" {
		port = map[bool]string{false: "80", true: "443"}[t.secure]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return target{}, fmt.Errorf("%s is not a port", port)
	}
	t.address = joinHostPort(t.name, port)
	return t, nil
}

func joinHostPort(host, port string) string {
	if strings.IndexByte(host, ':') >= 0 {
		return "[" + host + "]:" + port
	}
	return host + ":" + port
}

// checkHost refuses addresses in spellings that other programs read
// differently, and addresses that connecting would refuse anyway.
func checkHost(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		return checkAddress(ip)
	}
	last := host[strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')+1:]
	switch {
	case host == "":
		return errors.New("it names no host")
	case strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "":
		return errors.New("the host has a character that is not allowed")
	case last[0] >= '0' && last[0] <= '9':
		return errors.New("an address is four decimal numbers, or IPv6 in brackets")
	}
	return nil
}

// metadata are the addresses at which clouds hand a machine its secrets.
// Those that lie in the link-local ranges are not listed.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"),
	netip.MustParseAddr("fd20:ce::254"),
	netip.MustParseAddr("100.100.100.200"),
	netip.MustParseAddr("168.63.129.16"),
	netip.MustParseAddr("192.0.0.192"),
}

// nat64 is the prefix under which a gateway maps IPv4 into IPv6.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// errAddress reports an address that no route may reach.
var errAddress = errors.New("link-local and cloud metadata addresses are never connected to")

func checkAddress(ip netip.Addr) error {
	ip = ip.Unmap().WithZone("")
	if nat64.Contains(ip) {
		b := ip.As16()
		ip = netip.AddrFrom4([4]byte(b[12:]))
	}
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

// guard is the Control of the dialer. It sees the address that is about to be
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
