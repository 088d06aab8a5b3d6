package ptth

import (
	"fmt"
	"net/url"

	"homehook/http1"
)

// redirect reads where an answer 307 or 308 leads.
func redirect(res *http1.Response, from *url.URL) (*url.URL, error) {
	v, _ := res.Get("Location")
	next, err := from.Parse(string(v))
	if err != nil || len(v) == 0 || next.Host == "" || next.Scheme != "http" && next.Scheme != "https" {
		return nil, &AnswerError{fmt.Errorf("relay redirects (%d) without a usable Location", res.Status)}
	}
	// Parsing a URL leaves some of it as it is, and it is to stand in the head
	// of a request.
	if !isVisible(next.RequestURI()) || !isVisible(next.Host) {
		return nil, &AnswerError{fmt.Errorf("relay redirects (%d) to what is no URL", res.Status)}
	}
	return next, nil
}

// isVisible reports whether s has printable ASCII only, and no space.
func isVisible(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
