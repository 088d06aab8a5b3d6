package routes

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"homehook/http1"
)

// problem is a problem document (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// Refuse answers x with an error of this program's own: a line of text, or a
// problem document for a sender whose Accept names JSON. fields go out with it.
// Nothing of the answer may have been sent yet. The error is that of the
// connection.
func Refuse(x *http1.Exchange, status int, text string, fields ...http1.Field) error {
	contentType, body := "text/plain; charset=utf-8", []byte(text)
	if wantsProblem(x.Request) {
		if b, err := json.Marshal(problem{http.StatusText(status), status, text}); err == nil {
			contentType, body = "application/problem+json", b
		}
	}
	body = append(body, '\n')
	x.Start(status, nil)
	for _, f := range fields {
		x.Field(f.Name, f.Value)
	}
	x.Field("Vary", "Accept")
	x.Field("Content-Type", contentType)
	x.EndLength(int64(len(body)))
	x.Write(body)
	return x.Finish()
}

// wantsProblem reports whether a sender asks for JSON by name, and for no text
// with more weight. One that takes anything gets text, as a person may be the
// one who reads it.
func wantsProblem(r *http1.Request) bool {
	forJSON, forText := 0, 0
	for value := range r.Values("Accept") {
		for item := range bytes.SplitSeq(value, []byte{','}) {
			media, params, _ := bytes.Cut(item, []byte{';'})
			switch string(bytes.ToLower(bytes.TrimSpace(media))) {
			case "application/problem+json", "application/json":
				forJSON = max(forJSON, weight(params))
			case "text/plain", "text/html", "text/*":
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
		if !bytes.EqualFold(name, []byte{'q'}) {
			continue
		}
		if q, err := strconv.ParseFloat(string(value), 64); err == nil && q >= 0 && q <= 1 {
			return int(q * 1000)
		}
	}
	return 1000
}
