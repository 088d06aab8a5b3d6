package export

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"homehook/agent/control"
)

// harWriter writes an HTTP Archive 1.2.
type harWriter struct {
	w       *bufio.Writer
	options Options
	n       int
}

func (h *harWriter) begin() error {
	creator, err := json.Marshal(harCreator{"Homehook", cmp.Or(h.options.Version, "unknown")})
	if err != nil {
		return err
	}
	comment := `"secrets are redacted"`
	if h.options.WithSecrets {
		comment = `"secrets are not redacted: keep this file to yourself"`
	}
	_, err = fmt.Fprintf(h.w, `{"log":{"version":"1.2","creator":%s,"comment":%s,"entries":[`, creator, comment)
	return err
}

func (h *harWriter) record(r *control.Record) error {
	b, err := json.Marshal(harOf(r))
	if err != nil {
		return err
	}
	if h.n++; h.n > 1 {
		h.w.WriteByte(',')
	}
	h.w.WriteByte('\n')
	_, err = h.w.Write(b)
	return err
}

func (h *harWriter) end() error {
	_, err := h.w.WriteString("\n]}}\n")
	return err
}

// harOf is a delivery and the last answer that a handler gave. What the sender
// got, which may be another one, stands beside it.
func harOf(r *control.Record) *harEntry {
	e := &harEntry{
		Started: r.Received.UTC().Format(time.RFC3339Nano),
		Time:    r.DurationMS,
		Request: harRequestOf(r),
		Timings: harTimings{Wait: r.DurationMS},
		ID:      r.ID, Claim: text(r.Claim), Route: text(r.Route), State: r.State, Remote: text(r.Remote),
		Comment: text(r.Reason), SenderStatus: r.Status, Redacted: r.Redacted,
	}
	last := r.LastAnswer()
	if last == nil {
		last = &control.Attempt{}
	}
	e.Response = harResponseOf(last)
	e.Response.Comment = senderComment(r.Status, e.Response.Status)
	return e
}

// senderComment says what the sender got where a handler answered otherwise.
func senderComment(sender, handler int) string {
	switch {
	case sender == handler || sender == 0:
		return ""
	case handler == 0:
		return fmt.Sprintf("no handler answered; the sender got %d", sender)
	}
	return fmt.Sprintf("the answer of the handler; the sender got %d", sender)
}

func harRequestOf(r *control.Record) harRequest {
	h := parseHead(r.Head)
	t := target(r, h)
	q := harRequest{
		Method: text(method(r, h)), URL: text(origin(h) + strings.TrimPrefix(t, "*")), Version: version(h.word(2)),
		Cookies: []harCookie{}, Headers: headersOf(h), Query: queryOf(t), HeadersSize: sizeOf(r.Head), BodySize: r.Size,
	}
	for _, f := range h.fields {
		if !strings.EqualFold(f.name, "Cookie") {
			continue
		}
		cookies, _ := http.ParseCookie(f.value)
		for _, c := range cookies {
			q.Cookies = append(q.Cookies, harCookie{Name: text(c.Name), Value: text(c.Value)})
		}
	}
	if len(r.Body) > 0 {
		body, encoding := bodyOf(r.Body)
		q.Post = &harPost{MimeType: mimeType(h), Text: body, Encoding: encoding, Comment: cutOff(r.BodyTruncated, len(r.Body), r.Size)}
	}
	return q
}

func harResponseOf(a *control.Attempt) harResponse {
	h := parseHead(a.ResponseHead)
	status := a.Status
	if n, err := strconv.Atoi(h.word(1)); err == nil {
		status = n
	}
	body, encoding := bodyOf(a.ResponseBody)
	s := harResponse{
		Status: status, StatusText: http.StatusText(status), Version: version(h.word(0)),
		Cookies: []harCookie{}, Headers: headersOf(h), Redirect: text(h.get("Location")),
		HeadersSize: sizeOf(a.ResponseHead), BodySize: a.ResponseSize,
		Content: harContent{
			Size: a.ResponseSize, MimeType: mimeType(h), Text: body, Encoding: encoding,
			Comment: cutOff(a.ResponseTruncated, len(a.ResponseBody), a.ResponseSize),
		},
	}
	if len(h.start) > 2 {
		s.StatusText = text(strings.Join(h.start[2:], " "))
	}
	for _, f := range h.fields {
		if !strings.EqualFold(f.name, "Set-Cookie") {
			continue
		}
		if c, err := http.ParseSetCookie(f.value); err == nil {
			s.Cookies = append(s.Cookies, setCookie(c))
		}
	}
	return s
}

func setCookie(c *http.Cookie) harCookie {
	k := harCookie{
		Name: text(c.Name), Value: text(c.Value), Path: text(c.Path), Domain: text(c.Domain),
		HTTPOnly: c.HttpOnly, Secure: c.Secure,
	}
	if !c.Expires.IsZero() {
		k.Expires = c.Expires.UTC().Format(time.RFC3339)
	}
	return k
}

func headersOf(h *head) []harPair {
	list := []harPair{}
	for _, f := range h.fields {
		list = append(list, harPair{text(f.name), text(f.value)})
	}
	return list
}

// queryOf lists the parameters of a target in their order.
func queryOf(target string) []harPair {
	list := []harPair{}
	_, query, ok := strings.Cut(target, "?")
	if !ok || query == "" {
		return list
	}
	for p := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(p, "=")
		list = append(list, harPair{text(decoded(name)), text(decoded(value))})
	}
	return list
}

// bodyOf returns a body as text, or in base64 where it is none.
func bodyOf(b []byte) (body, encoding string) {
	if utf8.Valid(b) {
		return string(b), ""
	}
	return base64.StdEncoding.EncodeToString(b), "base64"
}

func version(word string) string {
	if strings.HasPrefix(word, "HTTP/") {
		return text(word)
	}
	return "HTTP/1.1"
}

func mimeType(h *head) string { return text(cmp.Or(h.get("Content-Type"), "application/octet-stream")) }

// sizeOf is the size of a head, -1 where there is none.
func sizeOf(head []byte) int64 {
	if len(head) == 0 {
		return -1
	}
	return int64(len(head))
}

func cutOff(truncated bool, kept int, size int64) string {
	if !truncated {
		return ""
	}
	return fmt.Sprintf("cut off: %d of %d bytes", kept, size)
}
