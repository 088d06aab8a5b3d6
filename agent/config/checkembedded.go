package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// embedded checks a relay that the agent serves itself: nobody but this machine is
// to reach it, and there is one place for its data.
func (c *checker) embedded(path string, i int) {
	r := c.file.Relays[i]
	if !r.Embedded {
		return
	}
	for j := range i {
		if c.file.Relays[j].Embedded {
			c.report(path+".embedded", fmt.Sprintf("relay %q is embedded already (at line %d)", c.file.Relays[j].Name, c.line(fmt.Sprintf("relays[%d].embedded", j))),
				"claim all names on that one: there is one embedded relay")
			break
		}
	}
	path += ".url"
	u, err := url.Parse(r.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return // relayURL says so
	}
	const remedy = "write it like url: http://127.0.0.1:8080"
	ip, err := netip.ParseAddr(u.Hostname())
	port, portErr := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case err != nil || !ip.Unmap().IsLoopback():
		c.report(path, fmt.Sprintf("an embedded relay is for this machine only, and %q is no loopback address", u.Hostname()),
			remedy+", or run homehook-relay for others to reach it")
	case u.Scheme != "http":
		c.report(path, "an embedded relay is served over http://, since nothing leaves this machine", remedy)
	case portErr != nil || port == 0:
		c.report(path, "the address of an embedded relay has no port", remedy)
	case strings.Trim(u.Path, "/") != "":
		c.report(path, "the address of an embedded relay has a path", remedy)
	}
}
