package http1

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/http"
	"strconv"
)

// problem is a problem document (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

const problemType = "application/problem+json"

// Problem returns what a program says of its own instead of the answer asked
// for, and its Content-Type: a problem document (RFC 9457) for who names JSON in
// accept, the values of the request's Accept fields, else the detail as a line of
// text. The body ends with a newline.
func Problem(status int, detail string, accept iter.Seq[[]byte]) (contentType string, body []byte) {
	if wantsProblem(accept) {
		if b, err := json.Marshal(problem{http.StatusText(status), status, detail}); err == nil {
			return problemType, append(b, '\n')
		}
	}
	return "text/plain; charset=utf-8", append([]byte(detail), '\n')
}

// wantsProblem reports whether a client asks for JSON by name, and for no text
// with more weight. One that takes anything gets text, as a person may be the one
// who reads it.
func wantsProblem(accept iter.Seq[[]byte]) bool {
	forJSON, forText := 0, 0
	for value := range accept {
		for item := range bytes.SplitSeq(value, []byte{','}) {
			media, params, _ := bytes.Cut(item, []byte{';'})
			switch media = bytes.TrimSpace(media); {
			case equalFold(media, problemType), equalFold(media, "application/json"):
				forJSON = max(forJSON, weight(params))
			case equalFold(media, "text/plain"), equalFold(media, "text/html"), equalFold(media, "text/*"):
				forText = max(forText, weight(params))
			}
		}
	}
	return forJSON > 0 && forJSON >= forText
}

// weight reads the parameter q of a media type, in thousandths. What makes no
// sense counts in full.
func weight(params []byte) int {
	for param := range bytes.SplitSeq(params, []byte{';'}) {
		name, value, _ := bytes.Cut(bytes.TrimSpace(param), []byte{'='})
		if !equalFold(name, "q") {
			continue
		}
		if q, err := strconv.ParseFloat(string(value), 64); err == nil && q >= 0 && q <= 1 {
			return int(q * 1000)
		}
	}
	return 1000
}
