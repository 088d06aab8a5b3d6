package senders

import (
	"iter"
	"net/http"
	"strings"
	"time"

	"homehook/routes/signature"
)

// Sign puts the fields into a request that make it one of a scheme's, signed at now.
// body is all of its body.
func Sign(scheme *signature.Scheme, req *http.Request, body, secret []byte, now time.Time) error {
	fields, err := scheme.Sign(&signature.Message{
		Method: req.Method, URL: signedURL(req), Body: body, Received: now,
		Header: func(name string) iter.Seq[[]byte] { return values(req.Header, name) },
	}, secret, now)
	if err != nil {
		return err
	}
	for _, f := range fields {
		req.Header.Set(f.Name, f.Value)
	}
	return nil
}

// signedURL is the URL that the receiver will see.
func signedURL(req *http.Request) string {
	scheme, rest, _ := strings.Cut(req.URL.String(), "://")
	path := ""
	if at := strings.IndexAny(rest, "/?"); at >= 0 {
		path = rest[at:]
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	path, _, _ = strings.Cut(path, "#")
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	return scheme + "://" + host + path
}

// values are those of a field of a request.
func values(h http.Header, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, v := range h.Values(name) {
			if !yield([]byte(v)) {
				return
			}
		}
	}
}
