package relay

import (
	"bytes"

	"homehook/http1"
)

const (
	setCookie   = "Set-Cookie"
	contentType = "Content-Type"
)

// hazard is what an answer can do to other claims.
type hazard uint8

const (
	foreignCookies hazard = 1 << iota // it sets a cookie that would reach them
	activeContent                     // it is, or may be taken for, a document of their origin
)

// hazards looks for what an answer could do to other claims.
func (v *visitor) hazards(res *http1.Response) hazard {
	var found hazard
	typed := false
	for i := range res.Len() {
		name, value, kind := res.At(i)
		switch {
		case kind != http1.Other:
		case len(name) == len(setCookie) && foldedEqual(name, setCookie):
			if v.foreignCookie(value) {
				found |= foreignCookies
			}
		case len(name) == len(contentType) && foldedEqual(name, contentType):
			typed = true
			if v.place.prefix != nil && isDocument(value) {
				found |= activeContent
			}
		}
	}
	if !typed && v.place.prefix != nil && !res.Body.Empty() {
		found |= activeContent // browsers guess
	}
	return found
}

// isDocument reports whether a media type is one that browsers run scripts in.
func isDocument(value []byte) bool {
	if end := bytes.IndexByte(value, ';'); end >= 0 {
		value = value[:end]
	}
	switch value = bytes.TrimSpace(value); {
	case foldedEqual(value, "text/html"), foldedEqual(value, "text/xml"), foldedEqual(value, "application/xml"), len(value) == 0:
		return true
	case len(value) > 4: // application/xhtml+xml, image/svg+xml
		return foldedEqual(value[len(value)-4:], "+xml")
	}
	return false
}

// foreignCookie reports whether a cookie would reach other claims as it stands.
func (v *visitor) foreignCookie(value []byte) bool {
	confined, ok := v.confine(value)
	return !ok || !bytes.Equal(confined, value)
}

// confine returns a cookie as it may be set: not for a domain above the claim's
// own, and in path mode, where all claims share a host, for the claim's own
// paths only. It reports false for one that cannot be set at all.
func (v *visitor) confine(value []byte) ([]byte, bool) {
	_, rest, _ := bytes.Cut(value, []byte{';'})
	var path []byte
	for attr := range bytes.SplitSeq(rest, []byte{';'}) {
		name, set, _ := bytes.Cut(attr, []byte{'='})
		switch name, set = bytes.TrimSpace(name), bytes.TrimSpace(set); {
		case foldedEqual(name, "path"):
			path = set // the last one counts
		case foldedEqual(name, "domain") && len(set) > 0 && v.foreignDomain(bytes.TrimPrefix(set, []byte{'.'})):
			return nil, false
		}
	}
	if v.place.prefix == nil {
		return value, true
	}
	return v.confinePath(value, path), true
}

// foreignDomain judges the domain of a cookie.
func (v *visitor) foreignDomain(domain []byte) bool {
	if v.place.prefix != nil {
		return true
	}
	host, _ := hostOnly(v.place.host)
	return len(domain) > 0 && !foldedEqual(domain, string(host)) && !above(host, domain)
}

// confinePath puts the prefix of path mode before a cookie's path.
func (v *visitor) confinePath(value, path []byte) []byte {
	prefix := v.place.prefix
	switch {
	case len(path) == 0 || path[0] != '/':
		// A browser takes the folder of the request then.
		if len(v.x.Request.Path()) > len(prefix) {
			return value
		}
		path = slash
	case bytes.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/'):
		return value
	}
	var out []byte
	for i, attr := range bytes.Split(value, []byte{';'}) {
		name, _, _ := bytes.Cut(attr, []byte{'='})
		if i > 0 && foldedEqual(bytes.TrimSpace(name), "path") {
			continue
		}
		if i > 0 {
			out = append(out, ';')
		}
		out = append(out, attr...)
	}
	return append(append(append(out, "; Path="...), prefix...), path...)
}

// above reports whether domain is host with labels in front.
func above(host, domain []byte) bool {
	n := len(domain) - len(host)
	return n > 0 && domain[n-1] == '.' && foldedEqual(domain[n:], string(host))
}

// forwardConfined is Exchange.Forward for an answer whose cookies are confined.
func (v *visitor) forwardConfined(res *http1.Response, found hazard) error {
	x := v.x
	x.Start(res.Status, res.Reason)
	drop := droppedFromHome | http1.HopByHop
	for i := range res.Len() {
		name, value, kind := res.At(i)
		if drop.Has(kind) {
			continue
		}
		if foldedEqual(name, setCookie) {
			confined, ok := v.confine(value)
			if !ok {
				continue
			}
			value = confined
		}
		x.Field(string(name), string(value))
	}
	if found&activeContent != 0 {
		v.writeViaSandbox(x.Writer)
	} else {
		v.writeVia(x.Writer)
	}
	if n := bodyLength(x.Request, res); n >= 0 {
		x.EndLength(n)
	} else {
		x.EndStream()
	}
	if err := x.Copy(res.Body); err != nil {
		x.CloseAfter()
		return err
	}
	return x.Finish()
}

// bodyLength returns the length to announce, -1 when it is not known. HEAD
// keeps the length that the body would have had.
func bodyLength(r *http1.Request, res *http1.Response) int64 {
	if r.IsMethod("HEAD") {
		return res.ContentLength()
	}
	return res.Body.Length()
}
