package detail

import (
	"bytes"
	"mime"
	"net/url"
	"strings"

	"homehook/agent/control"
)

// field is a name with its value: of a head, a query or a form.
type field struct{ name, value string }

// fieldsOf reads the fields of a head, tolerantly: what is kept is shown, whatever
// it is. The first line is not among them.
func fieldsOf(head []byte) (first string, fields []field) {
	for i := 0; len(head) > 0; i++ {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\n"))
		text := strings.TrimSuffix(string(line), "\r")
		if i == 0 {
			first = text
			continue
		}
		if text == "" {
			break
		}
		name, value, _ := strings.Cut(text, ":")
		fields = append(fields, field{name, strings.Trim(value, " \t")})
	}
	return first, fields
}

// valueOf is that of the first field with a name, in any case.
func valueOf(fields []field, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// typeOf is the media type of a head and its parameters.
func typeOf(head []byte) (kind string, parameters map[string]string) {
	_, fields := fieldsOf(head)
	value := valueOf(fields, "Content-Type")
	kind, parameters, err := mime.ParseMediaType(value)
	if err != nil {
		kind, _, _ = strings.Cut(value, ";")
	}
	return strings.ToLower(strings.TrimSpace(kind)), parameters
}

// pairsOf reads the fields of a query or form, in their order. ok is false for one
// that cannot be decoded.
func pairsOf(text string) (fields []field, ok bool) {
	if text == "" {
		return nil, true
	}
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil {
			return nil, false
		}
		fields = append(fields, field{name, value})
	}
	return fields, true
}

// target is the path with its query.
func target(d *control.Delivery) string {
	if d.Query == "" {
		return d.Path
	}
	return d.Path + "?" + d.Query
}

// own says whether a field of a request is none of the sender's, but says how long
// the body is, or is what the relay told the agent.
func own(name string) bool {
	switch name = strings.ToLower(name); name {
	case "content-length", "transfer-encoding", "connection", "trailer":
		return true
	}
	return strings.HasPrefix(name, "homehook-")
}
