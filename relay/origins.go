package relay

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// maxOrigins is how many an agent may serve over one link.
const maxOrigins = 16

var (
	errOrigins     = refuse(400, "the address of a link is /.well-known/ptth/ with the origins to serve behind it, as in https%3A%2F%2Fgarage.relay.example.com, separated by commas")
	errManyOrigins = refuse(400, "a link serves at most 16 origins")
	errNotServed   = refuse(403, "an origin that was named is not one of a claim on this relay")
)

// origin is what an agent wants to serve: a claim's name, and the authority by
// which it named that.
type origin struct{ name, host string }

// origins reads the list that stands in the path of a request for a link.
func (w *whereabouts) origins(list []byte, local net.Addr) ([]origin, *refusal) {
	text, err := url.PathUnescape(string(list))
	if err != nil || text == "" {
		return nil, errOrigins
	}
	var all []origin
	for s := range strings.SplitSeq(text, ",") {
		o, err := w.origin(strings.Trim(s, " \t"), local)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(p origin) bool { return p.name == o.name }) {
			continue // http and https, say
		}
		if all = append(all, o); len(all) > maxOrigins {
			return nil, errManyOrigins
		}
	}
	return all, nil
}

// origin reads one of them: scheme and host as the draft has it, where the
// host may have a port; the URL of a claim in path mode; or, from agents that
// do not know the relay's address, the claim's host or name alone.
func (w *whereabouts) origin(s string, local net.Addr) (origin, *refusal) {
	scheme, rest, full := strings.Cut(s, "://")
	if !full {
		rest = s
	} else if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return origin{}, errOrigins
	}
	authority, path, _ := strings.Cut(rest, "/")
	if !full && rest != "" && !strings.ContainsAny(rest, ".:[/~") {
		return named(rest, rest)
	}
	host, ok := hostOnly([]byte(authority))
	if !ok || len(host) == 0 || strings.Trim(authority, authorityChars) != "" {
		return origin{}, errOrigins
	}
	if label, ok := w.label(host); ok {
		if path != "" {
			return origin{}, errOrigins
		}
		return named(string(label), authority)
	}
	name, tilde := strings.CutPrefix(strings.TrimSuffix(path, "/"), "~")
	if tilde && w.own(host, local) {
		return named(name, authority)
	}
	if path != "" && !tilde {
		return origin{}, errOrigins
	}
	return origin{}, errNotServed
}

const authorityChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"

func named(name, host string) (origin, *refusal) {
	name, err := claimName(name)
	if err != nil {
		return origin{}, asRefusal(err)
	}
	return origin{name: name, host: host}, nil
}
