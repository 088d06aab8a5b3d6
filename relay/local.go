package relay

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"homehook/http1"
)

// errForeign refuses what a web page of elsewhere sends to a relay for one machine.
var errForeign = refuse(403, "this relay takes no request that a web page of another host sends")

// local refuses what a relay for one machine gets from elsewhere all the same: through
// the browser of its user. A page may send requests to any address, and may reach this
// one under a name of its own, which leads here: then it reads the answers, too. at is
// where the request came in.
func local(r *http1.Request, host []byte, at net.Addr) *refusal {
	if r.HasHost() && !isHere(host, at) {
		return refuse(421, fmt.Sprintf("this relay is for its own machine, as %v and names below localhost with that port; another host is not served", at))
	}
	if site, ok := r.Get("Sec-Fetch-Site"); ok && foldedEqual(site, "cross-site") {
		return errForeign
	}
	for origin := range r.Values("Origin") {
		if u, err := url.Parse(string(origin)); err != nil || u.Scheme != "http" || !strings.EqualFold(u.Host, string(host)) {
			return errForeign
		}
	}
	return nil
}

// isHere reports whether an authority is this machine by its own name, with the port
// at which a request came in: nobody else's name leads there.
func isHere(authority []byte, at net.Addr) bool {
	host, ok := hostOnly(authority)
	tcp, known := at.(*net.TCPAddr)
	if !ok || known && portOf(authority) != fmt.Sprint(tcp.Port) {
		return false
	}
	if ip, err := netip.ParseAddr(string(host)); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return foldedEqual(host, "localhost") || bytes.HasSuffix(bytes.ToLower(host), []byte(".localhost"))
}

// portOf is the port of an authority that is well formed.
func portOf(authority []byte) string {
	if i := bytes.LastIndexByte(authority, ':'); i > bytes.LastIndexByte(authority, ']') && i+1 < len(authority) {
		return string(authority[i+1:])
	}
	return "80"
}
