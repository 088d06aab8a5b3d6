package ptth

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"homehook/http1"
)

// cometVersion is what both objects of COMET/JSON carry as http-version.
const cometVersion = "PTTH/0.9"

// EmptyEvent is the answer to a poll for which no request came, to the letter.
const EmptyEvent = "{}"

// maxMessageID is the longest id of an event in bytes.
const maxMessageID = 256

// framing are the fields that an envelope has no use for: the length of a body
// is seen from the envelope.
const framing = http1.HopByHop

// eventObject is a request as COMET/JSON carries it, replyObject the response.
type eventObject struct {
	ID      string      `json:"message-id"`
	Method  string      `json:"method"`
	Target  string      `json:"request-uri"`
	Version string      `json:"http-version"`
	Fields  [][2]string `json:"headers"`
	Body    string      `json:"body"` // left empty for withBody
}

type replyObject struct {
	ID      string      `json:"message-id"`
	Version string      `json:"http-version"`
	Status  int         `json:"status"`
	Reason  string      `json:"reason"`
	Fields  [][2]string `json:"headers"`
	Body    string      `json:"body"` // left empty for withBody
}

// encodeEvent renders a request and its body as an event.
func encodeEvent(id string, r *http1.Request, body []byte) []byte {
	return withBody(&eventObject{
		ID: id, Method: string(r.Method), Target: string(r.Target), Version: cometVersion,
		Fields: pairs(&r.Head, framing),
	}, body)
}

// newReply keeps the head of a response for the reply to an event. asked is
// the event's method: the answer to HEAD keeps the length that it announces.
// The reply is rendered with encode once the body is there.
func newReply(id string, res *http1.Response, asked []byte) *replyObject {
	drop := framing
	if string(asked) == "HEAD" || res.Status == 304 {
		drop &^= 1 << http1.ContentLength
	}
	return &replyObject{ID: id, Version: cometVersion, Status: res.Status, Reason: text(res.Reason), Fields: pairs(&res.Head, drop)}
}

// encode renders the reply with its body.
func (o *replyObject) encode(body []byte) []byte { return withBody(o, body) }

// decodeEvent reads what a relay has answered to a poll. For no event, which
// is an empty object or nothing at all, the request is nil. With an error, id
// is the event's as far as it could be read: it can be answered then.
func decodeEvent(b []byte) (id string, r *http1.Request, err error) {
	m, err := readMembers(b)
	if err != nil || m.empty() {
		return "", nil, err
	}
	if id, err = m.id(); err != nil {
		return "", nil, err
	}
	m.version()
	method, target := m.text("method"), m.text("request-uri")
	fields, body := m.fields(), m.body()
	if m.err != nil {
		return id, nil, m.err
	}
	fields = slices.DeleteFunc(fields, func(f http1.Field) bool { return strings.EqualFold(f.Name, "Content-Length") })
	if len(body) > 0 || method == "POST" || method == "PUT" || method == "PATCH" {
		fields = append(fields, http1.Field{Name: "Content-Length", Value: strconv.Itoa(len(body))})
	}
	r, err = http1.BuildRequest(method, target, fields, bytes.NewReader(body), int64(len(body)))
	return id, r, err
}

// decodeReply reads the body of an agent's poll. For a poll without a reply,
// which has an empty object or nothing at all, id is "". With an error, id is
// the reply's as far as it could be read: whoever waits for it can be told.
func decodeReply(b []byte) (id string, res *http1.Response, err error) {
	m, err := readMembers(b)
	if err != nil || m.empty() {
		return "", nil, err
	}
	if id, err = m.id(); err != nil {
		return "", nil, err
	}
	m.version()
	status, reason := m.status(), m.reason()
	fields, body := m.fields(), m.body()
	if m.err != nil {
		return id, nil, m.err
	}
	res, err = http1.BuildResponse(status, reason, fields, bytes.NewReader(body), int64(len(body)))
	return id, res, err
}

// marshal cannot fail: the objects hold strings and numbers only.
func marshal(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// pairs lists the fields of a head in their order, but for the kinds in drop.
func pairs(h *http1.Head, drop http1.Kinds) [][2]string {
	list := make([][2]string, 0, h.Len())
	for i := range h.Len() {
		if name, value, kind := h.At(i); !drop.Has(kind) {
			list = append(list, [2]string{string(name), text(value)})
		}
	}
	return list
}

// text makes a JSON string of what may be on the wire: UTF-8, or else
// ISO-8859-1, which fields were in before.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}
