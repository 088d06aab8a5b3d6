package history

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// declared is what a head says of a content. Senders get it wrong, so it only
// adds to what the content shows by itself.
type declared struct {
	types   []string // as they came; a head may name several
	encoded bool     // nothing can be found in it
}

// contentOf reads a head.
func contentOf(head []byte) (is declared) {
	eachField(head, func(name, value []byte) {
		switch string(bytes.ToLower(name)) {
		case "content-type":
			is.types = append(is.types, string(value))
		case "content-encoding":
			is.encoded = is.encoded || len(value) > 0 && !bytes.EqualFold(value, []byte("identity"))
		case "content-transfer-encoding":
			plain := slices.Contains([]string{"", "7bit", "8bit", "binary"}, string(bytes.ToLower(value)))
			is.encoded = is.encoded || !plain
		}
	})
	return is
}

// any says whether f holds for the media type of one of the types.
func (is *declared) any(f func(media string) bool) bool {
	return slices.ContainsFunc(is.types, func(s string) bool {
		media, _, _ := strings.Cut(strings.ToLower(s), ";")
		return f(strings.TrimSpace(media))
	})
}

func isJSON(media string) bool { return strings.HasSuffix(media, "json") }

func isForm(media string) bool { return media == "application/x-www-form-urlencoded" }

func isParts(media string) bool { return strings.HasPrefix(media, "multipart/") }

// isSenses says that a content is for eyes or ears: no rule can apply to it.
func isSenses(media string) bool {
	kind, _, _ := strings.Cut(media, "/")
	return kind == "image" || kind == "audio" || kind == "video" || kind == "font"
}

// content takes out what json and form rules name. It goes by what the content
// is, whatever type it has; what it cannot see into is taken out as a whole.
func (r *redactor) content(body []byte, is declared, t *taken) (out []byte, changed bool) {
	return r.contentIn(body, is, t, 0)
}

// partsDepth is how deep forms of several parts may lie in each other.
const partsDepth = 4

func (r *redactor) contentIn(body []byte, is declared, t *taken, depth int) (out []byte, changed bool) {
	if len(body) == 0 || !r.inside() {
		return body, false
	}
	if is.encoded || depth > partsDepth {
		return whole(body, t)
	}
	if parts, boundary := boundaryOf(body, &is); parts {
		return r.parts(body, boundary, t, depth)
	}
	form := is.any(isForm)
	if !isText(body) && (!form || bytes.IndexByte(body, 0) >= 0) {
		if len(is.types) == 1 && is.any(isSenses) {
			return body, false
		}
		return whole(body, t)
	}
	if !looksLikeJSON(body) && !(is.any(isJSON) && len(r.json) > 0) {
		return r.text(body, form, t)
	}
	out, changed, clean := scanJSON(body, r.json, t)
	switch {
	case clean && !form:
		return out, changed
	case clean: // as a form it may mean something else
		again, more := r.text(out, form, t)
		return again, changed || more
	case len(r.json) > 0 && (is.any(isJSON) || bytes.TrimLeft(body, jsonSpace)[0] == '{'):
		return out, changed
	}
	return r.text(body, form, t)
}

// whole takes out all of a content.
func whole(body []byte, t *taken) (out []byte, changed bool) {
	t.add(body)
	return []byte(redacted), true
}

// isText says that a content, which may be cut off, is text. UTF-16 is none
// here: its zero bytes tell.
func isText(b []byte) bool {
	if bytes.IndexByte(b, 0) >= 0 {
		return false
	}
	for cut := 0; cut < utf8.UTFMax && cut <= len(b); cut++ {
		if utf8.Valid(b[:len(b)-cut]) {
			return cut == 0 || !utf8.FullRune(b[len(b)-cut:])
		}
	}
	return false
}

// text takes out of a form, or any other text, what form rules name, and what
// json rules name in the JSON that it holds.
func (r *redactor) text(body []byte, form bool, t *taken) (out []byte, changed bool) {
	out, changed = r.pairs(body, r.form, form, t)
	out, more := r.embedded(out, t)
	return out, changed || more
}

// embedded takes out what json rules name in JSON that stands within a text.
func (r *redactor) embedded(text []byte, t *taken) (out []byte, changed bool) {
	if len(r.json) == 0 {
		return text, false
	}
	copied, at := 0, 0
	// A text that begins JSON again and again must not take long.
	for effort := 64<<10 + 4*len(text); ; {
		i := bytes.IndexAny(text[at:], "{[")
		if i < 0 {
			break
		}
		at += i
		s := newScan(text[at:], r.json, t)
		if !s.value(r.json, 0) && s.at < len(s.in) {
			if effort -= s.at; effort < 0 {
				tail, _ := whole(text[at:], t)
				return slices.Concat(out, text[copied:at], tail), true
			}
			at++
			continue
		}
		if s.changed {
			out = slices.Concat(out, text[copied:at], s.out, s.in[s.copied:s.at])
			copied, changed = at+s.at, true
		}
		at += s.at
	}
	if !changed {
		return text, false
	}
	return append(out, text[copied:]...), true
}
