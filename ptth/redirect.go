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
		return nil, fmt.Errorf("relay redirects (%d) without a usable Location", res.Status)
	}
	return next, nil
}
