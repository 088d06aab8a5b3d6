package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"homehook/agent/control"
	"homehook/http1"
)

// form is a request as a user edits it: a text with a line for method and
// target, one for each header field, an empty one, and the body.
type form struct {
	method, target string
	fields         []control.Field
	body           []byte
}

// formHelp stands above the request, in lines that do not count.
const formHelp = `# The delivery is sent as it stands here when the editor ends. First method and
# target, then the header fields, an empty line, and the body. Its length is put
# in by itself, and so is the signature. Lines like this one do not count.
# Delete all of it to send nothing.
`

// formOf takes the request out of a record. Fields that say how long the body
// is, and what the relay told the agent, are not there to be edited.
func formOf(r *control.Record) (*form, error) {
	if r.BodyTruncated && !asText(r.Body) {
		return nil, fmt.Errorf("only the first %s of the body of %s are kept, and they are no text to complete", size(int64(len(r.Body))), r.ID)
	}
	req, err := http1.ParseRequest(r.Head, nil, 0)
	if err != nil {
		return nil, fmt.Errorf("read head of delivery %s: %w", r.ID, err)
	}
	f := &form{method: string(req.Method), target: string(req.Target), body: r.Body}
	for name, value := range req.All() {
		if !setByItself(string(name)) {
			f.fields = append(f.fields, control.Field{string(name), string(value)})
		}
	}
	return f, nil
}

// setByItself reports whether a field is none of the sender's.
func setByItself(name string) bool {
	switch name = strings.ToLower(name); name {
	case "content-length", "transfer-encoding", "connection", "trailer":
		return true
	}
	return strings.HasPrefix(name, "homehook-")
}

// asText reports whether a body can stand in a form.
func asText(body []byte) bool { return isText(body) && utf8.Valid(body) }

// text writes the form of a record. A body that is no text does not stand in it.
func (f *form) text(r *control.Record) []byte {
	var b bytes.Buffer
	b.WriteString(formHelp)
	if r.Redacted {
		b.WriteString("# Some values were redacted before the delivery was kept: fill them in.\n")
	}
	if r.BodyTruncated {
		fmt.Fprintf(&b, "# Only the first %s of %s of the body are kept: fill in the rest.\n", size(int64(len(r.Body))), size(r.Size))
	}
	if !asText(f.body) {
		fmt.Fprintf(&b, "# The body, %s, is no text and stays as it is, unless you write another one.\n", size(int64(len(f.body))))
	}
	fmt.Fprintf(&b, "%s %s\n", f.method, f.target)
	for _, h := range f.fields {
		fmt.Fprintf(&b, "%s: %s\n", h[0], h[1])
	}
	b.WriteByte('\n')
	if asText(f.body) {
		b.Write(f.body)
		if len(f.body) > 0 && !bytes.HasSuffix(f.body, []byte("\n")) {
			b.WriteByte('\n') // as editors want it; parseForm takes it off
		}
	}
	return b.Bytes()
}

// parseForm reads a text that was made of f and then edited. It returns nil for
// one without a request in it.
func (f *form) parseForm(text []byte) (*form, error) {
	out := &form{}
	number := 0
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		number++
		switch l := strings.TrimSuffix(string(line), "\r"); {
		case out.method == "" && (strings.HasPrefix(l, "#") || strings.TrimSpace(l) == ""):
		case out.method == "":
			if err := out.first(l); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
		case l == "":
			out.body = f.bodyOf(text)
			return out, nil
		default:
			if err := out.field(l); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
		}
	}
	if out.method == "" {
		return nil, nil
	}
	out.body = f.bodyOf(nil)
	return out, nil
}

// first reads the line with method and target.
func (f *form) first(line string) error {
	words := strings.Fields(line)
	if len(words) == 3 && strings.HasPrefix(words[2], "HTTP/") {
		words = words[:2]
	}
	if len(words) != 2 {
		return fmt.Errorf("%q is not a method and a target, as POST /path is", oneLine(line, 60))
	}
	f.method, f.target = words[0], words[1]
	return nil
}

// field reads the line of a header field.
func (f *form) field(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok || name == "" || strings.ContainsAny(name, " \t") {
		return fmt.Errorf("%q is not a header field, as Name: value is; an empty line comes before the body", oneLine(line, 60))
	}
	f.fields = append(f.fields, control.Field{name, strings.TrimSpace(value)})
	return nil
}

// bodyOf is the body that the end of a text means.
func (f *form) bodyOf(text []byte) []byte {
	if !asText(f.body) && len(bytes.TrimSpace(text)) == 0 {
		return f.body
	}
	if !bytes.HasSuffix(f.body, []byte("\n")) {
		text = bytes.TrimSuffix(text, []byte("\n"))
	}
	return append([]byte{}, text...) // not nil: emptied is not left out
}

// changes puts into r what edited has other than f, and reports whether that is
// anything.
func (f *form) changes(edited *form, r *control.Replay) (bool, error) {
	changed := false
	if edited.method != f.method {
		r.Method, changed = edited.method, true
	}
	if edited.target != f.target {
		r.Target, changed = edited.target, true
	}
	if !slices.Equal(edited.fields, f.fields) {
		for _, h := range edited.fields {
			if !utf8.ValidString(h[1]) {
				return false, fmt.Errorf("the value of %s is not UTF-8; header fields can only be changed without it", h[0])
			}
		}
		r.Headers, changed = append([]control.Field{}, edited.fields...), true
	}
	if !bytes.Equal(edited.body, f.body) {
		r.Body, changed = edited.body, true
	}
	return changed, nil
}
