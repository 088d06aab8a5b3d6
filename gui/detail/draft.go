package detail

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

const (
	// mostEdited is the longest body that is edited in the window, and mostEditedLines
	// how many lines it has: with more of them each letter would take long.
	mostEdited      = 64 << 10
	mostEditedLines = 500
	// longLine is the longest line that is not wrapped: a graphics card draws none
	// that is much longer. mostWrapped is the longest body with such lines, since to
	// wrap them takes longer.
	longLine    = 1000
	mostWrapped = 32 << 10
)

// draft is a request as a person edits it.
type draft struct {
	method, target string
	fields         []control.Field
	body           []byte
}

// draftOf takes the request out of a record, without what is set by itself.
func draftOf(r *control.Record) *draft {
	first, fields := fieldsOf(r.Head)
	d := &draft{method: r.Method, target: target(&r.Delivery), body: r.Body}
	if words := strings.Fields(first); len(words) == 3 && strings.HasPrefix(words[1], "/") {
		d.method, d.target = words[0], words[1] // as they came
	}
	for _, f := range fields {
		if !own(f.name) {
			d.fields = append(d.fields, control.Field{f.name, f.value})
		}
	}
	return d
}

// editable says whether a body can be changed as text.
func editable(body []byte) bool {
	most := mostEdited
	if wraps(body) {
		most = mostWrapped
	}
	return len(body) <= most && bytes.Count(body, []byte("\n")) <= mostEditedLines && plainText(body)
}

// wraps says whether any line is too long for one in the window.
func wraps(text []byte) bool {
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if len(line) > longLine {
			return true
		}
	}
	return false
}

// plainText says whether a body can be shown as lines of text.
func plainText(body []byte) bool { return utf8.Valid(body) && isText(body) }

// fieldText is the header as text to edit.
func (d *draft) fieldText() string {
	var b strings.Builder
	for i, f := range d.fields {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f[0] + ": " + f[1])
	}
	return b.String()
}

// parseFields reads the header as it was edited.
func parseFields(text string) ([]control.Field, error) {
	fields := []control.Field{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		bad := strings.ContainsFunc(name, func(r rune) bool { return !isToken(r) })
		switch {
		case !ok || name == "" || bad:
			return nil, errors.New(look.T("Line {{.Line}}: {{.Text}} is not a header field, as Name: value is.", look.V{"Line": i + 1, "Text": "“" + part.Cut(part.Visible(line), 40) + "”"}))
		case !utf8.ValidString(value):
			return nil, errors.New(look.T("Line {{.Line}}: the value is not UTF-8; it can only be sent as it was.", look.V{"Line": i + 1}))
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			return nil, errors.New(look.T("Line {{.Line}}: the value has a control character in it.", look.V{"Line": i + 1}))
		}
		fields = append(fields, control.Field{name, strings.Trim(value, " \t")})
	}
	return fields, nil
}

// isToken says whether a character may stand in a method or in a header's name.
func isToken(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

func checkMethod(s string) error {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !isToken(r) }) {
		return errors.New(look.T("A method is a word such as POST."))
	}
	return nil
}

func checkTarget(s string) error {
	if !strings.HasPrefix(s, "/") || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New(look.T("A path begins with a slash and has no blanks; other letters are written in percent signs."))
	}
	return nil
}

// replayOf is what has to be asked for so that the edited request is sent. What is
// not kept whole is taken from the edited one even where it is unchanged.
func (d *draft) replayOf(edited *draft, r *control.Record) (ask control.Replay) {
	if edited.method != d.method {
		ask.Method = edited.method
	}
	if edited.target != d.target {
		ask.Target = edited.target
	}
	if !slices.Equal(edited.fields, d.fields) || r.Redacted {
		ask.Headers = append([]control.Field{}, edited.fields...)
	}
	if !bytes.Equal(edited.body, d.body) || r.Redacted || r.BodyTruncated {
		ask.Body = append([]byte{}, edited.body...)
	}
	return ask
}

// lines are the request as lines to compare.
func (d *draft) lines() []string {
	out := []string{d.method + " " + d.target}
	for _, f := range d.fields {
		out = append(out, f[0]+": "+f[1])
	}
	out = append(out, "")
	if !plainText(d.body) {
		return append(out, look.T("{{.Size}} that are no text", look.V{"Size": look.Bytes(int64(len(d.body)))}))
	}
	return append(out, linesOf(string(d.body))...)
}
