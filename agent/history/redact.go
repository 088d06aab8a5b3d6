package history

import (
	"bytes"
	"fmt"
	"mime"
	"slices"
	"strings"
)

// redacted is what stands for what was taken out.
const redacted = "[redacted]"

// redactor takes out of a record what Options.Redact names. A nil one takes out
// nothing. Safe for concurrent use.
type redactor struct {
	headers [][]byte   // lower case
	query   []string   // names
	form    []string   // names
	json    [][]string // paths; "*" stands for every entry
}

// newRedactor returns nil for no rules.
func newRedactor(rules []string) (*redactor, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	r := &redactor{}
	for _, rule := range rules {
		part, name, _ := strings.Cut(rule, ".")
		if name == "" {
			return nil, fmt.Errorf("redact %q: write header.NAME, query.NAME, form.NAME or json.PATH", rule)
		}
		switch part {
		case "header":
			r.headers = append(r.headers, bytes.ToLower([]byte(name)))
		case "query":
			r.query = append(r.query, name)
		case "form":
			r.form = append(r.form, name)
		case "json":
			r.json = append(r.json, strings.Split(name, "."))
		default:
			return nil, fmt.Errorf("redact %q: there is no part %q of a delivery; write header.NAME, query.NAME, form.NAME or json.PATH", rule, part)
		}
	}
	return r, nil
}

// record returns what may be kept of in, which stays as it is: in itself if that
// is all. Redacted says that something was taken out. log says that in.Log is
// to be kept as well.
func (r *redactor) record(in *Record, log bool) *Record {
	if r == nil {
		return in
	}
	out := *in
	touched := false
	kind, encoded := contentOf(in.Head)
	set := func(to *[]byte, b []byte, changed bool) {
		if changed {
			*to, touched = b, true
		}
	}
	head, changed := r.head(in.Head)
	set(&out.Head, head, changed)
	body, changed := r.content(in.Body, kind, encoded)
	set(&out.Body, body, changed)
	if q, changed := redactQuery([]byte(in.Query), r.query); changed {
		out.Query, touched = string(q), true
	}
	if log && len(in.Log) > 0 {
		out.Log = slices.Clone(in.Log)
		for i := range out.Log {
			a := &out.Log[i]
			kind, encoded := contentOf(a.ResponseHead)
			head, changed := r.head(a.ResponseHead)
			set(&a.ResponseHead, head, changed)
			body, changed := r.content(a.ResponseBody, kind, encoded)
			set(&a.ResponseBody, body, changed)
			output, changed := r.content(a.Output, "", false)
			set(&a.Output, output, changed)
		}
	}
	if !touched {
		return in
	}
	out.Redacted = true
	return &out
}

// contentOf reads from a head of what kind the content is, and whether it is
// encoded, so that nothing can be found in it.
func contentOf(head []byte) (kind string, encoded bool) {
	eachField(head, func(name, value []byte) {
		switch string(bytes.ToLower(name)) {
		case "content-type":
			kind = string(value)
		case "content-encoding":
			encoded = encoded || len(value) > 0 && !bytes.EqualFold(value, []byte("identity"))
		}
	})
	return kind, encoded
}

// content takes out what json and form rules name. What they cannot see into is
// taken out as a whole.
func (r *redactor) content(body []byte, contentType string, encoded bool) (out []byte, changed bool) {
	if len(body) == 0 || len(r.json) == 0 && len(r.form) == 0 {
		return body, false
	}
	if encoded {
		return []byte(redacted), true
	}
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(strings.ToLower(contentType), ";")
		media = strings.TrimSpace(media)
	}
	switch {
	case media == "application/x-www-form-urlencoded":
		return redactQuery(body, r.form)
	case media == "multipart/form-data":
		return r.multipart(body, parameters["boundary"])
	case len(r.json) > 0 && (strings.HasSuffix(media, "json") || looksLikeJSON(body)):
		return redactJSON(body, r.json)
	}
	return body, false
}

// multipart takes out the parts of a form that rules name.
func (r *redactor) multipart(body []byte, boundary string) (out []byte, changed bool) {
	if len(r.form) == 0 {
		return body, false
	}
	if boundary == "" {
		return []byte(redacted), true
	}
	line := []byte("--" + boundary)
	for i, part := range bytes.Split(body, line) {
		if i > 0 {
			out = append(out, line...)
		}
		head, content, found := bytes.Cut(part, []byte("\r\n\r\n"))
		if i == 0 || !found || !r.names(head) || len(content) == 0 {
			out = append(out, part...)
			continue
		}
		changed = true
		out = append(append(append(out, head...), "\r\n\r\n"+redacted...), "\r\n"...)
	}
	if !changed {
		return body, false
	}
	return out, true
}

// names says whether the head of a part of a form has a name that rules name.
func (r *redactor) names(head []byte) (named bool) {
	eachField(append([]byte("\r\n"), head...), func(name, value []byte) {
		if !bytes.EqualFold(name, []byte("content-disposition")) {
			return
		}
		_, parameters, err := mime.ParseMediaType(string(value))
		// A part whose name cannot be read may be any.
		named = named || err != nil || slices.Contains(r.form, parameters["name"])
	})
	return named
}
