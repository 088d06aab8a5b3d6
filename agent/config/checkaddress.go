package config

import (
	"fmt"
	"net/url"
	"strings"
)

// proxy checks the proxy of a relay. Messages leave the address out: it may hold a
// password.
func (c *checker) proxy(path string, r Relay) {
	if r.ProxyPassword != "" && !credentialName(r.ProxyPassword) {
		c.report(path+".proxy_password", "proxy_password is the name of a credential, never the password itself",
			"keep the password with: homehook secret set proxy/office, and write proxy_password: proxy/office")
	}
	u, err := url.Parse(r.Proxy)
	if r.ProxyPassword != "" && err == nil && u.User.Username() == "" {
		c.report(path+".proxy_password", "there is no user for proxy_password", "name the user in the address: proxy: http://name@proxy.example.com:3128")
	}
	path += ".proxy"
	switch {
	case r.Proxy == "" || r.Proxy == ProxyNone:
	case err != nil || u.Hostname() == "":
		c.report(path, "proxy is not an address", "write it like http://proxy.example.com:3128, or write none")
	case strings.HasPrefix(u.Scheme, "socks"):
		c.report(path, fmt.Sprintf("proxy has the scheme %s, which is not supported", u.Scheme), "use a proxy with http:// or https://, or write none")
	case u.Scheme != "http" && u.Scheme != "https":
		c.report(path, fmt.Sprintf("proxy has the scheme %q", u.Scheme), "write it with http:// or https://")
	case hasPassword(u):
		c.report(path, "proxy holds a password", "leave the password out, keep it with: homehook secret set proxy/office, and write proxy_password: proxy/office")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		c.report(path, "proxy has a path, query or fragment", "leave out everything behind host and port")
	}
}

func hasPassword(u *url.URL) bool {
	_, has := u.User.Password()
	return has
}

// updates checks where versions are asked for.
func (c *checker) updates() {
	const path = "updates.feed"
	feed := c.file.Updates.Feed
	if feed == "" {
		return
	}
	u, err := url.Parse(feed)
	switch {
	case err != nil || u.Hostname() == "":
		c.report(path, "feed is not an address", "write it like https://example.com/homehook/latest.json")
	case u.User != nil:
		c.report(path, "feed holds a user name or password", "leave it out")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		c.report(path, "feed is not read over https, so that anyone on the way could change it", "use https:// (or http:// on this machine)")
	}
}
