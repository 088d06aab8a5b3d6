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

// maxHost bounds an authority: a name of DNS, and a port. The relay writes it into
// three fields, and what it adds has to fit into a link.
const maxHost = 255 + len(":65535")

// whereabouts knows under which hosts the relay can be reached.
type whereabouts struct {
	domain   string // in lower case; "" for none
	suffixes []string
	public   *url.URL // may be nil
}

func newWhereabouts(o Options) (whereabouts, error) {
	w := whereabouts{domain: o.Domain, public: o.URL}
	if o.Domain != "" {
		for label := range strings.SplitSeq(o.Domain, ".") {
			if _, ok := new(nameBuffer).fold([]byte(label)); !ok {
				return w, &OptionError{fmt.Sprintf("domain %q is not a host name", o.Domain)}
			}
		}
		w.suffixes = append(w.suffixes, "."+o.Domain)
	}
	if u := o.URL; u != nil {
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
			return w, &OptionError{fmt.Sprintf("url %q is not of the form https://relay.example.com", o.URL)}
		}
	}
	w.suffixes = append(w.suffixes, ".localhost")
	return w, nil
}

type placeKind uint8

const (
	placeUnknown placeKind = iota
	placeClaim
	placeLink        // /ptth/{name}
	placeWellKnown   // /.well-known/ptth/{origins}/
	placeComet       // /comet/{name}
	placeReverseHTTP // /reversehttp and below
	placeAPI
	placeHome
	placeHealth
)

// place is what a request's address means.
type place struct {
	kind   placeKind
	name   []byte // of the claim, as it was sent
	prefix []byte // what is cut from the target's front in path mode, else nil
	host   []byte // the authority that the request is for; may be empty
	token  []byte // of a link, when it stands in the path
}

var (
	linkPrefix        = []byte("/ptth/")
	wellKnownPrefix   = []byte("/.well-known/ptth/")
	cometPrefix       = []byte("/comet/")
	reverseHTTPPath   = []byte("/reversehttp")
	reverseHTTPPrefix = []byte("/reversehttp/")
	apiPrefix         = []byte("/api/")
)

// find reads host and path of a request. local is where it came in.
func (w *whereabouts) find(r *http1.Request, local net.Addr) (place, *refusal) {
	p := place{host: r.Host()}
	host, ok := hostOnly(p.host)
	if !ok || len(p.host) > maxHost {
		return p, errBadHost
	}
	label, hasLabel := w.label(host)
	if r.Absolute() && (!isHTTP(r.Target) || !hasLabel && !w.own(host, local)) {
		return p, errMisdirect
	}
	if hasLabel {
		p.kind, p.name = placeClaim, label
		return p, nil
	}
	p.setPath(r.Path())
	return p, nil
}

// setPath reads a path on the relay's own host.
func (p *place) setPath(path []byte) {
	if n := tilde(path); n > 0 {
		end := bytes.IndexByte(path[n:], '/')
		if end < 0 {
			end = len(path) - n
		}
		p.kind, p.name, p.prefix = placeClaim, path[n:n+end], path[:n+end]
		return
	}
	if rest, ok := bytes.CutPrefix(path, linkPrefix); ok {
		p.kind = placeLink
		p.name, p.token, _ = bytes.Cut(rest, []byte("/"))
		return
	}
	if rest, ok := bytes.CutPrefix(path, cometPrefix); ok {
		p.kind = placeComet
		p.name, p.token, _ = bytes.Cut(rest, []byte("/"))
		return
	}
	switch {
	case bytes.HasPrefix(path, wellKnownPrefix):
		p.kind = placeWellKnown
	case bytes.Equal(path, reverseHTTPPath), bytes.HasPrefix(path, reverseHTTPPrefix):
		p.kind = placeReverseHTTP
	case len(path) == 1:
		p.kind = placeHome
	case string(path) == "/healthz":
		p.kind = placeHealth
	case bytes.HasPrefix(path, apiPrefix):
		p.kind = placeAPI
	}
}

// tilde returns the length of "/~" at the front of a path, 0 if it is not
// there. Some senders write the tilde as an escape.
func tilde(path []byte) int {
	switch {
	case len(path) >= 2 && path[1] == '~':
		return 2
	case len(path) >= 4 && path[1] == '%' && path[2] == '7' && path[3]|0x20 == 'e':
		return 4
	}
	return 0
}

// hostOnly cuts the port from an authority, and the dot that may end a name.
func hostOnly(authority []byte) ([]byte, bool) {
	host := authority
	if len(host) > 0 && host[0] == '[' {
		end := bytes.IndexByte(host, ']')
		if end < 0 || end+1 < len(host) && host[end+1] != ':' {
			return nil, false
		}
		return host[1:end], isPort(host[min(end+2, len(host)):])
	}
	if i := bytes.IndexByte(host, ':'); i >= 0 {
		if !isPort(host[i+1:]) {
			return nil, false
		}
		host = host[:i]
	}
	return bytes.TrimSuffix(host, []byte(".")), true
}

func isPort(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) <= 5
}

// label returns what stands before one of the relay's domains.
func (w *whereabouts) label(host []byte) ([]byte, bool) {
	if w.domain != "" && foldedEqual(host, w.domain) {
		return nil, false
	}
	for _, s := range w.suffixes {
		if n := len(host) - len(s); n > 0 && foldedEqual(host[n:], s) {
			return host[:n], true
		}
	}
	return nil, false
}

// own reports whether a host is the relay itself.
func (w *whereabouts) own(host []byte, local net.Addr) bool {
	if foldedEqual(host, "localhost") || w.domain != "" && foldedEqual(host, w.domain) ||
		w.public != nil && foldedEqual(host, w.public.Hostname()) {
		return true
	}
	ip, err := netip.ParseAddr(string(host))
	tcp, ok := local.(*net.TCPAddr)
	return err == nil && ok && ip.Unmap() == tcp.AddrPort().Addr().Unmap()
}

func isHTTP(target []byte) bool {
	i := bytes.Index(target, []byte("://"))
	return i > 0 && (foldedEqual(target[:i], "http") || foldedEqual(target[:i], "https"))
}

// foldedEqual compares ASCII without case.
func foldedEqual(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		d := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if 'A' <= d && d <= 'Z' {
			d |= 0x20
		}
		if c != d {
			return false
		}
	}
	return true
}
