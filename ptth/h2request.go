package ptth

import (
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"

	"homehook/http1"
)

// request makes the request that net/http sends for a call: the target as it
// came to the last byte, and no field that the sender did not send. The length
// of the body is known when small holds it.
func (s *h2Stream) request(c *Call, small []byte) (*http.Request, error) {
	head, err := http1.HeadRequest(c.Head, renderLimits)
	if err != nil {
		return nil, err
	}
	host := string(head.Host())
	if host == "" {
		host = s.host // net/http cannot leave :authority empty
	}
	r := &http.Request{
		Method: string(head.Method), Host: host, Header: requestHeader(head),
		// net/http takes scheme and host off an opaque part again.
		URL:  &url.URL{Scheme: "http", Host: host, Opaque: "//" + host + string(head.Target)},
		Body: http.NoBody,
	}
	switch {
	case len(small) > 0:
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(small)), int64(len(small))
	case s.upload != nil:
		r.Body, r.ContentLength, r.Trailer = s.upload, c.Request.Body.Length(), s.upload.trailer
		announce(r.Trailer, c.Request)
	}
	return r, nil
}

// requestHeader returns the end-to-end fields of a head.
func requestHeader(head *http1.Request) http.Header {
	h := make(http.Header, head.Len()+1)
	for i := range head.Len() {
		name, value, kind := head.At(i)
		if kind == http1.Host || http1.HopByHop.Has(kind) {
			continue
		}
		key := textproto.CanonicalMIMEHeaderKey(string(name))
		h[key] = append(h[key], string(value))
	}
	if h["User-Agent"] == nil {
		h["User-Agent"] = nil // else net/http names itself
	}
	return h
}

// announce names the trailer fields that the sender has announced: many
// receivers take no others.
func announce(h http.Header, r *http1.Request) {
	for v := range r.Values("Trailer") {
		for name := range bytes.SplitSeq(v, []byte{','}) {
			key := textproto.CanonicalMIMEHeaderKey(string(bytes.TrimSpace(name)))
			if mayTrail(key) && isToken(key) {
				h[key] = nil
			}
		}
	}
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte(`"(),/:;<=>?@[\]{}`), c) >= 0 {
			return false
		}
	}
	return s != ""
}

// headerFields lists the fields of a header of net/http in the order of their
// names.
func headerFields[H ~map[string][]string](h H) []http1.Field {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	var list []http1.Field
	for _, name := range names {
		for _, v := range h[name] {
			list = append(list, http1.Field{Name: name, Value: v})
		}
	}
	return list
}
