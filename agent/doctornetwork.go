package agent

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Addresses for documentation, one of each kind: nobody has them, and nothing is
// sent to them. The system only says which way it would send.
var anywhere = []struct{ kind, network, addr string }{
	{"IPv4", "udp4", "192.0.2.1:9"},
	{"IPv6", "udp6", "[2001:db8::1]:9"},
}

// network says whether this machine has a way to the internet at all.
func (d *doctor) network() {
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
	case d.config != nil && len(d.config.Relays) > 0 && d.local():
		d.skip(checkNetwork, "", "this machine has no way to the internet, and needs none: all relays are on it")
	case up():
		d.problem(checkNetwork, "", "this machine is in a network, but has no way from there to the internet (no default route)", "check the router, or the gateway in the network settings; see what there is: "+showRoutes)
	default:
		d.problem(checkNetwork, "", "this machine is not connected to a network", "plug in the cable, or join a Wi-Fi; see what there is: "+showInterfaces)
	}
}

// local reports whether all relays are on this machine.
func (d *doctor) local() bool {
	for _, r := range d.config.Relays {
		if u, err := url.Parse(r.URL); err != nil || !isHere(u.Hostname()) {
			return false
		}
	}
	return true
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
