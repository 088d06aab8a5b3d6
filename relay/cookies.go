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

// foreignCookie judges one cookie. In path mode all claims share a host, and
// a cookie's path protects nothing, so every cookie is foreign. In host mode
// one is that names a domain above the claim's own.
func (v *visitor) foreignCookie(value []byte) bool {
	if v.place.prefix != nil {
		return true
	}
	_, rest, _ := bytes.Cut(value, []byte{';'})
	for attr := range bytes.SplitSeq(rest, []byte{';'}) {
		name, domain, _ := bytes.Cut(attr, []byte{'='})
		if !foldedEqual(bytes.TrimSpace(name), "domain") {
			continue
		}
		domain = bytes.TrimPrefix(bytes.TrimSpace(domain), []byte{'.'})
		host, _ := hostOnly(v.place.host)
		if len(domain) > 0 && !foldedEqual(domain, string(host)) && !above(host, domain) {
			return true
		}
	}
	return false
}

// above reports whether domain is host with labels in front.
func above(host, domain []byte) bool {
	n := len(domain) - len(host)
	return n > 0 && domain[n-1] == '.' && foldedEqual(domain[n:], string(host))
}

// forwardWithoutCookies is Exchange.Forward for an answer that loses cookies.
func (v *visitor) forwardWithoutCookies(res *http1.Response, found hazard) error {
	x := v.x
	x.Start(res.Status, res.Reason)
	drop := droppedFromHome | http1.HopByHop
	for i := range res.Len() {
		name, value, kind := res.At(i)
		if drop.Has(kind) || foldedEqual(name, setCookie) && v.foreignCookie(value) {
			continue
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
