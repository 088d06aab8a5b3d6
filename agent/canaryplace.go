package agent

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"homehook/agent/config"
	"homehook/routes"
)

// A relay tells home its public URLs, and home sends canaries there. Who runs the
// relay is not to have home send to machines that only home can reach.

// lookup finds the addresses of a host.
type lookup func(ctx context.Context, host string) ([]netip.Addr, error)

func systemLookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// homelyError reports a public URL that leads into the local network, where its
// relay is not.
type homelyError struct{ ip netip.Addr }

var _ error = (*homelyError)(nil)

func (e *homelyError) Error() string {
	return fmt.Sprintf("it leads to %s, an address of this machine or its network, and the relay is not there", e.ip)
}

// strayed says why no canary is sent to a public URL of a claim; "" if one may
// be: to the relay's own host, or to the claim's name below that.
func strayed(public, claim string, relay config.Relay) string {
	u, err := url.Parse(public)
	own := plainHost(hostOf(relay.URL))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "the relay tells a public URL that is none"
	}
	named := strings.ToLower(claim) + "." + own
	switch host := plainHost(u.Hostname()); {
	case host == own, host == named:
		return ""
	default:
		return fmt.Sprintf("the public URL that the relay tells is at %s, which is neither its own host %s nor %s", cut(host), own, named)
	}
}

// plainHost is a host as two spellings of it are compared.
func plainHost(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// guardOf refuses addresses of this machine and its network for a public URL,
// unless the relay is there itself: by its name, or because its own name leads to
// the same address and the URL to the same port, where links go as well.
func guardOf(ctx context.Context, relay config.Relay, find lookup) func(netip.AddrPort) error {
	own := plainHost(hostOf(relay.URL))
	if own == "localhost" || routes.HomelyName(own) && !isPublic(own) {
		return nil
	}
	port := portOf(relay.URL)
	return func(to netip.AddrPort) error {
		ip := to.Addr().Unmap()
		if !routes.Homely(ip) {
			return nil
		}
		all, err := find(ctx, own)
		if err == nil && fmt.Sprint(to.Port()) == port {
			for _, a := range all {
				if a.Unmap() == ip {
					return nil
				}
			}
		}
		return &homelyError{ip}
	}
}

// isPublic reports whether a host is an address of the internet.
func isPublic(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && !routes.Homely(ip)
}

// portOf is the port that a URL leads to.
func portOf(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return ""
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
