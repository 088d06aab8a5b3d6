package agent

import (
	"bytes"
	"net/netip"
	"net/url"
	"strings"

	"homehook/http1"
	"homehook/ptth"
)

// place is where the public finds a claim.
type place struct {
	host   string // without port, lower-case
	domain string // what other claims' hosts end with, with a dot in front; "" when the host is an address
	root   bool   // the claim has a host of its own
}

// placeOf reads a claim's public URL. It returns nil when that says nothing.
func placeOf(public, name string) *place {
	u, err := url.Parse(public)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	p := &place{host: strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), root: strings.Trim(u.Path, "/") == ""}
	if _, err := netip.ParseAddr(p.host); err == nil {
		return p
	}
	p.domain = "." + p.host
	if label, domain, ok := strings.Cut(p.host, "."); ok && strings.EqualFold(label, name) {
		p.domain = "." + domain
	}
	return p
}

// setURL notes the claim's public URL.
func (k *keeper) setURL(public string) {
	k.place.Store(placeOf(public, k.claim.Name))
	k.set(func(s *linkState) { s.url = public })
}

// suppose notes a public URL that is likely, where the relay has told none.
func (k *keeper) suppose(r *registry, about ptth.About) {
	if about.Public == "" {
		k.setURL(r.guess(k.claim.Name, about))
	}
}

// locate finds out whether a request is for the claim. It takes the prefix of
// path mode off a target that came whole and returns it; other is what the
// request is for instead, "" when it is for the claim.
func (k *keeper) locate(r *http1.Request, about ptth.About, forwarded string) (prefix, other string) {
	p := k.place.Load()
	if host := string(hostName(r.Host())); p != nil && p.isOther(host, k.claim.Name) {
		return forwarded, host
	}
	if label := lastLabel(forwarded); label != "" && !strings.EqualFold(label, k.claim.Name) {
		return forwarded, forwarded
	}
	if !about.Whole || p != nil && p.root || namesHost(r, k.claim.Name) {
		return forwarded, ""
	}
	stripped, other := strip(r, k.claim.Name)
	if forwarded == "" {
		forwarded = stripped
	}
	return forwarded, other
}

// namesHost reports whether a request is for a host whose first label is the
// claim's name, so that its path has no prefix.
func namesHost(r *http1.Request, name string) bool {
	label, _, below := strings.Cut(string(hostName(r.Host())), ".")
	return below && strings.EqualFold(label, name)
}

// isOther reports whether host is that of another name on the relay. A host
// that is neither that nor the claim's is a domain of the claim's owner.
func (p *place) isOther(host, name string) bool {
	if p.domain == "" || len(host) <= len(p.domain) || strings.EqualFold(host, p.host) {
		return false
	}
	label, domain := host[:len(host)-len(p.domain)], host[len(host)-len(p.domain):]
	return strings.EqualFold(domain, p.domain) && !strings.Contains(label, ".") && !strings.EqualFold(label, name)
}

// strip takes "/~name" or "/name" off the front of a target. other is the name
// in "/~other".
func strip(r *http1.Request, name string) (prefix, other string) {
	t := r.Target
	if len(t) == 0 || t[0] != '/' {
		return "", ""
	}
	end := 1
	for end < len(t) && t[end] != '/' && t[end] != '?' {
		end++
	}
	label := t[1:end]
	plain := untilded(label)
	if !strings.EqualFold(string(plain), name) {
		if len(plain) < len(label) {
			return "", string(t[:end])
		}
		return "", ""
	}
	prefix = string(t[:end])
	switch rest := t[end:]; {
	case len(rest) == 0:
		r.Target = []byte("/")
	case rest[0] == '?':
		r.Target = append([]byte("/"), rest...)
	default:
		r.Target = rest
	}
	return prefix, ""
}

// untilded takes the tilde off a segment, which some senders write as an
// escape.
func untilded(segment []byte) []byte {
	if rest, ok := bytes.CutPrefix(segment, []byte("~")); ok {
		return rest
	}
	if len(segment) >= 3 && strings.EqualFold(string(segment[:3]), "%7e") {
		return segment[3:]
	}
	return segment
}

// lastLabel is the name in a prefix that ends with "/~name", else "".
func lastLabel(prefix string) string {
	segment := prefix[strings.LastIndexByte(prefix, '/')+1:]
	if plain := untilded([]byte(segment)); len(plain) < len(segment) {
		return string(plain)
	}
	return ""
}

// hostName cuts the port off an authority, and the dot that may end a name.
func hostName(authority []byte) []byte {
	if i := bytes.LastIndexByte(authority, ':'); i >= 0 && bytes.IndexByte(authority[i:], ']') < 0 {
		authority = authority[:i]
	}
	return bytes.TrimSuffix(authority, []byte("."))
}
