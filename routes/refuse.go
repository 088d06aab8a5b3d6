package routes

import "homehook/http1"

// Refuse answers x with an error of this program's own: a line of text, or a
// problem document for a sender whose Accept names JSON. fields go out with it.
// Nothing of the answer may have been sent yet. The error is that of the
// connection.
func Refuse(x *http1.Exchange, status int, text string, fields ...http1.Field) error {
	contentType, body := http1.Problem(status, text, x.Request.Values("Accept"))
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
