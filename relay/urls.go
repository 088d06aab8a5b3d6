package relay

import (
	"net"
	"strings"
)

// claimURLs tells the public addresses of claims: what stands before the name
// and what behind it.
type claimURLs struct{ before, after string }

// of returns the public URL of a claim.
func (u claimURLs) of(name string) string { return u.before + name + u.after }

// claimURLs finds the form of public addresses from what is configured, and
// where nothing is, from the host under which an agent has reached the relay.
func (w *whereabouts) claimURLs(host string, secure bool) claimURLs {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	port := ""
	if w.public != nil {
		scheme, host = w.public.Scheme, w.public.Host
	}
	if _, p, err := net.SplitHostPort(host); err == nil && p != "" {
		port = ":" + p
	}
	if w.domain != "" {
		return claimURLs{scheme + "://", "." + w.domain + port + "/"}
	}
	if host == "" {
		host = "localhost"
	}
	return claimURLs{scheme + "://" + strings.ToLower(host) + "/~", "/"}
}
