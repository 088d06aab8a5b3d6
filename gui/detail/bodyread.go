package detail

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"homehook/gui/look"
	"homehook/gui/part"
)

// view is a way to look at a body.
type view string

const (
	asJSON    view = "json"
	asForm    view = "form"
	asParts   view = "parts"
	asPicture view = "picture"
	asText    view = "text"
	asHex     view = "hex"
)

// word is the view's name.
func (v view) word() string {
	switch v {
	case asJSON:
		return look.T("JSON")
	case asForm:
		return look.T("Form")
	case asParts:
		return look.T("Parts")
	case asPicture:
		return look.T("Picture")
	case asText:
		return look.T("Text")
	}
	return look.T("Hex")
}

// content is a body and what is known of it.
type content struct {
	bytes      []byte
	kind       string // media type
	parameters map[string]string
	size       int64 // of the whole, of which bytes may be the beginning
	cut        bool
	raw        bool   // bytes of the wire, of which no picture or form is made
	visit      *visit // in which its pictures are decoded; nil is at once
}

// reading is a content made ready to be shown, beside the user interface.
type reading struct {
	views   []view // the best first
	docs    map[view]*part.Doc
	fields  []field
	parts   []formPart
	picture *picture
	notes   []string
}

// read makes a content ready.
func read(c content) *reading {
	r := &reading{docs: map[view]*part.Doc{}}
	if c.cut {
		r.note(look.T("Only the first {{.Kept}} of {{.Size}} are kept.", look.V{"Kept": look.Bytes(int64(len(c.bytes))), "Size": look.Bytes(c.size)}))
	}
	if len(c.bytes) == 0 {
		return r
	}
	text := isText(c.bytes)
	if !c.raw {
		r.special(c, text)
	}
	if r.docs[asText] == nil {
		r.docs[asText] = part.TextDoc(c.bytes)
	}
	r.docs[asHex] = part.HexDoc(c.bytes)
	if text {
		r.views = append(r.views, asText, asHex)
	} else {
		r.views = append(r.views, asHex, asText)
	}
	if r.docs[asText].Rest() > 0 && text {
		r.note(look.T("There are too many lines: the first 900,000 are shown. Copy or save gives all."))
	}
	return r
}

func (r *reading) note(text string) { r.notes = append(r.notes, text) }

// special finds the view that suits what the body is.
func (r *reading) special(c content, text bool) {
	switch {
	case c.kind == "application/x-www-form-urlencoded" && isForm(c.bytes):
		if fields, ok := pairsOf(string(bytes.TrimRight(c.bytes, "\r\n"))); ok {
			r.fields, r.views = fields, []view{asForm}
		}
	case strings.HasPrefix(c.kind, "multipart/"):
		parts, err := partsOf(c.bytes, c.parameters["boundary"])
		if err != nil {
			r.note(err.Error())
		}
		if len(parts) > 0 {
			r.parts, r.views = parts, []view{asParts}
		}
	case text && looksJSON(c):
		r.json(c)
	case !text:
		picture, err := c.visit.picture(c)
		if picture != nil {
			r.picture, r.views = picture, []view{asPicture}
		} else if err != nil {
			r.note(err.Error())
		}
	}
}

// json lays the body out, or says why it does not.
func (r *reading) json(c content) {
	doc, err := part.JSONDoc(c.bytes)
	if err == nil {
		r.docs[asJSON], r.views = doc, []view{asJSON}
		return
	}
	wrong, ok := errors.AsType[*part.SyntaxError](err)
	switch {
	case errors.Is(err, part.ErrDeep):
		r.note(look.T("This JSON is nested too deep to fold."))
	case errors.Is(err, part.ErrMany):
		r.note(look.T("This JSON has too many lines to fold."))
	case ok && !c.cut && strings.Contains(c.kind, "json"):
		plain := part.TextDoc(c.bytes)
		line, column := plain.Place(wrong.At)
		r.docs[asText] = plain.Marked(wrong.At)
		r.note(look.T("This is no valid JSON: line {{.Line}}, column {{.Column}}: {{.Problem}}.", look.V{"Line": line, "Column": column, "Problem": wrong.Text}))
	}
}

// looksJSON says whether a body is JSON, or might be.
func looksJSON(c content) bool {
	if strings.Contains(c.kind, "json") {
		return true
	}
	start := bytes.TrimLeft(c.bytes, " \t\r\n")
	return len(start) > 0 && (start[0] == '{' || start[0] == '[')
}

// isForm says whether a body reads as a form: some programs call whatever they send
// one.
func isForm(p []byte) bool {
	if !bytes.Contains(bytes.TrimRight(p, "=\r\n"), []byte("=")) {
		return false
	}
	for pair := range bytes.SplitSeq(bytes.TrimRight(p, "\r\n"), []byte("&")) {
		name, _, _ := bytes.Cut(pair, []byte("="))
		if bytes.ContainsAny(name, " \t\r\n{}<>\"") {
			return false
		}
	}
	return true
}

// isText says whether bytes read as text: no NUL, and few that are not UTF-8 or are
// control characters.
func isText(p []byte) bool {
	if bytes.IndexByte(p, 0) >= 0 {
		return false
	}
	odd := 0
	for i := 0; i < len(p); {
		r, n := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && n == 1 || r < 0x20 && r != '\n' && r != '\r' && r != '\t' {
			odd++
		}
		i += n
	}
	return odd*4 <= len(p)
}
