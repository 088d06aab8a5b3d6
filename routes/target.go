package routes

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
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
			return target{}, mistaken("write it like unix:/run/app.sock", "the path of a socket is absolute")
		}
		return target{network: "unix", address: path, host: "localhost"}, nil
	}
	u, err := url.Parse(to)
	switch {
	case err != nil:
		return target{}, mistaken(schemeRemedy(to), "it is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return target{}, mistaken(schemeRemedy(to), "a target begins with http://, https:// or \"unix:\"")
	case u.User != nil:
		return target{}, mistaken("give an Authorization field under headers", "user and password in a URL are not sent")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(to, "#"):
		return target{}, mistaken("leave out everything from ? or # on", "a target has no query and no fragment")
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
		return target{}, mistaken("write a number from 1 to 65535", "%s is not a port", port)
	}
	t.address = joinHostPort(t.name, port)
	return t, nil
}

// shownAddress is an address as a message may show it: without what stands where a
// user, a password or a token does. It need not be one that can be used.
func shownAddress(to string) string {
	if at := strings.LastIndexByte(to, '@'); at >= 0 {
		begin := 0
		if slashes := strings.Index(to, "//"); slashes >= 0 && slashes < at {
			begin = slashes + 2
		}
		to = to[:begin] + "…" + to[at:]
	}
	if rest := strings.IndexAny(to, "?#"); rest >= 0 {
		to = to[:rest+1] + "…"
	}
	return to
}

const exampleTarget = `write it like "http://127.0.0.1:8123"`

// schemeRemedy says how to write a target that has no scheme, or another one.
func schemeRemedy(to string) string {
	if filepath.IsAbs(to) && !strings.HasPrefix(to, "//") {
		return fmt.Sprintf("write %q", "unix:"+to)
	}
	// localhost:80 reads as a scheme and a rest; what has no port there, such
	// as file:/etc, is meant as a scheme.
	u, err := url.Parse(to)
	scheme := err == nil && u.Scheme != "" && (u.Opaque == "" || u.Opaque[0] < '0' || u.Opaque[0] > '9')
	if scheme || strings.Contains(to, "//") {
		return exampleTarget
	}
	if _, err := parseTarget("http://" + to); err != nil {
		return exampleTarget
	}
	return fmt.Sprintf("write %q", "http://"+to)
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
		return mistaken(exampleTarget, "it names no host")
	case strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "":
		return mistaken("write a host name, or an address in numbers", "the host has a character that is not allowed")
	case last[0] >= '0' && last[0] <= '9':
		return mistaken("write it like 127.0.0.1 or [::1]", "an address is four decimal numbers, or IPv6 in brackets")
	}
	return nil
}
