package agent

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Addresses for documentation, one of each kind: nobody has them, and nothing is
// sent to them. The system only says which way it would send.
var anywhere = []struct{ kind, network, addr string }{
	{"IPv4", "udp4", "192.0.2.1:9"},
	{"IPv6", "udp6", "[2001:db8::1]:9"},
}

// network says whether this machine has a way to the internet at all.
func (d *doctor) network(ctx context.Context) {
	var ways []string
	for _, to := range anywhere {
		if c, err := net.Dial(to.network, to.addr); err == nil {
			ways = append(ways, to.kind)
			c.Close()
		}
	}
	switch {
	case len(ways) > 0:
		d.ok(checkNetwork, "", "this machine has a way to the internet over "+strings.Join(ways, " and "))
	case d.config == nil: // one with relays on this machine needs none
		d.warn(checkNetwork, "", "this machine has no way to the internet, and whether the agent needs one cannot be read", "put the configuration right first, as said above")
	case len(d.config.Relays) > 0 && d.local(ctx):
		d.skip(checkNetwork, "", "this machine has no way to the internet, and needs none: all relays are on it")
	case up():
		d.problem(checkNetwork, "", "this machine is in a network, but has no way from there to the internet (no default route)", "check the router, or the gateway in the network settings; see what there is: "+showRoutes)
	default:
		d.problem(checkNetwork, "", "this machine is not connected to a network", "plug in the cable, or join a Wi-Fi; see what there is: "+showInterfaces)
	}
}

// local reports whether all relays are on this machine.
func (d *doctor) local(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	for _, r := range d.config.Relays {
		u, err := url.Parse(r.URL)
		if err != nil || !isHere(u.Hostname()) && !leadsHere(ctx, u.Hostname()) {
			return false
		}
	}
	return true
}

// lookupWait bounds the questions for the names of relays where there is no network
// to ask in.
const lookupWait = 2 * time.Second

// leadsHere reports whether a name has addresses of this machine alone, as one in
// its file of hosts may.
func leadsHere(ctx context.Context, host string) bool {
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return err == nil && !slices.ContainsFunc(all, func(a netip.Addr) bool { return !a.Unmap().IsLoopback() })
}

// up reports whether an interface is up that leads out of this machine, and has
// an address.
func up() bool {
	all, err := net.Interfaces()
	if err != nil {
		return false
	}
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				return true
			}
		}
	}
	return false
}

// updates tells of a newer version, where the agent has heard of one.
func (d *doctor) updates() {
	if d.running == nil {
		d.skip(checkUpdates, "", "only a running agent hears of newer versions")
		return
	}
	if n := d.running.updates.newest(); n != nil {
		remedy := "get it where you got this one"
		if n.URL != "" {
			remedy = "see " + n.URL
		}
		d.warn(checkUpdates, "", fmt.Sprintf("version %s is out; this is %s", n.Version, d.Version), remedy)
		return
	}
	d.ok(checkUpdates, "", fmt.Sprintf("no version newer than %s is known", d.Version))
}
