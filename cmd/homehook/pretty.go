package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
)

const (
	// maxDepth is how deep JSON or XML may be nested to be laid out: the blanks
	// before its lines grow with the square of the depth.
	maxDepth = 64

	// maxPretty is how many bytes are laid out at most. No more are printed.
	maxPretty = 4 * maxText
)

// pretty lays a body out to be read, if it is of a kind that it can. What it
// cannot read, or has only the beginning of, stays as it is.
func pretty(p []byte, kind string, cut bool) []byte {
	if cut || len(p) > maxPretty {
		return p
	}
	var out []byte
	ok := false
	switch {
	case kind == "application/x-www-form-urlencoded" && isForm(p):
		out, ok = prettyForm(p)
	case strings.HasSuffix(kind, "/xml"), strings.HasSuffix(kind, "+xml"), bytes.HasPrefix(bytes.TrimSpace(p), []byte("<?xml")):
		out, ok = prettyXML(p)
	default:
		out, ok = prettyJSON(p) // whatever it calls itself
	}
	if !ok {
		return p
	}
	return out
}

// isForm reports whether a body reads as a form. Programs call whatever they
// send one, curl all of it that is not said to be something else.
func isForm(p []byte) bool {
	// What only ends in it is Base64.
	if !bytes.Contains(bytes.TrimRight(p, "=\r\n"), []byte("=")) {
		return false
	}
	for pair := range bytes.SplitSeq(p, []byte("&")) {
		name, _, _ := bytes.Cut(pair, []byte("="))
		if bytes.ContainsAny(name, " \t\r\n{}<>\"") {
			return false
		}
	}
	return true
}

func prettyJSON(p []byte) ([]byte, bool) {
	var b bytes.Buffer
	if deep(p) || json.Indent(&b, p, "", "  ") != nil {
		return nil, false
	}
	return b.Bytes(), true
}

// deep reports whether JSON is nested deeper than is laid out.
func deep(p []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// prettyForm puts each field of a form on a line of its own, decoded, in the
// order in which they came.
func prettyForm(p []byte) ([]byte, bool) {
	if len(p) == 0 {
		return nil, false
	}
	var b bytes.Buffer
	for pair := range strings.SplitSeq(string(p), "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil {
			return nil, false
		}
		// A value of several lines stays on one, so that the next name is seen.
		b.WriteString(visible(name) + " = " + visible(value) + "\n")
	}
	return b.Bytes(), true
}

// prettyXML puts each element on a line of its own, but for one that holds text
// only. Names keep their prefixes; what the document declares is not followed.
func prettyXML(p []byte) ([]byte, bool) {
	d := xml.NewDecoder(bytes.NewReader(p))
	var w xmlWriter
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return w.out.Bytes(), w.depth == 0 && w.out.Len() > 0
		}
		if err != nil || !w.write(token) {
			return nil, false
		}
	}
}

// xmlWriter writes tokens of XML with indentation.
type xmlWriter struct {
	out    bytes.Buffer
	depth  int
	simple bool // since the last element began there was nothing but text
}

// xmlText escapes text between tags, whose line ends may stay.
var xmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// write adds a token; it reports false when elements are nested too deep, or
// end without a beginning.
func (w *xmlWriter) write(token xml.Token) bool {
	switch t := token.(type) {
	case xml.StartElement:
		w.start(t)
	case xml.EndElement:
		if w.depth--; w.depth < 0 {
			return false
		}
		w.line(!w.simple)
		w.out.WriteString("</" + xmlName(t.Name) + ">")
		w.simple = false
	case xml.CharData:
		if text := bytes.TrimSpace(t); len(text) > 0 {
			w.line(!w.simple)
			_, _ = xmlText.WriteString(&w.out, string(text)) // a buffer takes everything
		}
	case xml.Comment:
		w.whole("<!--" + string(t) + "-->")
	case xml.ProcInst:
		w.whole("<?" + t.Target + " " + string(t.Inst) + "?>")
	case xml.Directive:
		w.whole("<!" + string(t) + ">")
	}
	return w.depth <= maxDepth
}

func (w *xmlWriter) start(t xml.StartElement) {
	w.line(true)
	w.out.WriteString("<" + xmlName(t.Name))
	for _, attr := range t.Attr {
		w.out.WriteString(" " + xmlName(attr.Name) + `="`)
		_ = xml.EscapeText(&w.out, []byte(attr.Value))
		w.out.WriteByte('"')
	}
	w.out.WriteByte('>')
	w.depth++
	w.simple = true
}

// whole writes a token on a line of its own.
func (w *xmlWriter) whole(text string) {
	w.line(true)
	w.out.WriteString(text)
	w.simple = false
}

// line begins a line if that is wanted.
func (w *xmlWriter) line(wanted bool) {
	if wanted && w.out.Len() > 0 {
		w.out.WriteString("\n" + strings.Repeat("  ", w.depth))
	}
}

func xmlName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}
