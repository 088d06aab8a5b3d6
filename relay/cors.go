package relay

import "homehook/http1"

// openToPages lets a page in a browser, from wherever it came, be an agent:
// what it needs for that are its token or its secret URLs, never a cookie.
func openToPages(w *http1.Writer) {
	w.Field("Access-Control-Allow-Origin", "*")
	w.Field("Access-Control-Expose-Headers", "Link, Location, Message-Id, Requesting-Client, Retry-After, PTTH-Max-Conns")
}

// preflight answers OPTIONS at a place where pages may be agents.
func (v *visitor) preflight(methods string) *refusal {
	x := v.x
	x.Start(204, nil)
	x.Field("Allow", methods)
	openToPages(x.Writer)
	x.Field("Access-Control-Allow-Methods", methods)
	x.Field("Access-Control-Allow-Headers", "Authorization, Content-Type, Message-Id, PTTH-Max-Conns, PTTH-Ping")
	x.Field("Access-Control-Max-Age", "86400")
	x.EndEmpty()
	x.Finish()
	return nil
}

// notAllowed refuses a method where others are served.
func notAllowed(methods string) *refusal {
	return &refusal{status: 405, detail: "the method is not served here", allow: methods}
}
